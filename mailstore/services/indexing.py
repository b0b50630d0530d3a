"""Feeding the search index, batch by batch, beside the mail that keeps arriving."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from mailstore import index, search
from mailstore.index_text import IndexText, index_text
from mailstore.index_words import Entry
from mailstore.models import Message
from mailstore.services import attachments, blobs, locks
from mailstore.services.attachments import Came

BATCH = 100
# Fewer messages that wait for the index are not told of.
FEW = 50


def index_batch(limit: int = BATCH) -> int:
    """Index the newest messages that wait for it; how many. 0 means nothing waits."""
    waiting = list(
        Message.objects.filter(is_indexed=False)
        .select_related("blob__segment")
        .order_by("-id")[:limit]
    )
    _enter(waiting)
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


def _entry(message: Message, came: dict[int, Came]) -> Entry:
    try:
        raw = blobs.read(message.blob)
        said = index_text(raw)
        came[message.pk] = attachments.looked_at(raw, said.parts)
    except blobs.BlobUnreadable:
        # Its row is all that is left of it; check_store reports the loss.
        said = IndexText(
            sender=f"{message.from_name} {message.from_address}",
            to=message.to_text,
            subject=message.subject,
            body=message.snippet,
        )
    return search.entry(message, said)


def prepare() -> None:
    """Make the index if it is missing, or of an older kind; then every message waits for it."""
    if index.current().create():
        Message.objects.filter(is_indexed=True).update(is_indexed=False)


def rebuild() -> int:
    """Make every entry again in its place; how many. Searches find everything all the while."""
    done, last = 0, 0
    while batch := list(_stored(last)):
        _enter(batch)
        done, last = done + len(batch), batch[-1].pk
    while strays := index.current().strays(BATCH):
        index.remove(strays)
    return done


def _enter(messages: Sequence[Message]) -> None:
    """Make the entries of messages, and what is written down of their files."""
    came: dict[int, Came] = {}
    entries = [_entry(message, came) for message in messages]
    with transaction.atomic():
        locks.hold(*(message.user_id for message in messages))
        # Those removed meanwhile must not come back into the index.
        known = Message.objects.filter(pk__in=[message.pk for message in messages])
        there = set(known.values_list("pk", flat=True))
        search.put([entry for entry in entries if entry.message_id in there])
        attachments.enter([message for message in messages if message.pk in there], came)
        known.filter(is_indexed=False).update(is_indexed=True)


def _stored(last: int) -> QuerySet[Message]:
    """The messages that follow one. Those that wait for the index come to it without us."""
    rows = Message.objects.filter(pk__gt=last, is_indexed=True)
    return rows.select_related("blob__segment").order_by("pk")[:BATCH]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the index is: so many messages of so many."""

    done: int
    total: int


def progress(user: User) -> Progress | None:
    """How far the index of somebody's mail is; None where it has everything."""
    # New mail waits for seconds; that is not worth a word, nor a look at all of somebody's mail.
    waiting = Message.objects.filter(is_indexed=False)
    if len(waiting.order_by("id").values_list("id")[:FEW]) < FEW:
        return None
    mine, total = waiting.filter(user=user).count(), Message.objects.filter(user=user).count()
    return Progress(total - mine, total) if mine >= FEW else None
