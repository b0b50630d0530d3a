"""How far a folder was scanned, noted only where the ledger accounts for what is there."""

from __future__ import annotations

import logging

from django.db.models import Max

from retrieval.models import RemoteFolder
from retrieval.services import ledger
from retrieval.services.boxes import Job

log = logging.getLogger(__name__)


def rise(job: Job) -> None:
    """Note how far the folder was scanned, if the ledger accounts for what there is."""
    status, row = job.status, job.row
    assert status is not None  # noqa: S101 - it was scanned by it
    if status.messages and not _accounts(job):
        log.warning("folder %s: fewer messages told than there are", row.pk)
        return
    last = status.uidnext - 1
    if not status.uidnext:
        last = ledger.of(row).aggregate(Max("uid"))["uid__max"] or 0
    job.scanned = True
    if last + 1 > row.uidnext_scanned:
        row.uidnext_scanned = last + 1
        if job.is_fresh:
            return  # written with all the rest of it
        RemoteFolder.objects.filter(pk=row.pk).update(uidnext_scanned=row.uidnext_scanned)


def _accounts(job: Job) -> bool:
    """Whether no message can have been kept back.

    Below the watermark messages only become fewer, so above it there are at least as many as
    the folder grew by; where it was never read to its end, the ledger has to hold them all.
    Where UIDs were given out and nothing is told of, it has to be certain that nothing is there:
    as much may be gone below as came.
    """
    row, status = job.row, job.status
    assert status is not None  # noqa: S101 - it was scanned by it
    if row.uidnext_scanned > 1 and row.server_count is not None and not job.resumed:
        is_silent = not job.told and status.uidnext > row.uidnext_scanned
        enough = job.told >= status.messages - row.server_count
        return enough and (job.nothing_above or not is_silent)
    return ledger.of(row).count() >= status.messages
