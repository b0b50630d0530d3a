"""Pages of a list of messages: the hundredth costs what the first does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.db.models.functions import Left

from lib.prepared import Prepared
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


class Often:
    """The rows of one folder, which are asked for so often that the queries are prepared: ``make``
    is given its id, or a mark instead, and makes the query of its messages. ``order`` has no key.
    """

    def __init__(self, make: Callable[[int], QuerySet[Message]], order: Order) -> None:
        self._make, self._order = make, order
        halves = range(len(order.halves))
        self._first = [Prepared(partial(self._begin, one), int) for one in halves]
        self._next = [Prepared(partial(self._go_on, one), int, datetime, int) for one in halves]

    def _begin(self, half: int, folder: int) -> QuerySet[Message, Any]:
        return _asked(self._make(folder), self._order, half, PAGE)

    def _go_on(self, half: int, folder: int, at: datetime, row: int) -> QuerySet[Message, Any]:
        rows = self._order.beyond(self._make(folder), Cursor(at, row))
        return _asked(rows, self._order, half, PAGE)

    def rows(self, folder: int, half: int, before: Cursor | None) -> Sequence[tuple[Any, ...]]:
        """A page and one more."""
        if before is None:
            return self._first[half].rows(folder)
        return self._next[half].rows(folder, before.sort_at, before.id)


def page(
    found: QuerySet[Message],
    order: Order,
    *,
    before: Cursor | None = None,
    at: int = 0,
    total: int | None = None,
    size: int = PAGE,
    often: Callable[[int, Cursor | None], Sequence[tuple[Any, ...]]] | None = None,
) -> Page:
    """The page that follows a cursor, or that begins with the ``at``-th row (from 0).

    ``total``, where known, lets that be counted from the nearer end. ``often`` is asked instead of
    ``found``, where there is a quicker way to the rows of a half after a cursor; see `Often`.
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
        last = before if number == half else None
        if often is not None:
            rows += _lines(often(number, last), order, number)
        else:
            part = found if last is None else order.beyond(found, last)
            rows += _lines(_asked(part, order, number, size), order, number)
        if len(rows) > size:
            end = rows[size - 1]
            return Page(rows[:size], Cursor(end.sort_at, end.id, end.key))
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


def _asked(
    found: QuerySet[Message], order: Order, half: int, size: int
) -> QuerySet[Message, tuple[Any, ...]]:
    """What a line needs of the first of these rows: a page and one more."""
    part = order.arranged(found.filter(order.halves[half])).annotate(
        short_subject=Left("subject", MAX_SHOWN), short_to=Left("to_text", MAX_SHOWN)
    )
    key = [] if order.key is None else ["key"]
    return part.values_list(*_PLAIN, "short_subject", "short_to", *key)[: size + 1]


def _lines(rows: Iterable[tuple[Any, ...]], order: Order, half: int) -> Iterable[Line]:
    if order.key is not None:
        return map(Line._make, rows)
    mark = str(half) if len(order.halves) > 1 else ""
    return (Line._make((*row, mark)) for row in rows)
