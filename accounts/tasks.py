"""Celery's way in. The row is the queue: hints may be lost, repeated or reordered."""

from __future__ import annotations

from django.utils import timezone

from accounts.services import housekeeping, recovery
from lib.queue import shared_task


@shared_task
def work_off_recoveries() -> int:
    """Look whom forgotten passwords belong to and queue the mail; how many messages."""
    return recovery.work_off(now=timezone.now())


@shared_task
def tidy() -> None:
    """Remove what is over: sign-ins after three days, sessions, links, counters of tries."""
    housekeeping.tidy(now=timezone.now())
