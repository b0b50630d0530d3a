"""One attempt at one outgoing message.

The order is what keeps a crash from losing or doubling anything: mailboxes here and the copy in
Sent are filed in the transaction that says so; "about to be sent" is committed before the data
goes out, and what was committed as such is never sent again by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_noop

from connectivity import catalogue
from connectivity.models import Feature
from connectivity.services import failures, features, logins, network
from connectivity.services.credentials import CredentialError
from filtering.services import deliver
from filtering.services.deliver import Incoming
from lib.checkpoints import checkpoint
from mailstore.models import FolderRole
from mailstore.services import blobs, folders
from protocols.body import Body
from protocols.errors import MailServerError
from protocols.smtp import SendReport, send
from smtp_accounts import retry
from smtp_accounts.models import OutboxMessage, OutboxRecipient, OutboxState, RecipientState
from smtp_accounts.retry import Decision, Recipient
from smtp_accounts.services import accounts, queue, routes, sent, waiting
from smtp_accounts.services.routes import Route, Split

log = logging.getLogger(__name__)

NO_SUCH_USER = gettext_noop("There is no mailbox with this address here.")
OPEN = (RecipientState.PENDING, RecipientState.DEFERRED)
Clock = Callable[[], datetime]


@dataclass(slots=True)
class Result:
    """What an attempt found out: a state and the server's words for each recipient tried."""

    states: dict[str, tuple[Recipient, str]] = field(default_factory=dict)
    cause: str = ""
    server_line: str = ""

    def all(self, addresses: Sequence[str], state: Recipient, words: str = "") -> Result:
        """Say the same of all these recipients."""
        self.states.update(dict.fromkeys(addresses, (state, words)))
        return self


def deliver_one(*, outbox_id: int, fence: int, clock: Clock) -> OutboxState | None:
    """Try a claimed message once; its new state, or None when this hint is out of date.

    `clock` gives the time whenever it is asked, as an attempt may take minutes.
    """
    message = queue.start(outbox_id=outbox_id, fence=fence, now=clock())
    if message is None:
        return None
    enabled = features.enabled_for(message.user, Feature.SMTP_ACCOUNTS)
    if cause := waiting.is_held(message, enabled=enabled):
        queue.give_back(message, cause=cause, now=clock())
        return OutboxState.RETRY
    try:
        _attempt(message, clock)
    except queue.LostClaimError:
        log.warning("outbox %s: another worker has taken over", message.pk)
        return None
    message.refresh_from_db(fields=["state"])
    return OutboxState(message.state)


def _attempt(message: OutboxMessage, clock: Clock) -> None:
    open_ = message.recipients.filter(state__in=OPEN)
    split = routes.split(list(open_.order_by("pk").values_list("address", flat=True)))
    body = blobs.body(message.blob)
    if split.here or split.nobody:
        _deliver_here(message, split, body, clock())
    result = _send(message, split.elsewhere, body, clock) if split.elsewhere else Result()
    _conclude(message, result, body, clock())


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


def _send(message: OutboxMessage, to: Sequence[str], body: Body, clock: Clock) -> Result:
    """Hand the message to the server for these recipients."""
    account = None if message.is_local_from else message.account
    if account and accounts.is_clear_text_forbidden(message.user, account.encryption):
        return Result(cause="clear-text-off").all(to, Recipient.DEFERRED)
    try:
        route = routes.of(message, now=clock())
    except CredentialError:
        return Result(cause=CredentialError.cause).all(to, Recipient.DEFERRED)
    except MailServerError as error:
        return _of_error(message, error, to, clock())
    if route is None:
        return Result(cause="no-relay").all(to, Recipient.REFUSED, routes.NO_RELAY)
    try:
        report = _hand_over(message, route, to, body, clock)
    except MailServerError as error:
        if error.cause == "token-expired" and message.account and message.account.credential:
            logins.refused(message.account.credential, now=clock())
        return _of_error(message, error, to, clock())
    return _of_report(report, to)


def _hand_over(
    message: OutboxMessage, route: Route, to: Sequence[str], body: Body, clock: Clock
) -> SendReport:
    def before_dot() -> None:
        checkpoint("outbox: before dot")
        queue.mark_dot(message, now=clock())
        checkpoint("outbox: dot marked")

    where = route.endpoint
    # What a person pinned is no matter of the installation's own relay.
    person = None if message.is_local_from else message.user
    report = send(
        where,
        route.login,
        policy=route.policy,
        trust=network.trust(person, where.host, where.port),
        sender=message.from_address,
        recipients=to,
        message=body.read(),
        before_dot=before_dot,
        deadline=queue.SEND_LIMIT,
    )
    checkpoint("outbox: answered")
    return report


