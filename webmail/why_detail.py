"""One line of what is told about why a message is where it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that was decided, found or is known, and its points in words; ``url`` is where it
    is changed or what to do about it, ``link`` that in words."""

    words: str
    points: str = ""
    url: str = ""
    link: str = ""
    is_wrong: bool = False
