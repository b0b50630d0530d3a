"""How much space a person's mail takes, from what the folders count of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import BigIntegerField, Count, Func, Sum

from accounts.models import User
from mailstore.models import Attachment, Folder, FolderRole, Message

#: Only messages larger than this are told as large; the index of them holds no others.
LARGE: Final = 1024 * 1024
_LARGE: Final = Func(template=str(LARGE), output_field=BigIntegerField())


@dataclass(frozen=True, slots=True)
class Part:
    """A share of what is used: ``size`` in bytes, ``count`` messages or files."""

    size: int
    count: int


def used(user: User) -> int:
    """Bytes of all mail of this person, as received; with one statement over their folders.

    Folders count their mail in the transaction that changes it (`mailstore.services.locks`), so
    that no message is looked at. A body that lies in two folders is counted in both, as it is
    told in lists.
    """
    return Folder.objects.filter(user=user).aggregate(sum=Sum("size"))["sum"] or 0


def by_folder(user: User) -> list[Folder]:
    """The folders with mail in them, the largest first."""
    rows = Folder.objects.filter(user=user, total__gt=0).select_related("source")
    return list(rows.order_by("-size", "name"))


def by_source(user: User) -> dict[int | None, Part]:
    """What each account brought here, by the id of its `Source`; None: written or put here."""
    rows = Message.objects.filter(user=user).order_by().values_list("source")
    return {
        source: Part(size or 0, count)
        for source, size, count in rows.annotate(Sum("size"), Count("pk"))
    }


def by_kind(user: User) -> dict[str, Part]:
    """Attached files by kind (`mailstore.file_kinds`), of all messages that were looked at."""
    rows = Attachment.objects.filter(message__user=user).order_by().values_list("kind")
    return {
        kind: Part(size or 0, count)
        for kind, size, count in rows.annotate(Sum("size"), Count("pk"))
    }


def largest(user: User, *, limit: int = 10) -> list[Message]:
    """The largest messages above `LARGE` that do not lie in Deleted Items, largest first."""
    # Written into the statement: with a parameter SQLite would not see that the index serves.
    rows = Message.objects.filter(user=user, size__gt=_LARGE)
    rows = rows.exclude(folder__role=FolderRole.TRASH).select_related("folder")
    return list(rows.order_by("-size", "-pk")[:limit])
