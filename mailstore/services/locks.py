"""One writer per mailbox at a time, and counters that move with the rows they count."""

from django.db import connection
from django.db.models import F

from lib import live
from lib.prepared import run
from mailstore.models import Folder, FolderRole

_HOLD = "SELECT id FROM accounts_user WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
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
    run(_HOLD, sorted(set(user_ids)))


def advance(folder_id: int) -> int:
    """Raise the folder's modification sequence; its new value."""
    Folder.objects.filter(pk=folder_id).update(modseq=F("modseq") + 1)
    modseq, user_id = Folder.objects.values_list("modseq", "user_id").get(pk=folder_id)
    live.changed(user_id)
    return modseq


def touch(user_id: int) -> None:
    """Something that stands beside every list changed: open pages look, whatever they show."""
    inbox = Folder.objects.filter(user=user_id, role=FolderRole.INBOX)
    inbox.update(modseq=F("modseq") + 1)
    live.changed(user_id)


def count(folder_id: int, *, total: int = 0, unread: int = 0, size: int = 0) -> int:
    """Add to the folder's counters and raise its modification sequence; its new value.

    Raises Folder.DoesNotExist.
    """
    found = run(_COUNT, total, unread, size, folder_id)
    if not found:
        raise Folder.DoesNotExist
    modseq, user_id = found[0]
    live.changed(user_id)
    return int(modseq)
