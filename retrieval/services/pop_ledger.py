"""The ledger of a maildrop: what its ids stood for, and which rows may lose their message there."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from operator import attrgetter
from typing import NamedTuple, TypeVar

from django.db.models import CharField, Max, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from lib import bulk
from mailstore.models import Blob
from mailstore.services import blobs
from retrieval.models import PopMessage, PopState, RetrievalTask

PAST = "past "  # no id holds a space
CONTENT = "sha256:"
BY_CONTENT = Q(key__startswith=PAST) | Q(key__startswith=CONTENT)
COLUMNS = (
    "state", "size", "sha256", "head", "message_id", "attempts", "next_try_at", "error"
)  # fmt: skip
HEAD = 65_536  # bytes; longer headers are told by their beginnings
_BLANK = re.compile(rb"\n\r?\n")
_values = attrgetter(*COLUMNS)
log = logging.getLogger(__name__)
T = TypeVar("T")


class Known(NamedTuple):
    """What matters of a ledger row when a maildrop is listed: there may be very many."""

    pk: int
    state: str
    size: int | None
    attempts: int = 0
    next_try_at: datetime | None = None


def start_afresh(task: RetrievalTask) -> None:
    """Doubt everything that is known of the maildrop: it is another account's now."""
    rows = PopMessage.objects.filter(task=task)
    here = rows.filter(state__in=(PopState.STORED, PopState.DELETED))
    retire(here.exclude(BY_CONTENT))
    rows.exclude(state__in=(PopState.STORED, PopState.DELETED)).delete()


def retire(rows: QuerySet[PopMessage], *, beside: int = 0) -> None:
    """Keep these rows for their hashes only, free of the ids they were known by.

    Rows up to ``beside`` were listed together with these: they are other messages, even where
    their bytes are the same.
    """
    words = Value(PAST), Cast("pk", CharField()), Value(f" {beside}")
    rows.update(key=Concat(*words, output_field=CharField()))


def beside(row: PopMessage) -> int:
    """The last row that was listed together with a retired one."""
    words = row.key.split(" ")
    return int(words[2]) if row.key.startswith(PAST) and len(words) == 3 else 0


def usable(uidl: str | None) -> str | None:
    """An id unless it looks like a key of ours; databases differ in what they hold for alike."""
    ours = uidl is not None and uidl.lower().startswith(CONTENT)
    return None if ours else uidl


def named(task: RetrievalTask) -> dict[str, Known]:
    """What is known of every message that goes by an id, by that id."""
    rows = PopMessage.objects.filter(task=task).exclude(BY_CONTENT)
    fields = rows.values_list("key", "pk", "state", "size", "attempts", "next_try_at")
    return {row[0]: Known(*row[1:]) for row in fields.iterator(5000)}


def put_away(task: RetrievalTask, gone: Sequence[Known]) -> None:
    """Ids that are not listed any more: what is here is kept by its content, the rest forgotten."""
    here = (PopState.STORED, PopState.DELETED)
    rows = PopMessage.objects.filter(task=task)
    newest = rows.aggregate(newest=Max("pk"))["newest"] or 0
    for chunk in chunks([known.pk for known in gone if known.state in here], 500):
        retire(rows.filter(pk__in=chunk), beside=newest)
    for chunk in chunks([known.pk for known in gone if known.state not in here], 500):
        rows.filter(pk__in=chunk).delete()


def discover(task: RetrievalTask, sizes: Mapping[str, int], largest: int) -> None:
    """New rows for ids with these listed sizes; those that are known already stay as they are."""
    states = (PopState.PENDING, PopState.TOO_BIG)
    rows = [(task.pk, key, size, states[size > largest]) for key, size in sizes.items()]
    columns = ("task_id", "key", "size", "state")
    bulk.insert(PopMessage, columns, rows, ignore_conflicts=True)


def refuse_size(task: RetrievalTask, ids: Sequence[int]) -> None:
    """Set messages aside again that turned out to be too large once more."""
    for chunk in chunks(ids, 500):
        PopMessage.objects.filter(task=task, pk__in=chunk).update(state=PopState.TOO_BIG)


def doubt(task: RetrievalTask, ids: Sequence[int]) -> None:
    """Forget the sizes of these, so that they are fetched once more before anything is removed."""
    for chunk in chunks(ids, 500):
        PopMessage.objects.filter(task=task, pk__in=chunk).update(size=None)


def removed(task: RetrievalTask, ids: Sequence[int]) -> None:
    """The server confirmed that these are gone there."""
    for chunk in chunks(ids, 500):
        PopMessage.objects.filter(task=task, pk__in=chunk).update(state=PopState.DELETED)


def save(rows: Sequence[PopMessage]) -> None:
    """New rows inserted, known ones updated, in few statements."""
    bulk.create([row for row in rows if row.pk is None])
    known = [row for row in rows if row.pk is not None]
    bulk.update(PopMessage, COLUMNS, [(row.pk, *_values(row)) for row in known])


def head_of(data: bytes) -> bytes:
    """What tells a message by its header, whichever way its lines end there (TOP, RETR)."""
    data = data[:HEAD].lstrip(b"\r\n")
    end = _BLANK.search(data)
    head = data[: end.start()] if end else data
    return blake2b(head.replace(b"\r\n", b"\n").strip(), digest_size=16).digest()


def safe(rows: dict[int, PopMessage]) -> dict[int, PopMessage]:
    """Rows whose copy here is stored, not empty, and has the bytes that were fetched."""
    stored = {
        number: row for number, row in rows.items() if row.state == PopState.STORED and row.sha256
    }
    copies: dict[bytes, Blob] = {}
    for chunk in chunks([bytes(row.sha256 or b"") for row in stored.values()], 500):
        found = Blob.objects.filter(sha256__in=chunk).select_related("segment")
        copies |= {bytes(blob.sha256): blob for blob in found}
    return {
        number: row
        for number, row in stored.items()
        if _is_intact(copies.get(bytes(row.sha256 or b"")))
    }


def _is_intact(blob: Blob | None) -> bool:
    if blob is None:
        return False
    intact = blobs.is_intact(blob)
    if not intact:
        log.error("a stored message cannot be read back; it stays on the server")
    return intact


def chunks(values: Sequence[T], size: int) -> Iterator[list[T]]:
    """Lists of at most ``size``, as databases bear them in one statement."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
