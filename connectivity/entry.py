"""One line of the table of `connectivity.catalogue`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table; lists are words by spaces, and an empty one fits all.

    ``kinds`` are causes of `protocols.errors`, ``codes`` response codes, replies and names of
    errors of which one must be there, ``pattern`` is looked for without regard to case,
    ``hosts`` are endings of the server's name.
    """

    cause: str
    pattern: str = ""
    codes: str = ""
    kinds: str = ""
    protocols: str = ""
    stages: str = ""
    hosts: str = ""
