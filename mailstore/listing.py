"""Where a page of a list begins, and what narrows a list."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import QuerySet

from mailstore.models import Message

PAGE = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page; the next page begins below it."""

    sort_at: datetime
    id: int
    #: What the list is sorted by before the time, if anything.
    key: str | int = ""

    def __str__(self) -> str:
        """Short, and fit for an address: microseconds since 1970, the id and the key."""
        place = f"{(self.sort_at - _EPOCH) // _MICROSECOND}-{self.id}"
        if self.key == "":
            return place
        key = base64.urlsafe_b64encode(str(self.key).encode()).decode().rstrip("=")
        return f"{place}~{key}"

    @classmethod
    def read(cls, text: str) -> "Cursor | None":
        """The cursor that was written so (its key as text), or None where it was not."""
        place, _tilde, key = text.partition("~")
        try:
            moment, number = (int(part) for part in place.rsplit("-", 1))
            said = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)).decode()
            if "\0" in said or not 0 <= number < 2**63:  # no database takes these
                return None
            return cls(_EPOCH + moment * _MICROSECOND, number, said)
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Filters:
    """The chips above a list; each narrows it. `source` is the id of a Source."""

    unread: bool = False
    starred: bool = False
    attachments: bool = False
    source: int | None = None


def narrowed(found: QuerySet[Message], filters: Filters) -> QuerySet[Message]:
    """The messages that pass the chips."""
    if filters.unread:
        found = found.filter(is_seen=False)
    if filters.starred:
        found = found.filter(is_flagged=True)
    if filters.attachments:
        found = found.filter(has_attachments=True)
    if filters.source is not None:
        found = found.filter(source=filters.source)
    return found
