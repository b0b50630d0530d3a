"""Asking a worker to look at once instead of at its next round."""

from __future__ import annotations

import logging

from kombu.exceptions import KombuError, OperationalError

from filtering.tasks import apply_filter
from webmail.tasks import bring_people
from webmail.tasks import write_export as export_task

log = logging.getLogger(__name__)


def write_export(export_id: int) -> None:
    """Hint that an export waits. Without a broker the next round finds it."""
    try:
        export_task.apply_async(kwargs={"export_id": export_id}, expires=60, retry=False)
    except (OperationalError, KombuError, OSError):
        log.warning("the broker could not be reached; the export waits for the next round")


def import_waits(pk: int) -> None:
    """Hint that a list of people waits. Without a broker the next round finds it."""
    try:
        bring_people.apply_async(kwargs={"pk": pk}, retry=False)
    except (OperationalError, KombuError, OSError):
        log.warning("the broker could not be reached; the list waits for the next round")


def filter_waits(run_id: int) -> None:
    """Hint that a filter waits to be applied, or undone. Without a broker the next round finds
    it."""
    try:
        apply_filter.apply_async(kwargs={"run_id": run_id}, retry=False)
    except (OperationalError, KombuError, OSError):
        log.warning("the broker could not be reached; the filter waits for the next round")
