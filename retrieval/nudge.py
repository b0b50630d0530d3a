"""Asking the workers to look at once instead of at their next round."""

from __future__ import annotations

import logging

from kombu.exceptions import KombuError, OperationalError

from retrieval.tasks import dispatch_due

log = logging.getLogger(__name__)


def nudge() -> None:
    """Hint that a task has become due. Without a broker the next round finds it all the same."""
    try:
        dispatch_due.apply_async_on_commit(retry=False, expires=60)
    except (OperationalError, KombuError, OSError):
        log.warning("the broker could not be reached; due tasks wait for the next round")
