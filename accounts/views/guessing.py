"""How often something may be guessed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accounts.services import tries

QUARTER: Final = 900
DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Guesses:
    """``limit`` tries in each stretch of ``seconds``."""

    name: str
    limit: int
    seconds: int

    def allows(self, key: str, now: datetime) -> bool:
        """Count one more try for ``key``: a person, a network or both."""
        return tries.allow(self.name, key, limit=self.limit, seconds=self.seconds, now=now)
