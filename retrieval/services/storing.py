"""Writing a tested account down: the task, the label of its mail, its secret and its folder."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from connectivity import pairing
from connectivity.models import Credential, CredentialKind
from connectivity.services import credentials
from mailstore.models import Folder, FolderRole, Source
from mailstore.services import folders
from retrieval.models import Method, RetrievalTask, TaskState, TaskType, Transfer
from retrieval.profiles import key_of
from retrieval.services import allowance, dispatch, left_behind, pop_ledger, remote_folders, telling
from retrieval.services.account_values import GUARDED, TaskValues, default_name

COLORS = 6


class ChangedMeanwhileError(Exception):
    """The task became another account while this one was tested with its stored secret."""


@sensitive_variables()
def store(
    user: User, values: TaskValues, task: RetrievalTask | None, now: datetime
) -> RetrievalTask:
    """Make or change the task, and the SMTP account that goes with it, in one transaction.

    ``values.security`` has to be known by now. Raises `ChangedMeanwhileError`, and for a new
    task `TaskLimitError`.
    """
    with transaction.atomic():
        old, same = None, False
        if task is None:
            allowance.hold(user)
            task = RetrievalTask(user=user, source=Source(user=user))
        else:
            seen = task
            found = RetrievalTask.objects.select_for_update(of=("self",)).filter(pk=seen.pk).first()
            if found is None:  # deleted in another tab while its server was asked
                raise ChangedMeanwhileError
            task = found
            _unchanged(seen, task, values)
            old, same = task.credential, _is_same(task, values)
            _doubt(task, values)
        _label(task.source, values)
        task.source = task.source
        task.credential = _credential(user, values, old if same else None) or task.credential
        _apply(task, values, now)
        if old is None and task.type == TaskType.POP:
            left_behind.in_maildrop(task)
        if task.method == Method.MANUAL:
            # It passed its test, and no run of its own will say that it works again.
            telling.tell(task, cause="", now=now)
        if old is not None:
            _share(task.credential, old, is_mended=same and _is_given(values), now=now)
        if values.send_as is not None:
            pairing.add(
                user=user,
                address=values.send_as.address,
                server=values.send_as.server,
                username=values.send_as.username,
                credential=task.credential,
                now=now,
            )
    return task


def _unchanged(seen: RetrievalTask, task: RetrievalTask, values: TaskValues) -> None:
    """The stored secret may be another one by now: it stays with the account it came with."""
    if not _is_given(values) and any(
        getattr(seen, name) != getattr(task, name) for name in GUARDED
    ):
        raise ChangedMeanwhileError


def _is_same(task: RetrievalTask, values: TaskValues) -> bool:
    """Whether this is still the account that was stored: its secret may serve others, too."""
    return (task.host.lower(), task.username) == (values.host.lower(), values.username)


def _is_given(values: TaskValues) -> bool:
    return bool(values.password) or values.credential is not None


@sensitive_variables()
def _credential(user: User, values: TaskValues, old: Credential | None) -> Credential | None:
    """The secret that was given, written over ``old`` where both are passwords; None: none was."""
    if values.credential is not None:
        return values.credential
    if not values.password:
        return None
    into = old if old is not None and old.kind == CredentialKind.PASSWORD else None
    return credentials.store(user=user, secret=values.password, credential=into)


def _share(credential: Credential, old: Credential, *, is_mended: bool, now: datetime) -> None:
    """Let the accounts that had the old secret have the new one, and go on."""
    if is_mended:
        pairing.mended(credential=credential, replaces=old, now=now)
    if old.pk != credential.pk:
        credentials.release(old)


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
    source.address = values.own_address
    source.color = values.color or _free_color(source)
    source.save()


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
    task.tile = values.tile
    task.use_apop = is_pop and values.use_apop
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
