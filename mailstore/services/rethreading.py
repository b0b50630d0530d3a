"""Making conversations again from what messages say, and proof that they are right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from mailstore.models import Message, Thread, ThreadReference
from mailstore.services import locks, threads

CHUNK = 500


def rethread() -> int:
    """Find every conversation again; how many messages that were.

    Muted conversations stay what they are, as that is known from nowhere else.
    """
    for user_id in User.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            locks.hold(user_id)
            made = Thread.objects.filter(user=user_id, muted_at=None)
            Message.objects.filter(user=user_id, thread__in=made).update(thread=None)
            ThreadReference.objects.filter(thread__in=made).delete()
            made.delete()
    done = 0
    while batch := threads.thread_batch():
        done += batch
    return done


def sweep(*, before: datetime) -> int:
    """Remove conversations older than `before` whose messages are gone; how many.

    Their names come back with the next message that names them; that one was muted does not.
    """
    there = Message.objects.filter(thread=OuterRef("pk"))
    empty = Thread.objects.filter(~Exists(there), muted_at=None, created_at__lt=before)
    swept = 0
    for user_id in empty.order_by().values_list("user_id", flat=True).distinct():
        with transaction.atomic():
            locks.hold(user_id)
            _all, kinds = empty.filter(user=user_id).delete()
            swept += kinds.get(Thread._meta.label, 0)
    return swept


def wrong(*, repair: bool = False) -> Iterator[str]:
    """Messages whose names belong to another conversation than they do, in words.

    With `repair` they wait for a worker to find it again.
    """
    last = 0
    while batch := list(_threaded().filter(pk__gt=last)[:CHUNK]):
        last = batch[-1].pk
        with transaction.atomic():
            locks.hold(*(row.user_id for row in batch))
            # Read again: some may have been united or removed since.
            astray = threads.astray(_threaded().filter(pk__in=[row.pk for row in batch]))
            if repair:
                Message.objects.filter(pk__in=[row.pk for row in astray]).update(thread=None)
        for row in astray:
            yield f"message {row.pk}: what it names belongs to another conversation"


def _threaded() -> QuerySet[Message]:
    columns = ("user", "thread", "message_id", "in_reply_to", "references")
    return Message.objects.filter(thread__isnull=False).only(*columns).order_by("pk")
