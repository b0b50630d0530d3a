"""A folder with thousands of messages, made at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import User
from mailstore.models import Folder, Message
from mailstore.services import folders
from tests import mail


def many(user: User, total: int, *, now: datetime, every: timedelta = timedelta(hours=5)) -> Folder:
    """An Inbox of ``total`` messages "Nr 00000", the newest, to the oldest, one ``every`` so long.
    All are read; bodies and all else are those of one message."""
    inbox = folders.special(user, "inbox")
    (first,) = mail.put(inbox, mail.letter("Nr 00000"))
    Message.objects.filter(pk=first.pk).update(sort_at=now, is_seen=True)
    first.refresh_from_db()
    rows = []
    for number in range(1, total):
        fields = {
            field.attname: getattr(first, field.attname) for field in Message._meta.concrete_fields
        }
        fields |= {"id": None, "subject": f"Nr {number:05}", "sort_at": now - number * every}
        fields["thread_id"] = None
        rows.append(Message(**fields))
    Message.objects.bulk_create(rows, batch_size=2000)
    Folder.objects.filter(pk=inbox.pk).update(total=total, unread=0)
    inbox.refresh_from_db()
    return inbox
