"""The card of an invitation: what it says, how it stands, and what may be answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from lib.moments import moment
from mailstore import nested
from mailstore.invitation import Attendee, Invitation
from mailstore.models import InvitationSeen, Message
from mailstore.nested import Path
from mailstore.services import invitations
from smtp_accounts.addresses import same
from smtp_accounts.services import answering, identities
from webmail import event_words, recurrence_words
from webmail.event_words import When

ANSWERED: dict[str, str | Promise] = {
    "ACCEPTED": gettext_lazy("accepted"),
    "TENTATIVE": gettext_lazy("accepted for now"),
    "DECLINED": gettext_lazy("declined"),
    "DELEGATED": gettext_lazy("passed on"),
}
ICONS = {"ACCEPTED": "check", "DECLINED": "close", "TENTATIVE": "help"}
_MOST_PEOPLE = 60


@dataclass(frozen=True)
class Guest:
    """An attendee and what is known of the answer."""

    person: Attendee
    icon: str
    words: str | Promise


@dataclass(frozen=True)
class Note:
    """A sentence about the invitation; ``tone`` is empty, "warn" or "danger"."""

    text: str
    tone: str = ""
    message_id: int | None = None


@dataclass(frozen=True)
class InvitationCard:
    """For ``_card_invitation.html``. ``can_answer`` draws the buttons, ``can_undo`` one more."""

    event: Invitation
    path: str
    when: When | None
    rule: str
    notes: Sequence[Note] = ()
    guests: Sequence[Guest] = field(default_factory=list)
    more_guests: int = 0
    can_answer: bool = False
    can_undo: bool = False
    answer: str = ""
    sender: str = ""


def card(
    user: User, message: Message, event: Invitation, path: Path, *, now: datetime
) -> InvitationCard:
    """The card of an event that came with a message, or in a message within it."""
    known = invitations.answer_of(user, event)
    newer = invitations.newer(user, message, event)
    own = identities.send_from(user)
    mine = answering.invited(own, event)
    host = event.organiser
    is_mine = host is not None and answering.is_own(own, host.address)
    asks = event.method == "REQUEST" and not event.is_cancelled and len(path) == 1
    can_answer = bool(asks and newer is None and mine and host and not is_mine and event.uid)
    when = event_words.when(event, now)
    notes = [
        *_standing(event, newer, when, now),
        *_people(message, event, is_invited=mine is not None, is_mine=is_mine),
        *([_earlier(known.answer)] if known and known.sequence < event.sequence else []),
    ]
    return InvitationCard(
        event=event,
        path=nested.write_path(path),
        when=when,
        rule=recurrence_words.words(event.rule),
        notes=notes,
        guests=[_guest(one) for one in event.attendees[:_MOST_PEOPLE]],
        more_guests=max(0, len(event.attendees) - _MOST_PEOPLE) + event.more_attendees,
        can_answer=can_answer,
        can_undo=can_answer and known is not None and bool(answering.on_its_way(user, message)),
        answer=known.answer if known and known.sequence >= event.sequence else "",
        sender=mine.sender.address if mine else "",
    )


def _guest(person: Attendee) -> Guest:
    words = ANSWERED.get(person.answer, gettext_lazy("no answer yet"))
    return Guest(person, ICONS.get(person.answer, "circle"), words)


def _standing(
    event: Invitation, newer: InvitationSeen | None, when: When | None, now: datetime
) -> list[Note]:
    """What became of the event since."""
    notes = []
    if event.is_cancelled:
        notes.append(Note(_("This event is cancelled."), "danger"))
    elif newer is not None:
        at = moment(newer.message.sort_at, now=now)
        text = (
            _("It was cancelled by a message that arrived %(when)s.")
            if newer.is_cancelled
            else _("A newer version of this invitation arrived %(when)s.")
        )
        notes.append(Note(text % {"when": at}, "warn", newer.message_id))
    elif when is not None and when.is_over:
        notes.append(Note(_("This event is over.")))
    elif when is not None and when.is_now:
        notes.append(Note(_("This event takes place now.")))
    return notes


def _people(message: Message, event: Invitation, *, is_invited: bool, is_mine: bool) -> list[Note]:
    """Who asks whom, where that is not as usual."""
    host = event.organiser
    if event.method in ("REPLY", "COUNTER") and event.attendees:
        who = event.attendees[0]
        name = who.name or who.address
        if event.method == "COUNTER":
            return [Note(_("%(name)s proposes this time instead.") % {"name": name})]
        said = ANSWERED.get(who.answer)
        return [Note(f"{name}: {said}.")] if said else []
    notes = []
    if event.method == "REQUEST" and is_mine:
        notes.append(Note(_("You are its organiser.")))
    elif event.method == "REQUEST" and not is_invited:
        notes.append(
            Note(_("None of your addresses is invited: somebody passed this invitation on to you."))
        )
    if host and host.address and not is_mine and not same(host.address, message.from_address):
        both = {"host": host.address, "sender": message.from_address}
        text = _("The message is from %(sender)s, but answers go to the organiser, %(host)s.")
        notes.append(Note(text % both, "warn"))
    return notes


def _earlier(answer: str) -> Note:
    said = ANSWERED.get(answer, "")
    return Note(_("Your answer to an earlier version was: %(answer)s.") % {"answer": said})
