"""What an attempt to send found out, recipient by recipient."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectivity import catalogue
from connectivity.services import failures
from protocols import hints
from protocols.errors import AnswerLost, MailServerError
from protocols.smtp import Reply, SendReport
from smtp_accounts import retry
from smtp_accounts.models import OutboxMessage
from smtp_accounts.retry import Recipient

log = logging.getLogger(__name__)

# Lines looked at for a time to wait; with many recipients they say the same.
LOOKED_AT = 5


@dataclass(slots=True)
class Result:
    """What an attempt found out: a state and the server's words for each recipient tried."""

    states: dict[str, tuple[Recipient, str]] = field(default_factory=dict)
    cause: str = ""
    server_line: str = ""

    @property
    def wish(self) -> timedelta | None:
        """How long the server asks to wait, where it names a time."""
        lines = [self.server_line, *(words for _, words in self.states.values())][:LOOKED_AT]
        named = next(filter(None, map(hints.wish, lines)), None)
        return timedelta(seconds=named) if named is not None else None

    def all(self, addresses: Sequence[str], state: Recipient, words: str = "") -> Result:
        """Say the same of all these recipients."""
        self.states.update(dict.fromkeys(addresses, (state, words)))
        return self


def of_report(report: SendReport, to: Sequence[str]) -> Result:
    """What a server's answers mean for these recipients."""
    result = Result()
    final = report.final
    for address in to:
        reply = report.recipients.get(address)
        if reply is None:
            result.states[address] = (Recipient.DEFERRED, "")
            continue
        state = _of_reply(reply)
        if reply.accepted:
            reply = final or Reply(451, "")
            state = retry.settle(state, _of_reply(reply))
        result.states[address] = (state, reply.words)
    if final is not None and not final.accepted:
        result.server_line = final.words
        result.cause = _cause_of(result.server_line)
    else:
        # What was said of the first one tells how long to wait; each has its own words beside it.
        words = [words for state, words in result.states.values() if state != Recipient.ACCEPTED]
        result.cause = _cause_of(words[0]) if words else ""
    return result


def _of_reply(reply: Reply) -> Recipient:
    cause = "" if reply.accepted else _cause_of(reply.words)
    return retry.of_reply(reply.code, cause=cause)


def _cause_of(line: str) -> str:
    """Why a message or a recipient was refused, by the server's words."""
    return catalogue.find("smtp", kind="refused", stage="send", line=line) or "refused"


def of_error(
    message: OutboxMessage, error: MailServerError, to: Sequence[str], now: datetime
) -> Result:
    """What an error means for these recipients; it is counted for the administrators."""
    log.info("outbox %s: %s", message.pk, error.cause)
    host = message.account.host if message.account else ""
    username = message.account.username if message.account else ""
    failures.note("smtp", error, host=host, username=username, now=now)
    cause = catalogue.read("smtp", error, host=host)
    result = Result(cause=cause, server_line=error.server_line)
    if message.dot_sent_at is not None:
        result.cause = "answer-lost"
        result.all(to, Recipient.UNKNOWN)
        # Whom it turned away before that has certainly not got it.
        refused = error.refused if isinstance(error, AnswerLost) else {}
        for address, (code, words) in refused.items():
            result.states[address] = (retry.of_reply(code), words)
        return result
    if retry.is_final(temporary=error.temporary, stage=error.stage, cause=cause):
        # What was known before the server was asked is no answer of its own.
        words = "" if "limit" in error.params else error.server_line
        return result.all(to, Recipient.REFUSED, words)
    return result.all(to, Recipient.DEFERRED)
