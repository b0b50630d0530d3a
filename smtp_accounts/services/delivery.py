"""One attempt at one outgoing message.

The order is what keeps a crash from losing or doubling anything: mailboxes here and the copy in
Sent are filed in the transaction that says so; "about to be sent" is committed before the data
goes out, and what was committed as such is never sent again by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_noop

from connectivity import catalogue
from connectivity.models import Feature
from connectivity.services import features, logins
from connectivity.services.credentials import CredentialError
from filtering.services import deliver
from filtering.services.deliver import Incoming
from lib.checkpoints import checkpoint
from mailstore.models import FolderRole
from mailstore.services import blobs, folders
from mailstore.services.blobs import BlobUnreadable
from protocols.body import Body
from protocols.errors import MailServerError
from smtp_accounts import retry
from smtp_accounts.models import Draft, OutboxMessage, OutboxState, RecipientState
from smtp_accounts.retry import Decision, Recipient
from smtp_accounts.services import accounts, limits, queue, routes, sent, waiting
from smtp_accounts.services.line import Clock, Line
from smtp_accounts.services.outcome import Result, of_error, of_report
from smtp_accounts.services.routes import NoRouteError, Split

log = logging.getLogger(__name__)

NO_SUCH_USER = gettext_noop("There is no mailbox with this address here.")
DAMAGED = gettext_noop("The stored copy of this message is damaged.")
OPEN = (RecipientState.PENDING, RecipientState.DEFERRED)
KNOWN_FOR = timedelta(minutes=1)
BRIEFLY = timedelta(minutes=1)


def work(message: OutboxMessage, line: Line, clock: Clock) -> OutboxState | None:
    """Try a message that was started, over this line; its new state, None if another has it now."""
    enabled = features.enabled_for(message.user, Feature.SMTP_ACCOUNTS)
    if cause := waiting.is_held(message, enabled=enabled):
        queue.give_back(message, cause=cause, now=clock())
        return OutboxState.RETRY
    if until := _over_limit(message, clock()):
        queue.give_back(message, cause="sending-limit", now=clock(), until=until)
        return OutboxState.RETRY
    try:
        return _attempt(message, line, clock)
    except queue.LostClaimError:
        log.warning("outbox %s: another worker has taken over", message.pk)
        return None
    except BlobUnreadable:
        if message.dot_sent_at is not None:
            raise
        log.exception("outbox %s cannot be read any more", message.pk)
        return _give_up(message, clock())


def _over_limit(message: OutboxMessage, now: datetime) -> datetime | None:
    """When there is room for the message again; None where there is now.

    One for more recipients than a day allows goes out when nothing else has used up any.
    """
    account = message.account
    left = limits.left(account, now=now)
    if left is None or account is None:
        return None
    going = limits.in_hand(message, now=now)
    if left - going == limits.of(account).per_day:
        return None
    wanted = message.recipients.filter(state__in=OPEN).count()
    if wanted <= left - going:
        return None
    # What others are just sending may not be taken; then there is room after all.
    return now + BRIEFLY if going else limits.free_at(account, now=now)


def _attempt(message: OutboxMessage, line: Line, clock: Clock) -> OutboxState:
    open_ = message.recipients.filter(state__in=OPEN)
    split = routes.split(list(open_.order_by("pk").values_list("address", flat=True)))
    body = blobs.body(message.blob)
    if split.here or split.nobody:
        _deliver_here(message, split, body, clock())
    result = Result()
    if split.elsewhere:
        result = _send(message, split.elsewhere, body, line, clock)
    return _conclude(message, result, body, clock())


def _deliver_here(message: OutboxMessage, split: Split, body: Body, now: datetime) -> None:
    """File the message with the users of this installation; all of it or nothing."""
    result = Result().all(split.nobody, Recipient.REFUSED, NO_SUCH_USER)
    result.all(list(split.here), Recipient.ACCEPTED)
    incoming = [
        Incoming(body, folders.special(user, FolderRole.INBOX), internal_at=now, screen=True)
        for user in dict.fromkeys(split.here.values())
    ]
    prepared = deliver.prepare(incoming, now=now)
    checkpoint("outbox: local bytes stored")
    with transaction.atomic():
        _renew(message, now)
        _note(message, result)
        deliver.file(prepared)
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


def _conclude(message: OutboxMessage, result: Result, body: Body, now: datetime) -> OutboxState:
    """Write down how the attempt ended, with the copy in Sent and the mark on the original."""
    copy = None
    if message.sent_copied_at is None and _reached_anyone(message, result):
        try:
            copy = sent.prepare_copy(message, body, now=now)
        except Exception:  # what the server answered is written down, whatever the disk says
            log.exception("outbox %s: the copy in Sent has to wait", message.pk)
    checkpoint("outbox: copy stored")
    with transaction.atomic():
        _renew_or_take_back(message, now)
        _note(message, result)
        decision = retry.decide(
            message.recipients.order_by().values_list("state", flat=True).distinct(),
            attempts=message.attempts,
            age=now - message.due_since,
            cause=result.cause,
            progressed=_progressed(result),
            wish=result.wish,
        )
        if decision.gave_up:
            message.recipients.filter(state__in=OPEN).update(state=RecipientState.REFUSED)
        _settle(message, decision, result, now)
        if copy is not None:
            sent.file_copy(message, copy, now=now)
        _judge_account(message, result, now)
    checkpoint("outbox: recorded")
    return OutboxState(decision.outcome)


def _give_up(message: OutboxMessage, now: datetime) -> OutboxState:
    """End what is lost on disk: its writer has the draft, and is told."""
    to = list(message.recipients.filter(state__in=OPEN).values_list("address", flat=True))
    result = Result().all(to, Recipient.REFUSED, DAMAGED)
    with transaction.atomic():
        _renew(message, now)
        _note(message, result)
        _settle(message, Decision(retry.Outcome.REFUSED), result, now)
    return OutboxState.REFUSED


def _progressed(result: Result) -> bool:
    return any(state == Recipient.ACCEPTED for state, _ in result.states.values())


def _reached_anyone(message: OutboxMessage, result: Result) -> bool:
    if _progressed(result):
        return True
    return message.recipients.filter(state=RecipientState.ACCEPTED).exists()


def _renew(message: OutboxMessage, now: datetime) -> None:
    """Lock the row for this transaction. Raises `LostClaimError` if it is no longer ours."""
    if not queue.hold(message).update(lease_until=now + queue.SEND_LEASE):
        raise queue.LostClaimError


def _renew_or_take_back(message: OutboxMessage, now: datetime) -> None:
    """The same, where an answer came after the message had been given up as uncertain."""
    try:
        _renew(message, now)
    except queue.LostClaimError:
        if message.dot_sent_at is None or not queue.take_back(message):
            raise
        _renew(message, now)


def _note(message: OutboxMessage, result: Result) -> None:
    """Write down what became of each recipient tried; most were told the same."""
    told: dict[tuple[Recipient, str], list[str]] = {}
    for address, outcome in result.states.items():
        told.setdefault(outcome, []).append(address)
    for (state, words), addresses in told.items():
        message.recipients.filter(address__in=addresses).update(
            state=RecipientState(state), reply=words
        )


def _settle(message: OutboxMessage, decision: Decision, result: Result, now: datetime) -> None:
    """Move the row out of "sending" and let go of it."""
    ended = decision.wait is None
    unknown = decision.outcome == retry.Outcome.UNKNOWN
    OutboxMessage.objects.filter(pk=message.pk).update(
        state=OutboxState(decision.outcome),
        not_before=now + (decision.wait or timedelta()),
        lease_until=None,
        # An answer came: what it did not accept may be sent again without doubling anything.
        dot_sent_at=message.dot_sent_at if ended or unknown else None,
        cause="gave-up" if decision.gave_up else result.cause,
        server_line=result.server_line,
        ended_at=now if ended else None,
    )
    if decision.outcome == retry.Outcome.SENT and message.draft_id is not None:
        Draft.objects.filter(pk=message.draft_id).delete()


def _judge_account(message: OutboxMessage, result: Result, now: datetime) -> None:
    """Keep on the account's row whether it works."""
    account = message.account
    if account is None or not result.states:
        return
    known = account.last_ok_at is not None and abs(now - account.last_ok_at) < KNOWN_FOR
    if known and not result.cause and not account.cause:
        return  # what is known is not written again with every message
    about_account = {Recipient.DEFERRED} == {state for state, _ in result.states.values()}
    root = catalogue.root(result.cause)
    if result.cause and about_account and (root != "refused" or result.cause in retry.LIMITS):
        accounts.record_failure(
            account, cause=result.cause, server_line=result.server_line, now=now
        )
    elif root in ("", "refused"):
        accounts.record_ok(account, now)
