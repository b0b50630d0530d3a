"""Which conversation a message belongs to: found as it arrives, or afterwards by a worker.

Arriving mail gets its conversation in the transaction that files it, by three statements a batch.
Old mail that is fetched does not: a worker does it, newest first, so that a pull pays nothing.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count

from lib import bulk
from mailstore import related
from mailstore.models import Message, Thread, ThreadReference
from mailstore.related import Group
from mailstore.services import kin, locks

BATCH = 500
#: Names asked for in one statement.
_ASKED = 4000
#: Stands before a message itself, which nobody has to have named.
_ITSELF = 0


class Name(NamedTuple):
    """A Message-ID somebody named in one person's mailbox, or a mark of `kin`."""

    user_id: int
    digest: bytes


class _Known(NamedTuple):
    thread_id: int
    muted_at: datetime | None


def join(rows: Sequence[Message]) -> set[int]:
    """Give arriving rows their conversations, before they are inserted themselves; the places of
    those whose conversation is muted.

    Inside the caller's transaction, which holds the mailboxes. Rows that have to be known by
    their subject are left to the worker.
    """
    names = [names_of(row) for row in rows]
    marks = [_marks(row) for row in rows]
    known = _known(one for some in (*names, *marks) for one in some)
    ready = [
        place
        for place, row in enumerate(rows)
        if known.keys().isdisjoint(marks[place]) and not kin.names_nothing(row)
    ]
    threads = {name: one.thread_id for name, one in known.items()}
    groups = _unite([rows[place] for place in ready], [names[place] for place in ready], threads)
    muted = {one.thread_id for one in known.values() if one.muted_at is not None}
    return {ready[at] for group in _quiet(groups, muted) for at in group.rows}


def _quiet(groups: Sequence[Group[Name]], muted: Collection[int]) -> list[Group[Name]]:
    """The groups whose conversation is muted; some may have met one that is heard."""
    found = [group for group in groups if group.threads.intersection(muted)]
    met = [min(group.threads) for group in found if len(group.threads) > 1]
    if not met:
        return found
    heard = set(Thread.objects.filter(pk__in=met, muted_at=None).values_list("pk", flat=True))
    return [group for group in found if min(group.threads) not in heard]


def thread_waiting(*, seconds: float) -> int:
    """Find conversations until nothing waits or the time is up; how many messages had none."""
    done, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        batch = thread_batch()
        done += batch
        if batch < BATCH:
            break
    return done


def thread_batch(limit: int = BATCH) -> int:
    """Find the conversations of the newest messages that wait for it; how many they were."""
    waiting = list(
        Message.objects.filter(thread=None)
        .only("user", "folder", "message_id", "in_reply_to", "references", "subject", "sort_at")
        .order_by("-id")[:limit]
    )
    if not waiting:
        return 0
    marks = [_marks(row) for row in waiting]
    marked = _known(one for some in marks for one in some).keys()
    mates = kin.find(waiting, {at for at, some in enumerate(marks) if marked & set(some)})
    with transaction.atomic():
        locks.hold(*(row.user_id for row in waiting))
        # Those removed meanwhile, or done by another worker, are no matter of ours any more.
        left = Message.objects.filter(pk__in=[row.pk for row in waiting], thread=None)
        still = set(left.values_list("pk", flat=True))
        rows = [row for row in waiting if row.pk in still]
        groups = _tied(rows, {waiting[at].pk: some for at, some in mates.items()})
        bulk.update(Message, ("thread_id",), [(row.pk, row.thread_id) for row in rows])
        together = [group for group in groups if len(group.rows) + len(group.threads) > 1]
        for folder_id in sorted({rows[at].folder_id for one in together for at in one.rows}):
            locks.advance(folder_id)
    return len(waiting)


def astray(rows: Iterable[Message]) -> list[Message]:
    """Those of rows whose names, or one of them, are not known to belong to their thread."""
    named = [(row, names_of(row)) for row in rows]
    known = _known(one for _row, some in named for one in some)
    right = {name: one.thread_id for name, one in known.items()}
    return [row for row, some in named if any(right.get(name) != row.thread_id for name in some)]


