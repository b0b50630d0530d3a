"""The outbox as its screen shows it: what became of each message, in words, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from lib.moments import moment
from protocols.readable import readable
from smtp_accounts import access
from smtp_accounts.models import OutboxMessage, OutboxRecipient, OutboxState, RecipientState
from smtp_accounts.services import waiting
from webmail import later
from webmail.outgoing_words import again, due, going, held_back, refused, scheduled, unsure

CANCEL, EDIT, AGAIN, NOW, ARRIVED, DISMISS = "cancel", "edit", "again", "now", "arrived", "dismiss"
RESCHEDULE = "reschedule"
#: A message here has no account of its own colour: that of this installation, or of any other.
LOCAL_TINT, ACCOUNT_TINT = 1, 6
#: More recipients than these are counted.
NAMED = 3


@dataclass(frozen=True)
class Missed:
    """A recipient a message did not reach, for good or so far, and the server's words."""

    address: str
    words: str
    final: bool


@dataclass(frozen=True)
class Button:
    """Something to do: `name` is what the address of the form ends with."""

    name: str
    label: str


@dataclass(frozen=True)
class Row:
    """One message. `look` is waiting, scheduled, going, failed, unsure or needs-you.

    The first of `buttons` is what is most likely wanted. `at` is when it is scheduled, as a form
    has it, and empty where that cannot be changed; `mend` is where the account that keeps the
    message back can be mended. `spelt` are those of the addresses in `to` whose domain is
    registered in other letters.
    """

    message: OutboxMessage
    look: str
    word: str
    sentence: str
    to: str
    when: str
    missed: Sequence[Missed]
    server_line: str
    buttons: Sequence[Button]
    tint: int
    at: str = ""
    mend: str = ""
    spelt: str = ""


@dataclass(frozen=True)
class _Story:
    look: str
    word: str
    sentence: str
    buttons: Sequence[str]


def rows(user: User, *, now: datetime) -> list[Row]:
    """The user's outbox, newest first; three queries however long it is."""
    enabled = access.is_enabled(user)
    return [_row(one, enabled=enabled, now=now) for one in waiting.shown(user)]


def _row(message: OutboxMessage, *, enabled: bool, now: datetime) -> Row:
    recipients = list(message.recipients.all())
    held = waiting.is_held(message, enabled=enabled)
    story = _story(message, recipients, held, now)
    told = (RecipientState.REFUSED, RecipientState.DEFERRED)
    missed = [one for one in recipients if one.bounced_at or (one.state in told and one.reply)]
    tried = message.state == OutboxState.RETRY
    possible = [name for name in story.buttons if name != EDIT or message.draft_id]
    return Row(
        message=message,
        look=story.look,
        word=story.word,
        sentence=story.sentence,
        to=_names(recipients),
        when=moment(message.created_at, now=now),
        missed=[_missed(one) for one in missed],
        server_line=message.server_line,
        buttons=[Button(name, _label(name, story.look, held, tried=tried)) for name in possible],
        tint=_tint(message),
        at=later.form_value(message.not_before) if story.look == "scheduled" else "",
        mend=_mend(message, held) if story.look == "needs-you" else "",
        spelt=", ".join(
            one.address for one in recipients[:NAMED] if readable(one.address) != one.address
        ),
    )


def _missed(one: OutboxRecipient) -> Missed:
    """What its own server said of a recipient, or the one that could not deliver it later on."""
    if one.bounced_at is not None:
        return Missed(one.address, one.report_text or _("Could not be delivered"), final=True)
    return Missed(one.address, _(one.reply), final=one.state == RecipientState.REFUSED)


def _story(
    message: OutboxMessage, recipients: Sequence[OutboxRecipient], held: str, now: datetime
) -> _Story:
    state = message.state
    if state == OutboxState.UNKNOWN:
        sentence = unsure(message, recipients)
        return _Story("unsure", _("Not certain"), sentence, [ARRIVED, AGAIN, EDIT])
    if state == OutboxState.REFUSED:
        sentence = refused(message, recipients)
        return _Story("failed", _("Refused"), sentence, [EDIT, AGAIN, DISMISS])
    if state == OutboxState.SENDING:
        return _Story("going", _("Sending"), going(message), [])
    if state == OutboxState.QUEUED and message.is_scheduled and message.not_before > now:
        sentence = scheduled(message, held)
        return _Story("scheduled", _("Scheduled"), sentence, [NOW, EDIT, CANCEL])
    if held:
        return _Story("needs-you", _("Needs you"), held_back(message, held, now), [EDIT, CANCEL])
    is_new = state == OutboxState.QUEUED
    if is_new and message.not_before > now:
        return _Story("waiting", _("Waiting"), _("It goes out in a few seconds."), [CANCEL, NOW])
    if waiting.starts_at(message) <= now:
        if is_new:
            return _Story("waiting", _("Waiting"), due(message, now), [CANCEL])
        return _Story("waiting", _("Waiting"), again(message, recipients, now), [EDIT, CANCEL])
    buttons = [CANCEL] if is_new else [NOW, EDIT, CANCEL]
    return _Story("waiting", _("Will be tried again"), again(message, recipients, now), buttons)


def _label(name: str, look: str, held: str, *, tried: bool) -> str:
    """What a button says: it names the result."""
    if name == NOW:
        return _("Try now") if tried else _("Send now")
    if name == EDIT:
        if look == "needs-you" and held != "feature-off":
            return _("Send as another")
        return _("Edit and resend") if look in ("failed", "unsure") else _("Edit")
    return {
        CANCEL: _("Cancel"),
        AGAIN: _("Send again"),
        ARRIVED: _("It arrived"),
        DISMISS: _("Put away"),
    }[name]


def _mend(message: OutboxMessage, held: str) -> str:
    if message.account_id is None or held == "feature-off":
        return ""
    return reverse("smtp-account-edit", args=[message.account_id])


def _tint(message: OutboxMessage) -> int:
    """The colour of what it is sent as, 1-6."""
    identity = message.identity
    if identity is not None and identity.color:
        return identity.color
    source = message.account.source if message.account else None
    if source is not None:
        return source.color
    return LOCAL_TINT if message.is_local_from else ACCOUNT_TINT


def _names(recipients: Sequence[OutboxRecipient]) -> str:
    shown = ", ".join(readable(one.address) for one in recipients[:NAMED])
    more = len(recipients) - NAMED
    if more <= 0:
        return shown
    return ngettext("%(shown)s and %(n)d more", "%(shown)s and %(n)d more", more) % {
        "shown": shown,
        "n": more,
    }
