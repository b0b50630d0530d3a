"""Asking the worker to look at the outbox at once instead of at its next round."""

from __future__ import annotations

import logging

from kombu.exceptions import KombuError, OperationalError

from smtp_accounts.tasks import dispatch_due

log = logging.getLogger(__name__)


def nudge(seconds: float = 0) -> None:
    """Hint that mail is due, `seconds` from now. Without a broker the next round finds it."""
    try:
        dispatch_due.apply_async(countdown=seconds or None, expires=seconds + 60, retry=False)
    except (OperationalError, KombuError, OSError):
        log.warning("the broker could not be reached; the outbox waits for the next round")
