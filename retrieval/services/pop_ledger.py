"""The ledger of a maildrop: what its ids stood for, and which rows may lose their message there."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat

from mailstore.models import Blob
from mailstore.services import blobs
from retrieval.models import PopMessage, PopState, RetrievalTask

PAST = "past "  # no id holds a space
CONTENT = "sha256:"
log = logging.getLogger(__name__)
T = TypeVar("T")


def start_afresh(task: RetrievalTask) -> None:
    """Doubt everything that is known of the maildrop: it is another account's now."""
    rows = PopMessage.objects.filter(task=task)
    here = rows.filter(state__in=(PopState.STORED, PopState.DELETED))
    retire(here.exclude(key__startswith=PAST).exclude(key__startswith=CONTENT))
    rows.exclude(state__in=(PopState.STORED, PopState.DELETED)).delete()


def retire(rows: QuerySet[PopMessage]) -> None:
    """Keep these rows for their hashes only, free of the ids they were known by."""
    rows.update(key=Concat(Value(PAST), Cast("pk", CharField()), output_field=CharField()))


def insert(rows: list[PopMessage]) -> None:
    """New rows; those that are known already stay as they are."""
    PopMessage.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def upsert(rows: list[PopMessage]) -> None:
    """New rows inserted, known ones updated, in a statement each."""
    PopMessage.objects.bulk_create([row for row in rows if row.pk is None])
    PopMessage.objects.bulk_create(
        [row for row in rows if row.pk is not None],
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=["state", "size", "sha256", "message", "attempts", "error"],
    )


def safe(rows: dict[int, PopMessage]) -> dict[int, PopMessage]:
    """Rows whose copy here is stored, not empty, and has the bytes that were fetched."""
    stored = {
        number: row
        for number, row in rows.items()
        if row.state == PopState.STORED and row.sha256 and row.size
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
    try:
        # Reading verifies the hash; pieces, because a message may be large.
        deque(blobs.stream(blob), maxlen=0)
    except blobs.BlobUnreadable:
        log.exception("a stored message cannot be read back; it stays on the server")
        return False
    return True


def chunks(values: Sequence[T], size: int) -> Iterator[list[T]]:
    """Lists of at most ``size``, as databases bear them in one statement."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
