"""Feeding the search index, batch by batch, beside the mail that keeps arriving."""

import time

from django.db import transaction

from accounts.models import User
from mailstore import index, mime, search
from mailstore.index import Entry
from mailstore.mime import IndexText
from mailstore.models import Message
from mailstore.services import blobs, locks

BATCH = 100


def index_batch(limit: int = BATCH) -> int:
    """Index the newest messages that wait for it; how many. 0 means nothing waits."""
    waiting = list(
        Message.objects.filter(is_indexed=False)
        .select_related("blob__segment")
        .order_by("-id")[:limit]
    )
    entries = [_entry(message) for message in waiting]
    with transaction.atomic():
        locks.hold(*(message.user_id for message in waiting))
        # Those removed meanwhile must not come back into the index.
        there = set(
            Message.objects.filter(pk__in=[message.pk for message in waiting]).values_list(
                "pk", flat=True
            )
        )
        search.put([entry for entry in entries if entry.message_id in there])
        Message.objects.filter(pk__in=there).update(is_indexed=True)
    return len(waiting)


def index_waiting(*, seconds: float) -> int:
    """Index until nothing waits or the time is up; how many."""
    done, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        batch = index_batch()
        done += batch
        if batch < BATCH:
            break
    return done


def _entry(message: Message) -> Entry:
    try:
        said = mime.index_text(blobs.read(message.blob))
    except blobs.BlobUnreadable:
        # Its row is all that is left of it; check_store reports the loss.
        said = IndexText(
            sender=f"{message.from_name} {message.from_address}",
            recipients=message.to_text,
            subject=message.subject,
            body=message.snippet,
        )
    return search.entry(message, said)


def rebuild() -> None:
    """Empty the index and let every message wait for it again."""
    with transaction.atomic():
        locks.hold(*User.objects.values_list("pk", flat=True))
        index.current().clear()
        Message.objects.update(is_indexed=False)
