"""What a filter does with a message: read from a row, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Do(StrEnum):
    """The actions there are."""

    MOVE = "move"
    COPY = "copy"
    LABEL = "label"
    STAR = "star"
    READ = "read"
    FORWARD = "forward"
    DELETE = "delete"
    KEEP = "keep"
    NEVER_JUNK = "never-junk"
    STOP = "stop"


#: Of a domain's filter: it cannot name what belongs to a person, and what is forwarded somewhere
#: would be read by somebody else than whom it came for.
OF_DOMAINS = frozenset(Do) - {Do.FORWARD}
#: Which actions name something: a folder, a label or an address.
NAMING = frozenset((Do.MOVE, Do.COPY, Do.LABEL, Do.FORWARD))
#: Where a domain's filter may move or copy mail to: the special folders by their role.
ROLES = ("inbox", "archive", "junk", "trash")


@dataclass(frozen=True, slots=True)
class Action:
    """One action. ``target`` is, for `Do.MOVE` and `Do.COPY`, the key of a folder, or in a
    domain's filter its role; for `Do.LABEL` the key of a label, or in a domain's filter its name;
    for `Do.FORWARD` an address; else empty.
    """

    do: Do
    target: int | str = ""

    @property
    def as_row(self) -> dict[str, Any]:
        """As a row keeps it: ``{"do": "move", "to": 12}``."""
        return (
            {"do": str(self.do), "to": self.target} if self.do in NAMING else {"do": str(self.do)}
        )

    @classmethod
    def of_row(cls, row: object) -> Action:
        """From a row. Raises ValueError where it is none."""
        if not isinstance(row, Mapping):
            raise ValueError("an action is an object")
        do, target = Do(row.get("do", "")), row.get("to", "")
        if do not in NAMING:
            return cls(do)
        if not isinstance(target, (int, str)) or isinstance(target, bool) or target == "":
            raise ValueError(f"{do} names nothing")
        return cls(do, target)
