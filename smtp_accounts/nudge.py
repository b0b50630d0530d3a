"""Asking the worker to do something at once instead of at its next round, or of never."""

from __future__ import annotations

import logging

from kombu.exceptions import KombuError, OperationalError

from smtp_accounts.tasks import align as align_task
from smtp_accounts.tasks import dispatch_due

log = logging.getLogger(__name__)


def nudge(seconds: float = 0) -> None:
    """Hint that mail is due, `seconds` from now. Without a broker the next round finds it."""
    try:
        dispatch_due.apply_async(countdown=seconds or None, expires=seconds + 60, retry=False)
    except (OperationalError, KombuError, OSError):
        log.warning("the broker could not be reached; the outbox waits for the next round")


def align(user_id: int) -> None:
    """Hint that an address was saved. Without a broker its page asks when it is looked at."""
    try:
        align_task.apply_async(kwargs={"user_id": user_id}, expires=600, retry=False)
    except (OperationalError, KombuError, OSError):
        log.warning("the broker could not be reached; addresses are checked when looked at")
