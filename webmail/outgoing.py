"""The outbox as its screen shows it: what became of each message, in words, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from connectivity.catalogue import root
from connectivity.causes import explain_cause
from lib.moments import moment
from smtp_accounts import access
from smtp_accounts.models import OutboxMessage, OutboxRecipient, OutboxState, RecipientState
from smtp_accounts.services import waiting

CANCEL, EDIT, AGAIN, NOW, ARRIVED, DISMISS = "cancel", "edit", "again", "now", "arrived", "dismiss"


@dataclass(frozen=True)
class Missed:
    """A recipient a message did not reach, for good or so far, and the server's words."""

    address: str
    words: str
    final: bool


@dataclass(frozen=True)
class Row:
    """One message. `look` is waiting, going, failed, unsure or needs-you; `buttons` are names
    of what can be done, the first one being what is most likely wanted."""

    message: OutboxMessage
    look: str
    word: str
    sentence: str
    to: str
    when: str
    missed: Sequence[Missed]
    server_line: str
    buttons: Sequence[str]


def rows(user: User, *, now: datetime) -> list[Row]:
    """The user's outbox, newest first; three queries however long it is."""
    enabled = access.is_enabled(user)
    return [_row(one, enabled=enabled, now=now) for one in waiting.shown(user)]


def _row(message: OutboxMessage, *, enabled: bool, now: datetime) -> Row:
    recipients = list(message.recipients.all())
    held = waiting.is_held(message, enabled=enabled)
    look, word, sentence, buttons = _story(message, recipients, held, now)
    told = (RecipientState.REFUSED, RecipientState.DEFERRED)
    missed = [one for one in recipients if one.state in told and one.reply]
    return Row(
        message=message,
        look=look,
        word=word,
        sentence=sentence,
        to=_names(recipients),
        when=moment(message.created_at, now=now),
        missed=[
            Missed(one.address, _(one.reply), final=one.state == RecipientState.REFUSED)
            for one in missed
        ],
        server_line=message.server_line,
        buttons=[name for name in buttons if name != EDIT or message.draft_id],
    )


def _story(
    message: OutboxMessage, recipients: Sequence[OutboxRecipient], held: str, now: datetime
) -> tuple[str, str, str, list[str]]:
    state = message.state
    if state == OutboxState.UNKNOWN:
        return "unsure", _("Not certain"), _unsure(message), [ARRIVED, AGAIN, EDIT]
    if state == OutboxState.REFUSED:
        return "failed", _("Refused"), _refused(message, recipients), [EDIT, AGAIN, DISMISS]
    if state == OutboxState.SENDING:
        return "going", _("Sending"), _("It is being handed over now."), []
    if held:
        return "needs-you", _("Needs you"), _held(message, held), [EDIT, CANCEL]
    if state == OutboxState.QUEUED:
        seconds = (message.not_before - now).total_seconds()
        sentence = _("It goes out in a few seconds.") if seconds > 0 else _("It goes out now.")
        return "waiting", _("Waiting"), sentence, [CANCEL]
    return "waiting", _("Will be tried again"), _again(message, now), [NOW, EDIT, CANCEL]


def _names(recipients: Sequence[OutboxRecipient]) -> str:
    shown = ", ".join(one.address for one in recipients[:3])
    more = len(recipients) - 3
    if more <= 0:
        return shown
    return ngettext("%(shown)s and %(n)d more", "%(shown)s and %(n)d more", more) % {
        "shown": shown,
        "n": more,
    }


def _host(message: OutboxMessage) -> str:
    return message.account.host if message.account else _("the relay of this server")


def _unsure(message: OutboxMessage) -> str:
    return _(
        "The message was handed to %(host)s, but its answer never came. It may have arrived or "
        "not, so it is not sent again by itself. Ask the recipient, then choose."
    ) % {"host": _host(message)}


def _refused(message: OutboxMessage, recipients: Sequence[OutboxRecipient]) -> str:
    refused = sum(one.state == RecipientState.REFUSED for one in recipients)
    if message.cause == "gave-up":
        return _("It was tried for two days, and %(host)s did not take it.") % {
            "host": _host(message)
        }
    if message.cause == "no-relay":
        return _("It could not leave this server.")
    if refused < len(recipients):
        words = {"done": len(recipients) - refused, "all": len(recipients)}
        return _("Sent to %(done)d of %(all)d recipients. The others were refused.") % words
    told = _("It was refused. Nobody received it.")
    return f"{told} {_reason(message)}".strip()


def _reason(message: OutboxMessage) -> str:
    """What the refusal means and what to do, where the server's words were understood."""
    if message.cause == "refused" or root(message.cause) != "refused":
        return ""
    told = explain_cause(message.cause, {"host": _host(message), "email": message.from_address})
    return f"{told.sentence} {told.action}"


def _held(message: OutboxMessage, cause: str) -> str:
    if cause == "account-gone":
        return _("The account it was to be sent through is gone. Choose another address.")
    if message.account is None:
        return ""
    explained = explain_cause(
        cause, {"host": message.account.host, "username": message.account.username}
    )
    return _("%(sentence)s The message is kept here until that is mended.") % {
        "sentence": explained.sentence
    }


def _again(message: OutboxMessage, now: datetime) -> str:
    known = {"host": message.account.host, "port": message.account.port} if message.account else {}
    why = _("The server asked to try again later.")
    if message.cause and message.cause != "refused":
        why = explain_cause(message.cause, known).sentence
    later = _("Next try %(when)s.") % {"when": moment(message.not_before, now=now)}
    return f"{why} {later}".strip()
