"""One writer per mailbox at a time, and counters that move with the rows they count."""

from django.db import connection
from django.db.models import F

from accounts.models import User
from lib import live
from mailstore.models import Folder

_COUNT = (
    "UPDATE mailstore_folder SET total = total + %s, unread = unread + %s, size = size + %s,"
    " modseq = modseq + 1 WHERE id = %s RETURNING modseq, user_id"
)


def hold(*user_ids: int) -> None:
    """Wait until no other transaction changes these mailboxes; held until ours ends.

    One lock per person, taken in order, instead of locks per folder and message that could meet
    each other in different orders. SQLite has a single writer and needs none.
    """
    if not connection.features.has_select_for_update:
        return
    list(
        User.objects.select_for_update(no_key=True)
        .filter(pk__in=set(user_ids))
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def advance(folder_id: int) -> int:
    """Raise the folder's modification sequence; its new value."""
    Folder.objects.filter(pk=folder_id).update(modseq=F("modseq") + 1)
    modseq, user_id = Folder.objects.values_list("modseq", "user_id").get(pk=folder_id)
    live.changed(user_id)
    return modseq


def count(folder_id: int, *, total: int = 0, unread: int = 0, size: int = 0) -> int:
    """Add to the folder's counters and raise its modification sequence; its new value.

    Raises Folder.DoesNotExist.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, (total, unread, size, folder_id))
        found = cursor.fetchall()
    if not found:
        raise Folder.DoesNotExist
    modseq, user_id = found[0]
    live.changed(user_id)
    return int(modseq)
