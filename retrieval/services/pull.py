"""One pull of one task, from the lease to the history entry (walk A of the architecture)."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.services.limits import interval_of
from connectivity import catalogue, pairing
from connectivity.services import credentials, failures, logins, network
from protocols.errors import MailServerError
from protocols.imap import ImapSource
from protocols.pop3 import Pop3Source
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from retrieval import retry
from retrieval.models import Method, RetrievalRun, RetrievalTask, RunOutcome, TaskState, TaskType
from retrieval.services import hosts, lease, loading, pausing, telling
from retrieval.services.pairing import SIGN_IN
from retrieval.services.session import (
    BudgetSpent,
    ClearTextOffError,
    FeatureOffError,
    Session,
    SpaceFull,
    begin,
    forget_old_runs,
)

SLICE_SECONDS = 300.0
HELD_BACK = {
    "circuit-open": "Several accounts at this provider fail at the moment.",
    "login-spacing": "Many accounts at this provider sign in at the moment.",
    "provider-paused": "An administrator paused retrieval at this provider.",
    "daily-budget": "What may be fetched from this provider in a day is used up.",
}
Source = ImapSource | Pop3Source
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run ended badly: the cause id, a sentence for people, the server's own words.

    ``retry_after`` is the server's wish in seconds, ``until`` when we let it go on.
    """

    cause: str
    text: str
    server_line: str = ""
    retry_after: float | None = None
    until: datetime | None = None

    @property
    def root(self) -> str:
        """What the cause behaves as; `cause` itself may be a finer one, for people."""
        return catalogue.root(self.cause)


def pull(
    *,
    task_id: int,
    fence: int,
    clock: Callable[[], datetime],
    slice_seconds: float | None = SLICE_SECONDS,
) -> RetrievalRun | None:
    """Pull a claimed task once and record how it went.

    Args:
        task_id: the task, claimed by the caller.
        fence: the number its claim returned; with another one nothing happens.
        clock: the time now, in UTC.
        slice_seconds: seconds of work after which the task goes back to the queue.

    Returns:
        The finished run, or None where somebody else holds the task.
    """
    tasks = RetrievalTask.objects.select_related("user__domain", "source", "credential")
    task = tasks.select_related("destination").filter(pk=task_id, fence=fence).first()
    if task is None:
        return None
    try:
        session = begin(task, fence=fence, clock=clock, slice_seconds=slice_seconds)
    except lease.LeaseLostError:
        return None
    with lease.Keeper(task_id, session.fence):
        unfinished, failure = _attempt(session)
        session.flush()
    try:
        _record(session, unfinished=unfinished, failure=failure)
    except lease.LeaseLostError:
        # Paused, deleted or taken over meanwhile: what was stored stays, the rest is not ours.
        _close(session, RunOutcome.INTERRUPTED, None)
        return None
    forget_old_runs(task)
    return session.run


def _attempt(session: Session) -> tuple[bool, Failure | None]:
    """Do the work; every way it can end becomes a value."""
    try:
        return not _work(session), None
    except MailServerError as error:
        log.info("task %s: %s", session.task.pk, error)
        if error.cause == "token-expired":
            logins.refused(session.task.credential, now=session.clock())
        return False, _read(session, error)
    except hosts.HeldBack as held:
        return False, Failure(held.cause, HELD_BACK[held.cause], until=held.until)
    except SpaceFull as full:
        # With the figures, which `rows` puts into the reader's words.
        return False, Failure("space-full", f"The space is used up: {full}.")
    except BudgetSpent:
        return False, Failure("daily-budget", HELD_BACK["daily-budget"])
    except FeatureOffError:
        return False, Failure("feature-off", "Email Retrieval is switched off for this domain.")
    except ClearTextOffError:
        return False, Failure("clear-text-off", "This domain allows encrypted connections only.")
    except lease.LeaseLostError:
        return False, None
    except credentials.CredentialError as error:
        log.error("task %s: %s", session.task.pk, error)
        return False, Failure("credential-unreadable", "The saved password cannot be read.")
    except OSError as error:
        log.exception("task %s: local storage failed", session.task.pk)
        return False, Failure("storage", f"The mail could not be stored here: {error.strerror}.")
    except Exception:
        # A fault of ours must not take the worker or the other tasks with it.
        log.exception("task %s: pull failed", session.task.pk)
        return False, Failure("internal", "Something went wrong here. It is tried again soon.")


def _read(session: Session, error: MailServerError) -> Failure:
    """What the server meant; words nobody knows yet are counted."""
    task = session.task
    protocol = "imap" if task.type == TaskType.IMAP else "pop"
    cause = catalogue.read(protocol, error, host=task.host)
    failures.note(protocol, error, host=task.host, username=task.username, now=session.clock())
    text = error.public % dict(error.params)
    return Failure(cause, text, error.server_line, error.retry_after)


def _work(session: Session) -> bool:
    """Bring over what is new; False when the slice ended before."""
    session.check_allowed()
    _check_paused(session)
    session.check_budget()
    session.publish(phase="connecting")
    type_ = session.task.type
    loading.begin(type_)
    door = Door(session)
    open_source: Callable[[], Source] = door.imap if type_ == TaskType.IMAP else door.pop
    first: list[Source] = [open_source()]
    try:
        pull_by = loading.way(type_)
        return pull_by(session, lambda: first.pop() if first else open_source())
    finally:
        if first:
            # Nothing took it.
            with first.pop():
                pass


