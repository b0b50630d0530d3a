"""Asking the worker to look at once instead of at its next round."""

from __future__ import annotations

import logging

from kombu.exceptions import KombuError, OperationalError

from accounts.tasks import work_off_recoveries

log = logging.getLogger(__name__)


def recoveries() -> None:
    """Hint that a password was forgotten. Without a broker the next round finds it."""
    try:
        work_off_recoveries.apply_async(expires=60, retry=False)
    except (OperationalError, KombuError, OSError):
        log.warning("the broker could not be reached; recovery waits for the next round")
