"""The clock of Celery, which also says that it goes."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from celery.beat import PersistentScheduler

from webmail.services import workers


class Scheduler(PersistentScheduler):  # type: ignore[misc]  # Celery has no types
    """Celery's own, with a sign of life every few seconds."""

    _told = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; returns the seconds until something is due again."""
        now = time.monotonic()
        if now - self._told >= workers.EVERY:
            self._told = now
            with suppress(OSError):
                workers.alive([workers.BEAT])
        return min(float(super().tick(*args, **kwargs)), float(workers.EVERY))