def _of_report(report: SendReport, to: Sequence[str]) -> Result:
    result = Result()
    final = report.final
    for address in to:
        reply = report.recipients.get(address)
        if reply is None:
            result.states[address] = (Recipient.DEFERRED, "")
            continue
        state = retry.of_reply(reply.code)
        if state == Recipient.ACCEPTED:
            state = retry.settle(state, retry.of_reply(final.code if final else 451))
            reply = final or reply
        result.states[address] = (state, f"{reply.code} {reply.text}")
    if final is not None and final.code >= 400:
        result.server_line = f"{final.code} {final.text}"
        result.cause = _cause_of(result.server_line)
    elif final is None:
        # Nobody was taken, so the first refusal says why; each has its own words beside it.
        refused = [words for state, words in result.states.values() if state == Recipient.REFUSED]
        result.cause = _cause_of(refused[0]) if refused else ""
    return result


def _cause_of(line: str) -> str:
    """Why a message or a recipient was refused, by the server's words."""
    return catalogue.find("smtp", kind="refused", stage="send", line=line) or "refused"


def _of_error(
    message: OutboxMessage, error: MailServerError, to: Sequence[str], now: datetime
) -> Result:
    log.info("outbox %s: %s", message.pk, error.cause)
    host = message.account.host if message.account else ""
    username = message.account.username if message.account else ""
    failures.note("smtp", error, host=host, username=username, now=now)
    cause = catalogue.read("smtp", error, host=host)
    result = Result(cause=cause, server_line=error.server_line)
    if message.dot_sent_at is not None:
        result.cause = "answer-lost"
        return result.all(to, Recipient.UNKNOWN)
    if retry.is_final(temporary=error.temporary, stage=error.stage, cause=cause):
        return result.all(to, Recipient.REFUSED, error.server_line)
    return result.all(to, Recipient.DEFERRED)


def _conclude(message: OutboxMessage, result: Result, body: Body, now: datetime) -> None:
    """Write down how the attempt ended, with the copy in Sent and the mark on the original."""
    copy = None
    if message.sent_copied_at is None and _reached_anyone(message, result):
        try:
            copy = sent.prepare_copy(message, body, now=now)
        except Exception:  # what the server answered is written down, whatever the disk says
            log.exception("outbox %s: the copy in Sent has to wait", message.pk)
    checkpoint("outbox: copy stored")
    with transaction.atomic():
        _renew(message, now)
        _note(message, result)
        decision = retry.decide(
            message.recipients.values_list("state", flat=True),
            attempts=message.attempts,
            age=now - message.due_since,
        )
        if decision.gave_up:
            message.recipients.filter(state__in=OPEN).update(state=RecipientState.REFUSED)
        _settle(message, decision, result, now)
        if copy is not None:
            sent.file_copy(message, copy, now=now)
        _judge_account(message, result, now)
    checkpoint("outbox: recorded")


def _reached_anyone(message: OutboxMessage, result: Result) -> bool:
    if any(state == Recipient.ACCEPTED for state, _ in result.states.values()):
        return True
    return message.recipients.filter(state=RecipientState.ACCEPTED).exists()


def _renew(message: OutboxMessage, now: datetime) -> None:
    """Lock the row for this transaction. Raises `LostClaimError` if it is no longer ours."""
    if not queue.hold(message).update(lease_until=now + queue.SEND_LEASE):
        raise queue.LostClaimError


def _note(message: OutboxMessage, result: Result) -> None:
    """Write down what became of each recipient tried."""
    rows = {row.address: row for row in message.recipients.all()}
    changed = [rows[address] for address in result.states]
    for row in changed:
        state, row.reply = result.states[row.address]
        row.state = RecipientState(state)
    OutboxRecipient.objects.bulk_update(changed, ["state", "reply"])


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
    if decision.outcome == retry.Outcome.SENT and message.draft is not None:
        message.draft.delete()


def _judge_account(message: OutboxMessage, result: Result, now: datetime) -> None:
    """Keep on the account's row whether it works."""
    account = message.account
    if account is None or not result.states:
        return
    about_account = {Recipient.DEFERRED} == {state for state, _ in result.states.values()}
    root = catalogue.root(result.cause)
    if result.cause and about_account and root != "refused":
        accounts.record_failure(
            account, cause=result.cause, server_line=result.server_line, now=now
        )
    elif root in ("", "refused"):
        accounts.record_ok(account, now)
