"""In what order a list of messages is read: by key, so that every page begins where one ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Case, CharField, F, Q, QuerySet, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Left, Lower

from mailstore.listing import Cursor
from mailstore.models import Message

# As much of a text as lists are sorted by, and as a cursor carries in an address.
MAX_KEY = 60


class Sort(StrEnum):
    """What a list is sorted by; in each the newer message comes first among equals."""

    NEWEST = "newest"
    OLDEST = "oldest"
    SENDER = "sender"
    SUBJECT = "subject"
    SIZE = "size"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class Order:
    """How rows follow each other: by ``key``, then by time and id. ``halves`` come one after the
    other, each in this order. ``moment`` and ``row`` name other columns for time and id."""

    key: Combinable | None = None
    falling: bool = False
    oldest: bool = False
    halves: tuple[Q, ...] = (Q(),)
    moment: str = "sort_at"
    row: str = "id"

    @property
    def columns(self) -> list[str]:
        """What a cursor is made of."""
        return [self.moment, self.row, *([] if self.key is None else ["key"])]

    def half_of(self, last: Cursor | None) -> int:
        """In which of the halves a row lies."""
        if last is None or len(self.halves) == 1 or last.key not in {"0", "1"}:
            return 0
        return int(last.key)

    def arranged(self, found: QuerySet[Message], *, backwards: bool = False) -> QuerySet[Message]:
        """These rows in order, or in the opposite one."""
        names = ["-key" if self.falling != backwards else "key"] if self.key is not None else []
        sign = "" if self.oldest != backwards else "-"
        return found.order_by(*names, f"{sign}{self.moment}", f"{sign}{self.row}")

    def keyed(self, found: QuerySet[Message]) -> QuerySet[Message]:
        """These rows with what they are sorted by."""
        return found if self.key is None else found.annotate(key=self.key)

    def beyond(self, found: QuerySet[Message], last: Cursor) -> QuerySet[Message]:
        """The rows that follow one."""
        way = "gt" if self.oldest else "lt"
        later = Q(**{f"{self.moment}__{way}": last.sort_at})
        later |= Q(**{self.moment: last.sort_at, f"{self.row}__{way}": last.id})
        if self.key is None:
            # The plain bound lets the database start at the right place of the index.
            return found.filter(**{f"{self.moment}__{way}e": last.sort_at}).filter(later)
        side, key = "gt", str(last.key)
        if self.falling:  # by size
            side, key = "lt", key if key.isdecimal() and len(key) < 19 else "0"
        return found.filter(Q(**{f"key__{side}": key}) | Q(key=key) & later)


_WHO = Case(
    When(from_name="", then=F("from_address")),
    default=F("from_name"),
    output_field=CharField(),
)
ORDERS = {
    Sort.NEWEST: Order(),
    Sort.OLDEST: Order(oldest=True),
    Sort.SENDER: Order(key=Lower(Left(_WHO, MAX_KEY))),
    Sort.SUBJECT: Order(key=Lower(Left("subject", MAX_KEY))),
    Sort.SIZE: Order(key=F("size"), falling=True),
    # Two lists, each with an index of its own.
    Sort.UNREAD: Order(halves=(Q(is_seen=False), Q(is_seen=True))),
}
#: Of a label's list, which has an index beside the messages.
LABELLED = Order(moment="labelled_at", row="labelled")
