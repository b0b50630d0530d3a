"""One attempt at one outgoing message.

The order is what keeps a crash from losing or doubling anything: mailboxes here and the copy in
Sent are filed in the transaction that says so; "about to be sent" is committed before the data
goes out, and what was committed as such is never sent again by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from connectivity.services import logins
from connectivity.services.credentials import CredentialError
from filtering.screen import Screen
from filtering.services import deliver
from filtering.services.deliver import Incoming
from lib.checkpoints import checkpoint
from mailstore.models import FolderRole
from mailstore.services import blobs, folders
from mailstore.services.blobs import BlobUnreadable
from protocols.body import Body
from protocols.errors import MailServerError
from smtp_accounts.models import OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.retry import Recipient
from smtp_accounts.services import (
    accounts,
    daily,
    limits,
    queue,
    recording,
    releasing,
    routes,
    waiting,
)
from smtp_accounts.services.jobs import Job
from smtp_accounts.services.line import Clock, Line
from smtp_accounts.services.outcome import Result, of_error, of_report
from smtp_accounts.services.recording import Then
from smtp_accounts.services.routes import NoRouteError, Split

log = logging.getLogger(__name__)

NO_SUCH_USER = gettext_noop("There is no mailbox with this address here.")
DAMAGED = gettext_noop("The stored copy of this message is damaged.")


def work(job: Job, line: Line, clock: Clock, then: Then) -> OutboxState | None:
    """Try a message that was begun, over this line; its new state, None if another has it now.

    `then` is called in the transaction that records how it ended, and only where there is one.
    """
    message = job.message
    message.account = _account(message)
    now = clock()
    if cause := waiting.is_held(message, enabled=job.is_enabled, tried_at=now):
        queue.give_back(message, cause=cause, now=now)
        return OutboxState.RETRY
    if _is_over_daily(job, clock()) or _is_over_limit(job, clock()):
        return OutboxState.RETRY
    try:
        return _attempt(job, line, clock, then)
    except queue.LostClaimError:
        log.warning("outbox %s: another worker has taken over", message.pk)
        return None
    except BlobUnreadable:
        if message.dot_sent_at is not None:
            raise
        log.exception("outbox %s cannot be read any more", message.pk)
        return recording.give_up(job, DAMAGED, clock())


def _account(message: OutboxMessage) -> SmtpAccount | None:
    """The account as it is now: others may have paused it, or its owner changed it."""
    if message.account_id is None:
        return None
    rows = SmtpAccount.objects.select_related("credential", "source")
    return rows.filter(pk=message.account_id).first()


def _is_over_limit(job: Job, now: datetime) -> bool:
    """Whether the message had to be put back until there is room for its recipients."""
    account = job.message.account
    if account is None or limits.of(account).per_day is None:
        return False
    with transaction.atomic():
        until = limits.held_until(job.message, account, len(job.open), now=now)
        if until is not None:
            queue.give_back(job.message, cause="sending-limit", now=now, until=until)
    return until is not None


def _is_over_daily(job: Job, now: datetime) -> bool:
    """Whether the message had to be put back: its sender has sent enough in 24 hours."""
    if job.daily is None:
        return False
    with transaction.atomic():
        until = daily.held_until(job.message, job.daily, now=now)
        if until is not None:
            queue.give_back(job.message, cause="daily-sends", now=now, until=until)
    return until is not None


def _attempt(job: Job, line: Line, clock: Clock, then: Then) -> OutboxState:
    message = job.message
    releasing.release(message, now=clock())
    split, result = job.split, Result()
    if not routes.is_vouched_for(message, message.account):
        split = Split({}, (), tuple(one.address for one in job.open))
    body = blobs.body(message.blob)
    if split.here or split.nobody:
        _deliver_here(job, split, body, clock())
    if split.elsewhere:
        result = _send(message, split.elsewhere, body, line, clock)
    return recording.conclude(job, result, body, clock(), then)


def _deliver_here(job: Job, split: Split, body: Body, now: datetime) -> None:
    """File the message with the users of this installation; all of it or nothing."""
    result = Result().all(split.nobody, Recipient.REFUSED, NO_SUCH_USER)
    result.all(list(split.here), Recipient.ACCEPTED)
    incoming = [
        Incoming(
            body,
            folders.special(user, FolderRole.INBOX),
            internal_at=now,
            screen=Screen.ALL,
        )
        for user in dict.fromkeys(split.here.values())
    ]
    prepared = deliver.prepare(incoming, now=now)
    checkpoint("outbox: local bytes stored")
    with transaction.atomic():
        deliver.file(prepared)
        if not queue.hold(job.message).update(lease_until=now + queue.SEND_LEASE):
            raise queue.LostClaimError
        recording.note(job, result)
    checkpoint("outbox: local delivered")


def _send(
    message: OutboxMessage, to: Sequence[str], body: Body, line: Line, clock: Clock
) -> Result:
    """Hand the message to the server for these recipients."""
    account = None if message.is_local_from else message.account
    if account and accounts.is_clear_text_forbidden(message.user, account.encryption):
        return Result(cause="clear-text-off").all(to, Recipient.DEFERRED)

    def before_dot() -> None:
        checkpoint("outbox: before dot")
        queue.mark_dot(message, now=clock())
        checkpoint("outbox: dot marked")

    try:
        report = line.hand_over(message, to, body.read(), before_dot)
    except NoRouteError:
        return Result(cause="no-relay").all(to, Recipient.REFUSED, routes.NO_RELAY)
    except CredentialError:
        return Result(cause=CredentialError.cause).all(to, Recipient.DEFERRED)
    except MailServerError as error:
        if error.cause == "token-expired" and account and account.credential:
            logins.refused(account.credential, now=clock())
        return of_error(message, error, to, clock())
    checkpoint("outbox: answered")
    return of_report(report, to)
