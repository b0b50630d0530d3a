"""How many conversations a place holds. Nothing is stored that says so: it is counted, and what
was counted of a large place is carried on for a while by what its folders count themselves."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Q, QuerySet

from mailstore.models import Message

#: Up to so many messages conversations are counted every time.
FEW: Final = 100
#: Seconds for which a count is carried on, by at most so many messages.
KEPT: Final = 600
DRIFT: Final = 200
PLACES: Final = 1000


@dataclass(frozen=True, slots=True)
class _Count:
    conversations: int
    messages: int
    at: float


class Counts:
    """What one process has counted, the places asked for last."""

    def __init__(self) -> None:
        self._known: OrderedDict[object, _Count] = OrderedDict()

    def of(self, key: object, found: QuerySet[Message], messages: int) -> tuple[int, bool]:
        """Conversations among ``found``, which are ``messages`` rows, and whether that is exact:
        of a large place it is not where mail came or went since it was counted. ``key`` names
        the place and its owner."""
        if messages <= FEW:
            return _counted(found), True
        known, now = self._known.get(key), time.monotonic()
        if known is None or now - known.at > KEPT or abs(messages - known.messages) > DRIFT:
            known = _Count(_counted(found), messages, now)
            self._known[key] = known
        self._known.move_to_end(key)
        if len(self._known) > PLACES:
            self._known.popitem(last=False)
        more = messages - known.messages
        return max(1, known.conversations + more), not more


def _counted(found: QuerySet[Message]) -> int:
    """Each conversation once, and each message that has none."""
    counts = found.order_by().aggregate(
        threads=Count("thread", distinct=True), single=Count("pk", filter=Q(thread=None))
    )
    return int(counts["threads"] + counts["single"])


COUNTS: Final = Counts()
