"""What can be done to messages from a list or the reading pane; each with a way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from filtering.services import personal
from lib.prepared import Prepared, among
from mailstore.models import Folder, FolderRole, Message
from mailstore.services import folders, messages, returning
from webmail import putting_off, undoing
from webmail.asked import Held, NothingThere, Wish, way_home
from webmail.message_steps import setting
from webmail.undoing import Step

#: Actions that put messages into a special folder.
PLACES: Final = {
    "archive": FolderRole.ARCHIVE,
    "trash": FolderRole.TRASH,
    "junk": FolderRole.JUNK,
    "not-junk": FolderRole.INBOX,
    "inbox": FolderRole.INBOX,
}
#: Actions that set a flag: its name and value.
FLAGS: Final = {
    "read": ("is_seen", True),
    "unread": ("is_seen", False),
    "star": ("is_flagged", True),
    "unstar": ("is_flagged", False),
}


@dataclass(frozen=True)
class Done:
    """What was done, in a sentence, and the token that undoes it (empty: it cannot be)."""

    text: str
    undo: str = ""


def _held(user: int, ids: list[int]) -> QuerySet[Message, Any]:
    rows = Message.objects.filter(among(Message, "id", ids), user=user)
    return rows.annotate(is_put_off=returning.is_put_off()).values_list(*Held._fields)


_HELD: Final = Prepared(_held, int, list)


def act(user: User, do: str, ids: Sequence[int], *, folder: Folder | None = None) -> Done:
    """Do what needs no more than a folder; see `carry_out`."""
    return carry_out(user, Wish(do, folder), ids)


def carry_out(user: User, wish: Wish, ids: Sequence[int]) -> Done:
    """Do something to messages. Ids that are not the user's are passed over.

    Raises NothingThere where none is left, KeyError for an unknown action, TimeRefused.
    """
    count, steps = perform(user, wish, ids)
    return Done(said(user, wish, count), undoing.token(user, steps))


def perform(user: User, wish: Wish, ids: Sequence[int]) -> tuple[int, list[Step]]:
    """The same without its words: how many messages, and the steps that undo it."""
    found = [Held(*row) for row in _HELD.rows(user.pk, ids)]
    if not found:
        raise NothingThere
    if wish.do in FLAGS:
        return len(found), _flag(user, wish.do, found)
    if wish.do == "destroy":
        return _destroy(user, found), []
    if wish.do in putting_off.ACTIONS:
        return len(found), putting_off.perform(user, found, wish)
    return len(found), _move(user, found, _target(user, wish))


def _flag(user: User, do: str, found: list[Held]) -> list[Step]:
    name, value = FLAGS[do]
    changed = [one.pk for one in found if getattr(one, name) is not value]
    setting(name)(user, changed, value)
    return [["flag", name, not value, changed]] if changed else []


def _target(user: User, wish: Wish) -> Folder:
    return (
        wish.folder if wish.do == "move" and wish.folder else folders.special(user, PLACES[wish.do])
    )


def _move(user: User, found: list[Held], target: Folder) -> list[Step]:
    moving = [one for one in found if one.folder_id != target.pk]
    steps = way_home(user, moving)
    ids = [one.pk for one in moving]
    with transaction.atomic():
        judged = personal.moving(user, ids, to=target, now=timezone.now())
        messages.move(user, ids, target)
    return [*steps, ["judged", judged]] if judged else steps


def _destroy(user: User, found: list[Held]) -> int:
    """Delete for good, but only what already lies in Deleted Items."""
    bin_ = folders.special(user, FolderRole.TRASH)
    ids = [one.pk for one in found if one.folder_id == bin_.pk]
    if not ids:
        raise NothingThere
    messages.remove(user, ids)
    return len(ids)


def said(user: User, wish: Wish, count: int) -> str:
    """What was done to so many messages, in a sentence."""
    words = putting_off.said(wish, count) or {
        "read": ngettext("Marked read", "%(count)d messages marked read", count),
        "unread": ngettext("Marked unread", "%(count)d messages marked unread", count),
        "star": ngettext("Star added", "%(count)d stars added", count),
        "unstar": ngettext("Star removed", "%(count)d stars removed", count),
        "destroy": ngettext("Deleted for good", "%(count)d messages deleted for good", count),
        "archive": ngettext("Message archived", "%(count)d messages archived", count),
        "trash": ngettext("Message deleted", "%(count)d messages deleted", count),
        "junk": ngettext("Reported as junk", "%(count)d messages reported as junk", count),
    }.get(wish.do)
    if words is None:
        words = ngettext("Moved to %(folder)s", "%(count)d messages moved to %(folder)s", count)
        return words % {"count": count, "folder": _target(user, wish).label}
    return words % {"count": count}


def undone_text() -> str:
    """What to say after undoing."""
    return _("Undone")
