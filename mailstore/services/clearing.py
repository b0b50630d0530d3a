"""Whole folders at once: deleted, emptied, marked read. In batches, so that nobody waits long."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import User
from mailstore.models import Folder, FolderRole, Message
from mailstore.services import folders, locks, messages
from mailstore.services.folders import FolderRefused

BATCH = 1000
_KEPT = ("name", "color", "source_id", "is_favourite", "is_hidden", "notifies")


@dataclass(frozen=True, slots=True)
class Gone:
    """A folder that was deleted with what lay in it; `restore` has it again. Fit for JSON."""

    pk: int
    parent: int | None
    fields: dict[str, str | int | bool | None]
    messages: list[int] = field(default_factory=list)


def delete(folder: Folder) -> list[Gone]:
    """Remove an own folder and those under it; their mail goes to Deleted Items.

    Raises FolderRefused for a folder that every mailbox has.
    """
    folders.own(folder)
    user, doomed = folder.user, folders.descendants(folder)
    if any(one.role for one in doomed):
        raise FolderRefused(_("A folder that belongs to every mailbox lies in it."))
    trash = folders.special(user, FolderRole.TRASH)
    gone = [Gone(one.pk, one.parent_id, {k: getattr(one, k) for k in _KEPT}) for one in doomed]
    for one in gone:
        for ids in _batches(one.pk):
            messages.move(user, ids, trash)
            one.messages.extend(ids)
    with transaction.atomic():
        locks.hold(user.pk)
        # What arrived meanwhile, and a folder made meanwhile under one of these.
        known = {one.pk: one for one in gone}
        for pk in [one.pk for one in folders.descendants(folder)]:
            late = list(Message.objects.filter(folder=pk).values_list("pk", flat=True))
            messages.move(user, late, trash)
            if pk in known:
                known[pk].messages.extend(late)
        folder.delete()
        locks.touch(user.pk)
    return gone


def restore(user: User, gone: list[Gone]) -> dict[int, Folder]:
    """Have deleted folders again, and the mail that went with them; new folders by old key.

    A folder of that name that was made meanwhile takes the mail.
    """
    made: dict[int, Folder] = {}
    for one in gone:
        with transaction.atomic():
            locks.hold(user.pk)
            parent = made.get(one.parent or 0) or _parent(user, one.parent)
            name = str(one.fields["name"])
            there = Folder.objects.filter(user=user, parent=parent, name=name).first()
            made[one.pk] = there or Folder.objects.create(user=user, parent=parent, **one.fields)
            locks.touch(user.pk)
    for one in gone:
        for at in range(0, len(one.messages), BATCH):
            messages.move(user, one.messages[at : at + BATCH], made[one.pk])
    return made


def _parent(user: User, pk: int | None) -> Folder | None:
    return Folder.objects.filter(user=user, pk=pk).first() if pk else None


def newest(folder: Folder) -> int:
    """The highest id of a message in the folder; what comes later is not meant by what is asked."""
    return Message.objects.filter(folder=folder).aggregate(top=Max("pk"))["top"] or 0


def empty(folder: Folder, *, upto: int, batches: int) -> int:
    """Remove messages of Junk or Deleted Items for good, up to an id; how many are left of them.

    Raises FolderRefused for another folder.
    """
    if folder.role not in (FolderRole.TRASH, FolderRole.JUNK):
        raise FolderRefused(_("Only Junk and Deleted Items can be emptied."))
    meant = Message.objects.filter(folder=folder, pk__lte=upto)
    for _number in range(batches):
        with transaction.atomic():
            locks.hold(folder.user_id)
            ids = list(meant.order_by("pk").values_list("pk", flat=True)[:BATCH])
            messages.remove(folder.user, ids)
        if len(ids) < BATCH:
            return 0
    return meant.count()


def mark_all_read(folder: Folder) -> list[int]:
    """Mark every message of the folder as read; those that were not."""
    changed: list[int] = []
    for ids in _batches(folder.pk, is_seen=False):
        messages.set_flags(folder.user, ids, seen=True)
        changed += ids
    return changed


def _batches(folder_id: int, **which: bool) -> Iterator[list[int]]:
    """The ids of a folder's messages as it is now, by batches in order."""
    last = 0
    rows = Message.objects.filter(folder=folder_id, **which).order_by("pk")
    while ids := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        yield ids
        last = ids[-1]
