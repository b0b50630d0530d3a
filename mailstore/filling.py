"""How full a mailbox is: percent, and from when on its owner is told."""

from __future__ import annotations

from typing import Final

#: Percent of the space at which somebody is told.
LEVELS: Final = (80, 95, 100)


def percent(used: int, quota: int | None) -> int:
    """How much of the space is used, in whole percent, rounded down; 0 without a limit."""
    return used * 100 // quota if quota else 0


def level(used: int, quota: int | None) -> int:
    """The highest of `LEVELS` that is reached; 0 for none."""
    reached = percent(used, quota)
    return max((one for one in LEVELS if one <= reached), default=0)
