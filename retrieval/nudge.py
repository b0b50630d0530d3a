"""Asking the workers to look at once instead of at their next round."""

from __future__ import annotations

import logging

from kombu.exceptions import KombuError, OperationalError

from retrieval.tasks import dispatch_due

log = logging.getLogger(__name__)


def nudge() -> None:
    """Hint that a task has become due. Without a broker the next round finds it all the same."""
    try:
        dispatch_due.delay_on_commit()
    except (OperationalError, KombuError, OSError):
        log.warning("the broker could not be reached; due tasks wait for the next round")