def _tied(rows: Sequence[Message], mates: Mapping[int, Collection[int]]) -> list[Group[Name]]:
    """Unite rows, which have their keys, with what they name and with their `mates`."""
    names = [names_of(row) for row in rows]
    known = _known(one for some in names for one in some)
    threads = {name: one.thread_id for name, one in known.items()}
    here = {row.pk for row in rows}
    wanted = {pk for some in mates.values() for pk in some}
    homes = Message.objects.filter(pk__in=wanted) if wanted else Message.objects.none()
    for pk, thread_id in homes.values_list("pk", "thread_id"):
        if thread_id is not None:
            threads[_itself(pk)] = thread_id
    for row, some in zip(rows, names, strict=True):
        if row.pk in wanted:
            some.append(_itself(row.pk))
        # A mate of a later batch is tied to us when its own turn comes.
        ours = (pk for pk in mates.get(row.pk, ()) if pk in here or _itself(pk) in threads)
        some.extend(map(_itself, ours))
    return _unite(rows, names, threads)


def _itself(pk: int) -> Name:
    return Name(_ITSELF, pk.to_bytes(8, "big"))


def names_of(row: Message) -> list[Name]:
    """What a message is known by, and what it names."""
    found = related.digests(row.message_id, row.in_reply_to, row.references)
    return [Name(row.user_id, one) for one in found]


def _marks(row: Message) -> list[Name]:
    return [Name(row.user_id, one) for one in kin.marks(row)]


def _known(names: Iterable[Name]) -> dict[Name, _Known]:
    wanted = sorted(set(names))
    found: dict[Name, _Known] = {}
    for at in range(0, len(wanted), _ASKED):
        some = wanted[at : at + _ASKED]
        rows = ThreadReference.objects.filter(
            user__in={one.user_id for one in some}, digest__in=[one.digest for one in some]
        ).values_list("user_id", "digest", "thread_id", "thread__muted_at")
        for user_id, digest, thread_id, muted_at in rows:
            found[Name(user_id, bytes(digest))] = _Known(thread_id, muted_at)
    return found


def _unite(
    rows: Sequence[Message], names: Sequence[Sequence[Name]], threads: Mapping[Name, int]
) -> list[Group[Name]]:
    """Set the thread of each row; write the threads and references that come to be."""
    groups = related.gather(names, threads)
    made = [group for group in groups if not group.threads]
    new = [Thread(user_id=rows[group.rows[0]].user_id) for group in made]
    bulk.create(new)
    fresh = {id(group): one.pk for group, one in zip(made, new, strict=True)}
    references: list[tuple[int, int, bytes]] = []
    for group in groups:
        if len(group.threads) > 1:
            _merge(group.threads)
        thread_id = fresh.get(id(group)) or min(group.threads)
        for place in group.rows:
            rows[place].thread_id = thread_id
        for place in group.rows:
            if kin.names_nothing(rows[place]):
                group.new.add(Name(rows[place].user_id, kin.own_mark(rows[place])))
        references += [
            (one.user_id, thread_id, one.digest) for one in sorted(group.new) if one.user_id
        ]
    columns = ("user_id", "thread_id", "digest")
    # A mark of one subject may be kept already, for another conversation.
    bulk.insert(ThreadReference, columns, references, ignore_conflicts=True)
    return groups


def _merge(threads: Collection[int]) -> None:
    """Make one conversation of several: the oldest, muted if one of them was.

    Unless another that is heard has several messages: whoever names both must not be able to
    send mail that somebody waits for past the Inbox.
    """
    oldest = min(threads)
    others = [one for one in threads if one != oldest]
    muted = Thread.objects.filter(pk__in=threads, muted_at__isnull=False)
    since = muted.order_by("muted_at").values_list("muted_at", flat=True).first()
    if since is not None:
        heard = Thread.objects.filter(pk__in=threads, muted_at=None)
        if heard.annotate(count=Count("messages")).filter(count__gt=1).exists():
            since = None
        Thread.objects.filter(pk=oldest).update(muted_at=since)
    Message.objects.filter(thread__in=others).update(thread=oldest)
    ThreadReference.objects.filter(thread__in=others).update(thread=oldest)
    Thread.objects.filter(pk__in=others).delete()
