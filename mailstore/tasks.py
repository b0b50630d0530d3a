"""Housekeeping of the mail store."""

import time

from django.utils import timezone

from lib import disk_cache
from lib.queue import shared_task
from mailstore.services import (
    indexing,
    reminding,
    rethreading,
    snoozing,
    sweeping,
    threads,
    ways_back,
)

# Shorter than the time between two runs, so that they do not pile up.
INDEX_SECONDS = 8.0


@shared_task
def index_messages() -> None:
    """Find the conversations of new mail and make it searchable. Running twice at once does the
    work twice and harms nothing."""
    until = time.monotonic() + INDEX_SECONDS
    threads.thread_waiting(seconds=INDEX_SECONDS / 2)
    indexing.index_waiting(seconds=until - time.monotonic())


@shared_task
def sweep_blobs() -> None:
    """Give back the disk space of mail that is gone, and of what can be made again."""
    now = timezone.now()
    sweeping.sweep(now=now)
    ways_back.forget_old(now=now)
    rethreading.sweep(before=now - sweeping.GRACE)
    disk_cache.sweep(now=time.time())


@shared_task
def bring_back() -> None:
    """Bring back what was put off until now. Runs every minute; twice at once is harmless."""
    now = timezone.now()
    snoozing.wake_due(now=now)
    reminding.ring_due(now=now)
