"""The reading pane: the messages of a conversation, the newest and the unread ones open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.utils.translation import gettext as _

from accounts.models import User
from lib.prepared import Prepared
from mailstore import conversations
from mailstore.addresses import Address
from mailstore.models import Folder, FolderRole, Message
from mailstore.services import messages
from smtp_accounts.models import Draft
from webmail import came_back, opened, put_off
from webmail.modes import opens_conversations
from webmail.place import Place

#: Unread messages opened at once, the newest of them; the others stay lines, and unread.
MAX_OPEN: Final = 10


def pane(
    user: User, message: Message, place: Place, *, how: str = "", reads: bool = True
) -> dict[str, Any]:
    """What `_message.html` knows: `letters` in their order, and the `newest` of them, which is
    what a reply answers. ``how`` the message asked for is shown: see `opened`. With `reads` what
    is shown open is marked as read."""
    together = opens_conversations(user, place, _role(message, place))
    found = conversations.messages_of(user, message) if together else [message]
    unfolded = _unfolded(found, message, looked_for=bool(place.query))
    if reads:
        _read(user, [one for one in found if one.pk in unfolded])
    letters = [
        letter(user, one, place, found, how=how if one.pk == message.pk else "", reads=reads)
        if one.pk in unfolded
        else _line(one, place)
        for one in found
    ]
    return {
        "message": message,
        "place": place,
        "letters": letters,
        "newest": letters[-1],
        "together": together,
        "muted": together and message.thread is not None and message.thread.muted_at is not None,
        "is_cut": len(found) >= conversations.MAX_SHOWN,
        "drafts": _drafts(user, found),
        "about": put_off.about(user, message, [one.pk for one in found]),
    }


def single(
    user: User, message: Message, place: Place, *, how: str = "", reads: bool = True
) -> dict[str, Any]:
    """One message of a conversation, opened: for `_letter.html`."""
    if reads:
        _read(user, [message])
    together = opens_conversations(user, place, _role(message, place))
    found = conversations.messages_of(user, message) if together else [message]
    return {"place": place, **letter(user, message, place, found, how=how, reads=reads)}


def letter(
    user: User,
    message: Message,
    place: Place,
    found: Sequence[Message],
    *,
    how: str = "",
    reads: bool = True,
) -> dict[str, Any]:
    """What the templates of one open message of the messages `found` know by name."""
    context = opened.context(user, message, place, how=how)
    if reads:
        came_back.looked_at(context)
    pks = [one.pk for one in found]
    return {**context, "from_here": pks[pks.index(message.pk) :] if len(pks) > 1 else ()}


def _role(message: Message, place: Place) -> str:
    if place.folder_id is None:
        return ""
    if place.folder_id == message.folder_id:
        return message.folder.role
    roles = Folder.objects.filter(user=message.user_id, pk=place.folder_id)
    return roles.values_list("role", flat=True).first() or ""


def _unfolded(found: Sequence[Message], message: Message, *, looked_for: bool) -> set[int]:
    # Who looked for one message wants to see that one, and gets to know that there are newer ones.
    unread = [] if looked_for else [one.pk for one in found if not one.is_seen]
    return {message.pk, found[-1].pk, *unread[-MAX_OPEN:]}


def _read(user: User, found: Sequence[Message]) -> None:
    unread = [one for one in found if not one.is_seen]
    if unread:
        messages.set_flags(user, [one.pk for one in unread], seen=True)
    for one in unread:
        one.is_seen = True


def _line(message: Message, place: Place) -> dict[str, Any]:
    sender = Address(message.from_name, message.from_address)
    is_ours = message.folder.role == FolderRole.SENT
    who = sender.address if sender.poses else sender.shown
    return {
        "message": message,
        "who": who,
        "name": _("Me") if is_ours else who,
        "url": place.message_url(message.pk),
    }


# Whether there is any draft that answers something: most often there is none.
_ANSWERS: Final = Prepared(
    lambda user: (
        Draft.objects.open().filter(user=user, original__isnull=False).values_list("pk")[:1]
    ),
    int,
)


def _drafts(user: User, found: Sequence[Message]) -> list[Draft]:
    """What was begun as an answer to one of these messages."""
    if not _ANSWERS.rows(user.pk):
        return []
    mine = Draft.objects.open().filter(user=user, original__in=[one.pk for one in found])
    return list(mine.order_by("changed_at", "pk"))
