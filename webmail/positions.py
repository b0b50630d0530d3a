"""Where a conversation of a large folder begins, by its number, without reading all above it.

A list of conversations leaves out what a newer message of the folder answers for. Where these
messages stand is found out once by reading the folder, and used for a while: mail that comes
meanwhile makes a number wrong by as much, as it does that of all rows on the screen.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lib.prepared import run
from webmail.counted import DRIFT, KEPT

#: Up to this number conversations are counted from above, which is quicker.
NEAR: Final = 500
#: Numbers kept in all, of four bytes each.
MOST: Final = 2_000_000
#: Messages of a folder at most that are read for this; a hundred thousand take 60 ms.
LARGEST: Final = 500_000
_THREADS: Final = (
    "SELECT thread_id FROM mailstore_message WHERE folder_id = %s ORDER BY sort_at DESC, id DESC"
)


@dataclass(frozen=True, slots=True)
class _Known:
    left_out: array[int]
    messages: int
    at: float


class Positions:
    """What one process found out, the folders asked for last."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, _Known] = OrderedDict()

    def of(self, folder: int, messages: int, number: int) -> int:
        """Which of the folder's so many ``messages``, the newest first and from 0, heads its
        ``number``-th conversation (from 0)."""
        known, now = self._known.get(folder), time.monotonic()
        if known is None or now - known.at > KEPT or abs(messages - known.messages) > DRIFT:
            known = _Known(array("I", _left_out(folder)), messages, now)
            self._known[folder] = known
        self._known.move_to_end(folder)
        while len(self._known) > 1 and self._kept() > MOST:
            self._known.popitem(last=False)
        left_out = known.left_out
        # Before the i-th that is left out stand as many conversations as it has others above it.
        above = bisect_right(range(len(left_out)), number, key=lambda i: left_out[i] - i)
        return number + above

    def _kept(self) -> int:
        return sum(len(one.left_out) for one in list(self._known.values()))


def _left_out(folder: int) -> Iterator[int]:
    """Which messages, the newest first, are of a conversation that has a newer one there. The
    database would find them too, in five times the time."""
    seen: set[int] = set()
    for number, (thread,) in enumerate(run(_THREADS, folder)):
        if thread in seen:
            yield number
        elif thread is not None:
            seen.add(thread)


POSITIONS: Final = Positions()
