"""What became of a sent message, in words: taken, delivered, read, late or returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connectivity import catalogue
from connectivity.causes import explain_cause
from smtp_accounts.models import OutboxMessage, OutboxRecipient, RecipientState

#: More lines than these are folded.
SHOWN = 6


@dataclass(frozen=True, slots=True)
class Line:
    """One recipient. ``look`` is bad, wait, read, ok or sent; ``sentence`` says more where there
    is more to say; ``server_line`` are the words of the server that reported it."""

    address: str
    look: str
    word: str
    at: datetime | None
    sentence: str = ""
    server_line: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message. ``lines`` are in the order of what needs its sender most;
    ``failed`` are the addresses it did not reach."""

    outbox: OutboxMessage
    lines: tuple[Line, ...]
    summary: str

    @property
    def failed(self) -> tuple[str, ...]:
        return tuple(one.address for one in self.lines if one.look == "bad")

    @property
    def look(self) -> str:
        """What the first line looks like."""
        return self.lines[0].look if self.lines else "sent"

    @property
    def is_plain(self) -> bool:
        """Nothing came back: there is no more to say than that it went out."""
        return all(one.look == "sent" for one in self.lines)

    @property
    def first(self) -> tuple[Line, ...]:
        return self.lines[:SHOWN]

    @property
    def rest(self) -> tuple[Line, ...]:
        return self.lines[SHOWN:]


_OPEN = (RecipientState.PENDING, RecipientState.DEFERRED, RecipientState.UNKNOWN)
#: What is tried again by itself, until whoever tried it reports that it came back.
_PASSING = ("recipient-later", "greylisted", "server-full", "server-busy")
_ORDER = ("bad", "wait", "read", "ok", "sent")


def delivery(outbox: OutboxMessage) -> Delivery:
    """What is known of an outgoing message; its recipients and account are fetched already."""
    lines = sorted(
        (line_of(one, outbox) for one in outbox.recipients.all()),
        key=lambda one: _ORDER.index(one.look),
    )
    return Delivery(outbox, tuple(lines), _summary(outbox, lines))


def line_of(one: OutboxRecipient, outbox: OutboxMessage) -> Line:
    """What is known of one recipient: the worst end first, then the best."""
    line = one.report_text or one.reply
    if one.bounced_at is not None:
        sentence = _why(one, outbox)
        word = _("Could not be delivered")
        return Line(one.address, "bad", word, one.bounced_at, sentence, one.report_text)
    if one.state == RecipientState.REFUSED:
        # Of mailboxes here it is our own sentence.
        told = _(line) if line else ""
        return Line(one.address, "bad", _("Refused"), outbox.ended_at, _why(one, outbox), told)
    came = one.displayed_at or one.delivered_at
    if one.state in _OPEN and came is None:
        look, word, sentence = _open(one)
        return Line(one.address, look, word, None, sentence, one.reply)
    if one.displayed_at is not None:
        return Line(one.address, "read", _("Read"), one.displayed_at)
    if one.delivered_at is not None:
        return Line(one.address, "ok", _("Delivered"), one.delivered_at)
    if one.delayed_at is not None:
        sentence = _("Its server keeps trying. You need not do anything.")
        return Line(one.address, "wait", _("Delayed"), one.delayed_at, sentence, one.report_text)
    return Line(one.address, "sent", _("Sent"), outbox.ended_at)


def _open(one: OutboxRecipient) -> tuple[str, str, str]:
    """Look, word and sentence of a recipient the message has not left for, as far as is known."""
    if one.state == RecipientState.UNKNOWN:
        return "wait", _("Not certain"), _("The outbox asks you about it.")
    return "wait", str(RecipientState(one.state).label), _("It is in the outbox.")


def cause_of(one: OutboxRecipient) -> str:
    """The cause id for what was reported of a recipient, empty where nothing is known of it."""
    words = f"{one.status} {one.report_text or one.reply}".strip()
    found = catalogue.find("smtp", kind="refused", stage="send", line=words) if words else ""
    return "waited-too-long" if one.bounced_at is not None and found in _PASSING else found


def _why(one: OutboxRecipient, outbox: OutboxMessage) -> str:
    """Why it did not get through, where the server's words were understood."""
    cause = cause_of(one)
    if not cause:
        return ""
    explained = explain_cause(cause, {"host": "", "email": outbox.from_address})
    return f"{explained.title}."


def _summary(outbox: OutboxMessage, lines: Sequence[Line]) -> str:
    bad = sum(one.look == "bad" for one in lines)
    if bad == 0:
        return _taken(outbox, len(lines))
    if bad == len(lines):
        return ngettext(
            "This message was not delivered.", "This message was delivered to nobody.", bad
        )
    return ngettext(
        "This message did not reach %(n)d of %(all)d recipients.",
        "This message did not reach %(n)d of %(all)d recipients.",
        bad,
    ) % {"n": bad, "all": len(lines)}


def _taken(outbox: OutboxMessage, count: int) -> str:
    if outbox.account is not None:
        return ngettext("Taken by %(host)s", "Taken by %(host)s for %(n)d recipients", count) % {
            "host": outbox.account.host,
            "n": count,
        }
    return ngettext("Sent", "Sent to %(n)d recipients", count) % {"n": count}
