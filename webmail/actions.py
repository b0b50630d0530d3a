"""What can be done to messages from a list or the reading pane, and how it is undone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from mailstore.models import Folder, FolderRole, Message
from mailstore.services import folders, messages

UNDO_LIFETIME: Final = 3600
_SALT: Final = "webmail.undo"
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


class NothingThere(Exception):
    """None of the named messages is the user's (or still exists)."""


class Held(NamedTuple):
    """What has to be known of a message to act on it and to undo it."""

    pk: int
    folder_id: int
    is_seen: bool
    is_flagged: bool


@dataclass(frozen=True)
class Done:
    """What was done, in a sentence, and the token that undoes it (empty: it cannot be)."""

    text: str
    undo: str = ""


def act(user: User, do: str, ids: Sequence[int], *, folder: Folder | None = None) -> Done:
    """Do something to messages. Ids that are not the user's are passed over.

    Raises NothingThere where none is left, KeyError for an unknown action.
    """
    rows = Message.objects.filter(user=user, pk__in=ids)
    found = [Held(*row) for row in rows.values_list("pk", "folder_id", "is_seen", "is_flagged")]
    if not found:
        raise NothingThere
    if do in FLAGS:
        return _flag(user, do, found)
    if do == "destroy":
        return _destroy(user, found)
    target = folder if do == "move" and folder else folders.special(user, PLACES[do])
    return _move(user, do, found, target)


def undo(user: User, token: str) -> bool:
    """Take back what a token stands for; False where it is forged, foreign or too old."""
    try:
        owner, kind, steps = signing.loads(token, salt=_SALT, max_age=UNDO_LIFETIME)
    except (signing.BadSignature, ValueError):
        return False
    if owner != user.pk:
        return False
    with transaction.atomic():
        for key, ids in steps.items():
            if kind == "flag":
                name, value = FLAGS[key]
                _set(user, ids, name, not value)
            elif (home := Folder.objects.filter(user=user, pk=int(key)).first()) is not None:
                messages.move(user, ids, home)
    return True


def _flag(user: User, do: str, found: list[Held]) -> Done:
    name, value = FLAGS[do]
    changed = [one.pk for one in found if getattr(one, name) is not value]
    _set(user, changed, name, value)
    count = len(found)
    text = {
        "read": ngettext("Marked read", "%(count)d messages marked read", count),
        "unread": ngettext("Marked unread", "%(count)d messages marked unread", count),
        "star": ngettext("Star added", "%(count)d stars added", count),
        "unstar": ngettext("Star removed", "%(count)d stars removed", count),
    }[do] % {"count": count}
    return Done(text, _token(user, "flag", {do: changed}) if changed else "")


def _set(user: User, ids: Sequence[int], name: str, value: bool) -> None:
    if name == "is_seen":
        messages.set_flags(user, ids, seen=value)
    else:
        messages.set_flags(user, ids, flagged=value)


def _move(user: User, do: str, found: list[Held], target: Folder) -> Done:
    homes: dict[str, list[int]] = defaultdict(list)
    for one in found:
        if one.folder_id != target.pk:
            homes[str(one.folder_id)].append(one.pk)
    moving = [pk for ids in homes.values() for pk in ids]
    if moving:
        messages.move(user, moving, target)
    count = len(found)
    text = {
        "archive": ngettext("Message archived", "%(count)d messages archived", count),
        "trash": ngettext("Message deleted", "%(count)d messages deleted", count),
        "junk": ngettext("Reported as junk", "%(count)d messages reported as junk", count),
    }.get(
        do,
        ngettext("Moved to %(folder)s", "%(count)d messages moved to %(folder)s", count),
    ) % {"count": count, "folder": target.label}
    return Done(text, _token(user, "move", homes) if moving else "")


def _destroy(user: User, found: list[Held]) -> Done:
    """Delete for good, but only what already lies in Deleted Items."""
    bin_ = folders.special(user, FolderRole.TRASH)
    ids = [one.pk for one in found if one.folder_id == bin_.pk]
    if not ids:
        raise NothingThere
    messages.trash(user, ids)
    return Done(
        ngettext("Deleted for good", "%(count)d messages deleted for good", len(ids))
        % {"count": len(ids)}
    )


def _token(user: User, kind: str, steps: dict[str, list[int]]) -> str:
    return signing.dumps([user.pk, kind, dict(steps)], salt=_SALT, compress=True)


def undone_text() -> str:
    """What to say after undoing."""
    return _("Undone")
