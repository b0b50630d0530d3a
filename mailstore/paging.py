"""Pages of a list of messages: the hundredth costs what the first does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.db.models.functions import Left

from mailstore.listing import PAGE, Cursor
from mailstore.models import Message
from mailstore.order import Order

# More of a text than any list shows.
MAX_SHOWN = 400


class Line(NamedTuple):
    """What a list knows of a message. ``key`` is what it was sorted by beside its time."""

    id: int
    folder_id: int
    source_id: int | None
    thread_id: int | None
    sort_at: datetime
    is_seen: bool
    is_flagged: bool
    is_answered: bool
    is_forwarded: bool
    has_attachments: bool
    from_name: str
    from_address: str
    snippet: str
    subject: str
    to_text: str
    key: str | int = ""

    @property
    def pk(self) -> int:
        """The id, under the name that rows of the database have for it."""
        return self.id


_PLAIN = Line._fields[:-3]


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in their order, and where the next page begins (None: this is the last)."""

    rows: list[Line]
    next_cursor: Cursor | None


def page(
    found: QuerySet[Message],
    order: Order,
    *,
    before: Cursor | None = None,
    at: int = 0,
    total: int | None = None,
    size: int = PAGE,
) -> Page:
    """The page that follows a cursor, or that begins with the ``at``-th row (from 0).

    ``total``, where known, lets that be counted from the nearer end.
    """
    found = order.keyed(found)
    half = order.half_of(before)
    if at > 0 and before is None:
        half, at, total = _half_at(found, order, at, total)
        before = _row_before(found.filter(order.halves[half]), order, at, total)
        if at and before is None:
            return Page([], None)
    rows: list[Line] = []
    for number in range(half, len(order.halves)):
        part = found.filter(order.halves[number])
        if before is not None and number == half:
            part = order.beyond(part, before)
        rows += _lines(part, order, number, size + 1 - len(rows))
        if len(rows) > size:
            last = rows[size - 1]
            return Page(rows[:size], Cursor(last.sort_at, last.id, last.key))
    return Page(rows, None)


def _half_at(
    found: QuerySet[Message], order: Order, at: int, total: int | None
) -> tuple[int, int, int | None]:
    """In which half the row lies, which one it is there, and how many that half has."""
    if len(order.halves) == 1:
        return 0, at, total
    for number, half in enumerate(order.halves[:-1]):
        count = found.filter(half).count()
        if at < count:
            return number, at, count
        at -= count
    return len(order.halves) - 1, at, None


def _row_before(
    found: QuerySet[Message], order: Order, at: int, total: int | None
) -> Cursor | None:
    """The row above the ``at``-th. Asks an index alone, where the order has one."""
    if at <= 0:
        return None
    backwards = total is not None and total // 2 < at <= total
    skipped = total - at if backwards and total is not None else at - 1
    names = order.columns
    for row in order.arranged(found, backwards=backwards).values_list(*names)[
        skipped : skipped + 1
    ]:
        return Cursor(*row)
    return None


def _lines(found: QuerySet[Message], order: Order, half: int, size: int) -> Iterable[Line]:
    short = order.arranged(found).annotate(
        short_subject=Left("subject", MAX_SHOWN), short_to=Left("to_text", MAX_SHOWN)
    )
    names = [*_PLAIN, "short_subject", "short_to"]
    if order.key is not None:
        return map(Line._make, short.values_list(*names, "key")[:size])
    mark = str(half) if len(order.halves) > 1 else ""
    return (Line._make((*row, mark)) for row in short.values_list(*names)[:size])
