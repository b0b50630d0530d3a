"""Testing, saving and deleting a retrieval task. Nothing is stored unless the test passed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from connectivity.causes import Explained, explain, explain_cause
from connectivity.models import Feature
from connectivity.services import credentials, features, trials
from connectivity.services.probing import probe
from mailstore.models import Folder, FolderRole, Source
from mailstore.services import folders
from protocols.check import CheckReport
from protocols.types import Endpoint, Login, Security
from retrieval.models import Method, RetrievalTask, TaskState, TaskType, Transfer
from retrieval.profiles import key_of
from retrieval.services import dispatch, pop_ledger, remote_folders
from retrieval.services.own_account import is_own

COLORS = 6
# Changing one of these sends the password somewhere else, so it must be typed again.
GUARDED = ("host", "port", "username", "require_ssl")


@dataclass(frozen=True, slots=True)
class TaskValues:
    """Everything a person chooses about a task.

    An empty ``password`` keeps the stored one. ``new_folder`` names a folder to be made and used
    as ``destination``. ``security`` None lets the test find out how TLS is reached.
    """

    type: str
    host: str
    port: int
    username: str
    password: str = field(default="", repr=False)
    require_ssl: bool = True
    method: str = Method.AUTOMATIC
    transfer: str = Transfer.ROOT
    destination: Folder | None = None
    new_folder: str = ""
    use_apop: bool = False
    leave_on_server: bool = False
    filter_enabled: bool = False
    name: str = ""
    color: int = 0
    security: Security | None = None
    push_enabled: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test or a save ended: ``problem`` is None if nothing failed.

    ``report`` is None if no server was asked, because the answer was known before. ``removes`` is
    how many messages would go from the other server; nothing was stored, as nobody agreed yet.
    """

    report: CheckReport | None
    problem: Explained | None
    host: str = ""
    port: int = 0
    task: RetrievalTask | None = None
    removes: int = 0

    @property
    def ok(self) -> bool:
        return self.problem is None and not self.removes


def values_of(task: RetrievalTask) -> TaskValues:
    """What is stored about a task, without the password."""
    return TaskValues(
        type=task.type,
        host=task.host,
        port=task.port,
        username=task.username,
        require_ssl=task.require_ssl,
        method=task.method,
        transfer=task.transfer,
        destination=task.destination,
        use_apop=task.use_apop,
        leave_on_server=task.leave_on_server,
        filter_enabled=task.filter_enabled,
        name=task.source.name,
        color=task.source.color,
        push_enabled=task.push_enabled,
    )


def needs_password(values: TaskValues, task: RetrievalTask | None) -> bool:
    """Whether the password has to be typed: for a new task, and when it would go elsewhere."""
    if values.password:
        return False
    return task is None or any(getattr(task, name) != getattr(values, name) for name in GUARDED)


def begins_removing(values: TaskValues, task: RetrievalTask | None) -> bool:
    """Whether saving this makes messages go from a server that kept them so far (A71, A72)."""
    if values.type != TaskType.POP or values.leave_on_server:
        return False
    if task is None or task.leave_on_server:
        return True
    return mailbox(task) != mailbox(values)


def mailbox(account: RetrievalTask | TaskValues) -> str:
    """Whose messages on which server: what an agreement to remove them is about."""
    return f"{account.username} {account.host.lower()}"


def twin(user: User, values: TaskValues, task: RetrievalTask | None = None) -> RetrievalTask | None:
    """Another task of this user that already fetches the same mailbox."""
    same = RetrievalTask.objects.filter(
        user=user, type=values.type, host__iexact=values.host, username__iexact=values.username
    )
    if task is not None:
        same = same.exclude(pk=task.pk)
    return same.select_related("source").first()


def check(
    *, user: User, values: TaskValues, now: datetime, task: RetrievalTask | None = None
) -> Outcome:
    """Try the account out, within 15 seconds, and store nothing but the count of tests (A47)."""
    problem = _refusal(user, values, task, now)
    if problem is not None:
        return Outcome(None, problem)
    try:
        login = Login(values.username, _password(values, task), apop=_apop(values))
    except credentials.CredentialError:
        return Outcome(None, explain_cause("credential-unreadable"))
    report = probe(
        "pop" if values.type == TaskType.POP else "imap",
        Endpoint(values.host, values.port, values.security or Security.TLS),
        login,
        security=values.security,
        require_ssl=values.require_ssl,
    )
    host, port = values.host, values.port
    problem = explain(report.error, host=host, port=port) if report.error else None
    return Outcome(report, problem, host, port)


def save(
    *,
    user: User,
    values: TaskValues,
    now: datetime,
    task: RetrievalTask | None = None,
    test: bool = True,
    may_remove: bool = False,
) -> Outcome:
    """Test the account and store it; on failure nothing is stored (A48, A49).

    Nor is anything stored where this would begin to remove messages from the other server,
    unless ``may_remove`` says that somebody agreed: the outcome then tells how many.
    ``test=False`` is for operators, does not count them, and needs ``values.security``.
    """
    outcome = Outcome(None, None)
    security = values.security
    if test:
        outcome = check(user=user, values=values, now=now, task=task)
        report = outcome.report
        if not outcome.ok or report is None:
            return outcome
        if not may_remove and begins_removing(values, task) and (found := _messages(report)):
            return replace(outcome, removes=found)
        security = report.security
    if security is None:
        raise ValueError("without a test the kind of encryption has to be given")
    stored = _store(user, replace(values, security=security), task, now)
    return replace(outcome, task=stored)


