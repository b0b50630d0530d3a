"""What a page shows while it waits for a connection test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from connectivity.report import UNDONE
from protocols.check import CheckStage


@dataclass(frozen=True, slots=True)
class Running:
    """For ``connectivity/_running.html``: the steps to come, and the key to ask for them by."""

    steps: tuple[tuple[str, str], ...]
    key: UUID = field(default_factory=uuid4)


def running(stages: Iterable[CheckStage]) -> Running:
    """A test that goes through these stages."""
    return Running(tuple((str(one), str(UNDONE[one])) for one in stages))
