"""Housekeeping of the mail store."""

from django.utils import timezone

from lib.queue import shared_task
from mailstore.services import indexing, sweeping

# Shorter than the time between two runs, so that they do not pile up.
INDEX_SECONDS = 8.0


@shared_task
def index_messages() -> None:
    """Make new mail searchable. Running twice at once does the work twice and harms nothing."""
    indexing.index_waiting(seconds=INDEX_SECONDS)


@shared_task
def sweep_blobs() -> None:
    """Give back the disk space of mail that is gone."""
    sweeping.sweep(now=timezone.now())