def _check_paused(session: Session) -> None:
    """A pause may have come between the claim and now. Raises HeldBack."""
    held = pausing.paused_for(session.task, now=session.clock())
    if held is not None:
        raise hosts.HeldBack("provider-paused", held.until)


class Door:
    """Opens connections for one run. Each asks for leave and reveals the secret anew."""

    def __init__(self, session: Session) -> None:
        self.session = session
        task = session.task
        self.endpoint = Endpoint(task.host, task.port, Security(task.security))

    def imap(self) -> ImapSource:
        """A signed-in IMAP connection. Raises MailServerError, HeldBack, CredentialError."""
        admission = self._admit()
        return ImapSource.open(
            self.endpoint,
            self._login(),
            policy=network.policy(),
            trust=self._trust(),
            # A round trip more, worth it where much is to come.
            compress=admission.compress and self.session.backfill,
        )

    def pop(self) -> Pop3Source:
        """A signed-in POP3 connection. Raises as ``imap`` does."""
        self._admit()
        return Pop3Source.open(
            self.endpoint, self._login(), policy=network.policy(), trust=self._trust()
        )

    def _trust(self) -> Trust:
        return network.trust(self.session.task.user, self.endpoint.host, self.endpoint.port)

    def _admit(self) -> hosts.Admission:
        return hosts.admit(self.session.task, now=self.session.clock())

    def _login(self) -> Login:
        task = self.session.task
        # Read again: a token that ran out was replaced meanwhile.
        task.credential.refresh_from_db()
        # A secret that was typed meanwhile is for the settings that were saved with it.
        lease.hold(task.pk, self.session.fence)
        now = self.session.clock()
        return logins.login(
            task.credential, username=task.username, host=task.host, now=now, apop=task.use_apop
        )


def _record(session: Session, *, unfinished: bool, failure: Failure | None) -> None:
    """The run's outcome and the task's next time, in one fence-checked transaction."""
    now = session.clock()
    with transaction.atomic():
        lease.hold(session.task.pk, session.fence)
        task = RetrievalTask.objects.select_for_update().get(pk=session.task.pk)
        verdict = _verdict(session, task, unfinished=unfinished, failure=failure, now=now)
        was_refused = task.refused_count > 0 or catalogue.root(task.cause) in SIGN_IN
        task.state, task.next_at = verdict.state, verdict.next_at
        task.fail_count, task.refused_count = verdict.fail_count, verdict.refused_count
        task.failing_since = verdict.failing_since
        if not _is_turn(failure):
            task.cause = failure.cause if failure else ""
            task.cause_text = failure.text if failure else ""
            task.server_line = failure.server_line if failure else ""
        if failure is None:
            task.last_ok_at = now
            if not unfinished:
                task.first_pass_done_at = task.first_pass_done_at or now
        if task.rerun and task.state != TaskState.PAUSED:
            # After a failure what the server asked for counts, or what failures cost.
            if failure is None or task.next_at is None:
                task.next_at = now
            task.rerun = False
        if failure is not None and failure.root in retry.CROWDED:
            # The person's other programs share the limit: no second connection for a while.
            task.slowed_until = now + hosts.SLOWED
        task.lease_until = None
        task.save()
        if not _is_turn(failure):
            telling.tell(task, cause=failure.cause if failure else "", now=now)
        hosts.report(task, cause=failure.root if failure else "")
        _close(session, _outcome(failure), None if _is_turn(failure) else failure)
    if failure is None and was_refused:
        # After the commit: who saves a sending account has its row first, and then the task's.
        with transaction.atomic():
            pairing.taken_again(credential=task.credential, now=now)


def _verdict(
    session: Session,
    task: RetrievalTask,
    *,
    unfinished: bool,
    failure: Failure | None,
    now: datetime,
) -> retry.Verdict:
    standing = retry.Standing(
        task_id=task.pk,
        automatic=task.method == Method.AUTOMATIC,
        fail_count=task.fail_count,
        refused_count=task.refused_count,
        failing_since=task.failing_since,
        cause=task.cause,
    )
    interval = interval_of(session.limits)
    chance = random.random()  # noqa: S311 - jitter, not a secret
    if failure is None:
        return retry.after_success(
            standing, unfinished=unfinished, interval=interval, now=now, chance=chance
        )
    return retry.after_failure(
        standing,
        cause=failure.cause,
        interval=interval,
        now=now,
        chance=chance,
        retry_after=failure.retry_after,
        until=failure.until,
        # Folders passed over without opening them prove nothing: a list is soon answered.
        progressed=session.run.stored > 0 or session.run.linked > 0,
    )


def _is_turn(failure: Failure | None) -> bool:
    """Whether the run only had to wait its turn: nothing a person has to know."""
    return failure is not None and failure.cause in {"login-spacing", "provider-paused"}


def _outcome(failure: Failure | None) -> RunOutcome:
    if failure is None:
        return RunOutcome.OK
    return RunOutcome.WAITED if retry.waits(failure.cause) else RunOutcome.FAILED


def _close(session: Session, outcome: RunOutcome, failure: Failure | None) -> None:
    run = session.run
    run.outcome, run.ended_at = outcome, session.clock()
    if failure is not None:
        run.cause, run.cause_text = failure.cause, failure.text
        run.server_line = failure.server_line
    # An update, not a save: the row is gone where the task was deleted meanwhile.
    RetrievalRun.objects.filter(pk=run.pk).update(
        outcome=run.outcome,
        ended_at=run.ended_at,
        cause=run.cause,
        cause_text=run.cause_text,
        server_line=run.server_line,
    )