def listen(*, task: RetrievalTask, enabled: bool) -> None:
    """Whether new mail is listened for between the regular runs; nothing else changes."""
    RetrievalTask.objects.filter(pk=task.pk).update(push_enabled=enabled)


def delete(*, task: RetrievalTask) -> None:
    """Remove the task, what it knew of the other server, and its password (A50).

    Imported mail stays, and so does the source it is labelled with. A pull under way ends at
    its next commit, as the row it holds is gone.
    """
    with transaction.atomic():
        credential = task.credential
        task.delete()
        credential.delete()


def _refusal(
    user: User, values: TaskValues, task: RetrievalTask | None, now: datetime
) -> Explained | None:
    """Why no server is asked at all."""
    if not features.enabled_for(user, Feature.RETRIEVAL):
        return explain_cause("feature-off")
    if needs_password(values, task):
        return explain_cause("password-needed")
    if is_own(username=values.username, host=values.host):
        return explain_cause("own-account", {"username": values.username})
    try:
        trials.take(user, now=now)
    except trials.TooManyTrialsError:
        return explain_cause("too-many-tests")
    return None


@sensitive_variables()
def _password(values: TaskValues, task: RetrievalTask | None) -> str:
    if values.password or task is None:
        return values.password
    return credentials.reveal(task.credential)


def _messages(report: CheckReport) -> int:
    return int(report.facts.get("messages", 0))


def _apop(values: TaskValues) -> bool:
    return values.use_apop and values.type == TaskType.POP


@sensitive_variables()
def _store(
    user: User, values: TaskValues, task: RetrievalTask | None, now: datetime
) -> RetrievalTask:
    with transaction.atomic():
        if task is None:
            task = RetrievalTask(user=user, source=Source(user=user))
        else:
            task = RetrievalTask.objects.select_for_update(of=("self",)).get(pk=task.pk)
            _doubt(task, values)
        _label(task.source, values)
        task.source = task.source
        if values.password:
            old = task.credential if task.credential_id else None
            task.credential = credentials.store(user=user, secret=values.password, credential=old)
        _apply(task, values, now)
    return task


def _doubt(task: RetrievalTask, values: TaskValues) -> None:
    """What is known of one account says nothing of another, nor of another place here."""
    if (task.host, task.username) != (values.host, values.username):
        remote_folders.start_afresh(task)
        pop_ledger.start_afresh(task)
        task.first_pass_done_at = None
    destination = values.destination.pk if values.destination else None
    if (task.transfer, task.destination_id) != (values.transfer, destination) or values.new_folder:
        remote_folders.place_afresh(task)


def _label(source: Source, values: TaskValues) -> None:
    """Write the name, address and colour the mail of this task is shown with."""
    source.name = (values.name or default_name(values.username, values.host))[:100]
    source.address = values.username if "@" in values.username else ""
    source.color = values.color or _free_color(source)
    source.save()


def default_name(username: str, host: str) -> str:
    """What a task is called until somebody names it: the other side's domain."""
    return username.rpartition("@")[2] if "@" in username else host


def _free_color(source: Source) -> int:
    used = list(Source.objects.filter(user_id=source.user_id).values_list("color", flat=True))
    return min(range(1, COLORS + 1), key=lambda color: (used.count(color), color))


def _apply(task: RetrievalTask, values: TaskValues, now: datetime) -> None:
    """Write the settings; a task that was waiting or refused starts afresh."""
    is_pop = values.type == TaskType.POP
    task.type = values.type
    task.host, task.port, task.username = values.host, values.port, values.username
    task.provider_key = key_of(values.host)
    task.security = str(values.security)
    task.require_ssl = values.require_ssl
    task.method = values.method
    task.transfer = Transfer.ROOT if is_pop else values.transfer
    task.destination = _destination(task, values)
    task.use_apop = _apop(values)
    task.leave_on_server = is_pop and values.leave_on_server
    task.filter_enabled = values.filter_enabled
    task.push_enabled = values.push_enabled
    if task.state != TaskState.PAUSED:
        mended = task.state != TaskState.OK and task.method == Method.AUTOMATIC
        task.next_at = now if mended else dispatch.first_due(task, now=now)
        task.state = TaskState.OK
        task.fail_count = task.refused_count = 0
        task.failing_since = None
        task.cause = task.cause_text = task.server_line = ""
    if task.pk:
        # A pull that runs with the old settings must not write any more.
        task.fence = F("fence") + 1
        task.lease_until = None
    task.save()
    task.refresh_from_db()


def _destination(task: RetrievalTask, values: TaskValues) -> Folder | None:
    """The folder mail goes to or below; None where the remote folders become root folders."""
    is_pop = values.type == TaskType.POP
    if not is_pop and values.transfer == Transfer.ROOT:
        return None
    if values.new_folder:
        return folders.ensure_path(task.user, [values.new_folder], source=task.source)
    if values.destination is not None:
        return values.destination
    if is_pop:
        return folders.special(task.user, FolderRole.INBOX)
    raise ValueError(_("Subfolders need a destination folder."))
