"""How an attempt ended, written down in one transaction with the copy in Sent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction

from connectivity import catalogue
from filtering.services.deliver import Prepared
from lib.checkpoints import checkpoint
from mailstore.models import Folder, Message
from protocols.body import Body
from smtp_accounts import retry
from smtp_accounts.models import OutboxMessage, OutboxState, RecipientState
from smtp_accounts.retry import Decision, Recipient
from smtp_accounts.services import accounts, queue, sent
from smtp_accounts.services.jobs import Job
from smtp_accounts.services.limits import OPEN
from smtp_accounts.services.outcome import Result

log = logging.getLogger(__name__)

KNOWN_FOR = timedelta(minutes=1)
Then = Callable[[OutboxState], None]
"""What goes into the same transaction once all is written: beginning the next message."""


def conclude(job: Job, result: Result, body: Body, now: datetime, then: Then) -> OutboxState:
    """Write down how the attempt ended, with the copy in Sent and the mark on the original.

    Raises `LostClaimError`; then nothing was written.
    """
    message = job.message
    copy = None
    if message.sent_copied_at is None and _reached_anyone(job, result):
        try:
            copy = sent.prepare_copy(message, body, now=now, folder=job.folder)
        except Exception:  # what the server answered is written down, whatever the disk says
            log.exception("outbox %s: the copy in Sent has to wait", message.pk)
    checkpoint("outbox: copy stored")
    try:
        state = _record(job, result, copy, now, then)
    except queue.LostClaimError:
        # An answer that came after the message had been given up as uncertain.
        if message.dot_sent_at is None or not queue.take_back(message):
            raise
        state = _record(job, result, copy, now, then)
    checkpoint("outbox: recorded")
    return state


def give_up(job: Job, words: str, now: datetime) -> OutboxState:
    """End what is lost on disk: its writer has the draft, and is told."""
    result = Result().all([one.address for one in job.open], Recipient.REFUSED, words)
    with transaction.atomic():
        _settle(job.message, Decision(retry.Outcome.REFUSED), result, None, now)
        note(job, result)
    return OutboxState.REFUSED


def note(job: Job, result: Result) -> None:
    """Write down what became of each recipient tried; most were told the same.

    Inside a transaction that has the outbox row already, as everybody does who changes both.
    """
    told: dict[tuple[Recipient, str], list[int]] = {}
    for one in job.recipients:
        if (outcome := result.states.get(one.address)) is not None:
            told.setdefault(outcome, []).append(one.pk)
            one.state = RecipientState(outcome[0])
    for (state, words), ids in told.items():
        job.message.recipients.filter(pk__in=ids).update(state=RecipientState(state), reply=words)


def _record(
    job: Job, result: Result, copy: Prepared | None, now: datetime, then: Then
) -> OutboxState:
    message = job.message
    decision = _decide(job, result, now)
    state = OutboxState(decision.outcome)
    with transaction.atomic():
        _settle(message, decision, result, _file(message, copy, now), now)
        note(job, result)
        if decision.gave_up:
            message.recipients.filter(state__in=OPEN).update(state=RecipientState.REFUSED)
        _judge_account(message, result, now)
        then(state)
    return state


def _file(message: OutboxMessage, copy: Prepared | None, now: datetime) -> Message | None:
    """The copy, entered: before the outbox row is changed, as everybody does who changes both."""
    if copy is None:
        return None
    try:
        return sent.enter(message, copy, now)
    except Folder.DoesNotExist:
        log.warning("outbox %s: its folder for sent mail is gone, the copy has to wait", message.pk)
        return None


def _decide(job: Job, result: Result, now: datetime) -> Decision:
    message = job.message
    return retry.decide(
        [result.states.get(one.address, (one.state, ""))[0] for one in job.recipients],
        attempts=message.attempts,
        age=now - message.due_since,
        cause=result.cause,
        progressed=_progressed(result),
        wish=result.wish,
    )


def _settle(
    message: OutboxMessage,
    decision: Decision,
    result: Result,
    copy: Message | None,
    now: datetime,
) -> None:
    """Move the row out of "sending" and let go of it. Raises `LostClaimError`.

    The draft of what was sent is let go of too: `forgetting.forget_sent` takes it with others.
    """
    ended = decision.wait is None
    unknown = decision.outcome == retry.Outcome.UNKNOWN
    fields: dict[str, object] = {}
    if copy is not None:
        fields |= {"sent_copy": copy, "sent_copied_at": now}
    if decision.outcome == retry.Outcome.SENT:
        fields["draft"] = None
    if result.cause in retry.PAUSING:
        # Days for which its account was refused are none for which the message was.
        fields["due_since"] = now
    settled = queue.hold(message).update(
        state=OutboxState(decision.outcome),
        not_before=now + (decision.wait or timedelta()),
        lease_until=None,
        # An answer came: what it did not accept may be sent again without doubling anything.
        dot_sent_at=message.dot_sent_at if ended or unknown else None,
        cause="gave-up" if decision.gave_up else result.cause,
        server_line=result.server_line,
        ended_at=now if ended else None,
        **fields,
    )
    if not settled:
        raise queue.LostClaimError


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


def _progressed(result: Result) -> bool:
    return _has_accepted(state for state, _ in result.states.values())


def _reached_anyone(job: Job, result: Result) -> bool:
    return _progressed(result) or _has_accepted(one.state for one in job.recipients)


def _has_accepted(states: Iterable[str]) -> bool:
    return Recipient.ACCEPTED in states
