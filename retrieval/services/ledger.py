"""The ledger's rows in numbers: entered, settled, counted, without an object for each.

Everything here runs in the caller's transaction, which checks the fence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Self

from django.db.models import BooleanField, Count, Min, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL

from lib import bulk
from protocols.imap import RemoteMeta
from retrieval import plan
from retrieval.batches import Open
from retrieval.models import RemoteFolder, RemoteMessage, RemoteState, RetrievalTask

_NEW = (
    "folder_id", "generation", "uid", "state", "size", "internal_at", "flags", "server_id",
    "ident", "sha256", "message_id",
)  # fmt: skip
_SETTLED = (
    "state", "size", "sha256", "ident", "message_id", "attempts", "next_try_at", "error",
)  # fmt: skip
# Folders counted by one statement.
TOGETHER = 50
_OPEN = ("pk", "uid", "size", "server_id", "internal_at", "attempts", "sha256")


@dataclass(frozen=True, slots=True)
class New:
    """A message the server told of, and its first verdict."""

    folder_id: int
    generation: int
    uid: int
    state: str
    size: int | None = None
    internal_at: datetime | None = None
    flags: Sequence[str] = ()
    server_id: str = ""
    ident: bytes | None = None
    sha256: bytes | None = None
    message_id: int | None = None

    @classmethod
    def of(cls, row: RemoteFolder, meta: RemoteMeta, *, max_size: int) -> Self:
        """What a folder's scan told of a message; ``max_size`` are bytes."""
        return cls(
            folder_id=row.pk,
            generation=row.generation,
            uid=meta.uid,
            state=plan.first_verdict(meta.size, meta.flags, max_size=max_size),
            size=meta.size,
            internal_at=meta.internal_at,
            flags=plan.kept_flags(meta.flags),
            # Half an id would name two messages.
            server_id=meta.server_id if len(meta.server_id) <= 64 else "",
            ident=plan.ident(meta.message_id) if meta.message_id else None,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an open row; what is not named here is as if it had just been entered."""

    pk: int
    state: str
    size: int | None
    sha256: bytes | None = None
    ident: bytes | None = None
    message_id: int | None = None
    attempts: int = 0
    next_try_at: datetime | None = None
    error: str = ""


@dataclass(slots=True)
class Tally:
    """Ledger rows of a folder by state, and the lowest that is open."""

    counts: dict[str, int] = field(default_factory=dict)
    lowest_open: int | None = None

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def insert(rows: Sequence[New]) -> None:
    """Enter new rows; those that are known already stay as they are."""
    values = [
        (
            row.folder_id, row.generation, row.uid, row.state, row.size, row.internal_at,
            list(row.flags), row.server_id, row.ident, row.sha256, row.message_id,
        )
        for row in rows
    ]  # fmt: skip
    bulk.insert(RemoteMessage, _NEW, values, ignore_conflicts=True)


def settle(verdicts: Sequence[Verdict]) -> None:
    """Write what became of open rows."""
    values = [
        (
            one.pk, one.state, one.size, one.sha256, one.ident, one.message_id, one.attempts,
            one.next_try_at, one.error,
        )
        for one in verdicts
    ]  # fmt: skip
    bulk.update(RemoteMessage, _SETTLED, values)


def of(row: RemoteFolder) -> QuerySet[RemoteMessage]:
    """The rows of a folder that its UIDs of today stand for."""
    return RemoteMessage.objects.filter(folder=row, generation=row.generation)


def with_bytes(
    row: RemoteFolder, hashes: Iterable[bytes], *, older: bool
) -> QuerySet[RemoteMessage]:
    """The rows of a folder for these bytes: of today's UIDs, or of older generations."""
    # By hash at first, and not by generation.
    sign = "<" if older else "="
    text = f"(retrieval_remotemessage.generation + 0 {sign} %s)"
    same = RawSQL(text, (row.generation,), output_field=BooleanField())  # noqa: S611 - text of ours
    return RemoteMessage.objects.filter(same, folder=row, sha256__in=list(hashes))


def open_below(row: RemoteFolder, uid: int, *, now: datetime, most: int) -> list[Open]:
    """What is open and due below a UID, newest first."""
    # Not by generation at first: what is open is little, what is known is a lot.
    is_open = _is_open("AND retrieval_remotemessage.generation + 0 = %s", row.generation)
    rows = RemoteMessage.objects.filter(_due(now), is_open, folder=row, uid__lt=uid)
    found = rows.order_by("-uid").values_list(*_OPEN)[:most]
    return [
        Open(pk, number, size, server_id, date, attempts, bytes(sha256) if sha256 else None)
        for pk, number, size, server_id, date, attempts, sha256 in found
    ]


def flags_of(pks: Sequence[int]) -> dict[int, list[str]]:
    """The flags these rows were entered with."""
    return dict(RemoteMessage.objects.filter(pk__in=pks).values_list("pk", "flags"))


def folders_with_open(task: RetrievalTask, *, now: datetime) -> dict[int, tuple[int, int]]:
    """How many messages are open and due, and of how many bytes as far as told, by folder."""
    rows = RemoteMessage.objects.filter(
        _due(now),
        _is_open("AND retrieval_remotemessage.generation + 0 = retrieval_remotefolder.generation"),
        folder__task=task,
        uid__gte=0,
    )
    counted = rows.values_list("folder_id").annotate(n=Count("pk"), size=Sum("size"))
    return {folder: (number, size or 0) for folder, number, size in counted}


def _is_open(more: str = "", *values: int) -> RawSQL:
    """The condition of the index on open rows, written out: SQLite knows it in no other form."""
    text = f"(retrieval_remotemessage.state = 'pending' {more})"
    return RawSQL(text, values, output_field=BooleanField())  # noqa: S611 - text of ours


def _due(now: datetime) -> Q:
    return Q(next_try_at=None) | Q(next_try_at__lte=now)


def tallies(folders: Mapping[RemoteFolder, int]) -> dict[int, Tally]:
    """The counts of these folders by id, from few queries.

    With each folder comes the UID up to which its noted counts still hold; what lies above is
    counted. 0: all of it.
    """
    found = {row.pk: Tally(dict(row.counts) if last else {}) for row, last in folders.items()}
    places = list(folders.items())
    for at in range(0, len(places), TOGETHER):
        some = [
            Q(folder=row, generation=row.generation, uid__gt=last)
            if last
            else Q(folder=row, generation=row.generation)
            for row, last in places[at : at + TOGETHER]
        ]
        rows = RemoteMessage.objects.filter(reduce(or_, some)).order_by()
        counted = rows.values_list("folder_id", "state").annotate(n=Count("pk"), least=Min("uid"))
        for folder_id, state, number, least in counted:
            tally = found[folder_id]
            tally.counts[state] = tally.counts.get(state, 0) + number
            if state == RemoteState.PENDING:
                tally.lowest_open = least
    return found
