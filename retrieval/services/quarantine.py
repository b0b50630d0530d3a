"""Trying again what could not be retrieved."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from retrieval.models import (
    PopMessage,
    PopState,
    RemoteFolder,
    RemoteMessage,
    RemoteState,
    RetrievalTask,
    TaskType,
)
from retrieval.services.session import max_size


def retry(task: RetrievalTask, *, now: datetime, only: int | None = None) -> int:
    """Open messages again that were set aside, too large or waiting; return how many.

    ``only`` is the id of one ledger row. Nothing is fetched here: the next run does that. What is
    larger than what may be fetched stays aside: the limit is the operator's.
    """
    # Both ledgers use the same words for these.
    odd = (
        Q(state=RemoteState.QUARANTINED)
        | Q(state=RemoteState.TOO_BIG, size__isnull=True)
        | Q(state=RemoteState.TOO_BIG, size__lte=max_size())
        | Q(state=RemoteState.PENDING, next_try_at__gt=now)
    )
    if task.type == TaskType.POP:
        pops = PopMessage.objects.filter(odd, task=task)
        pops = pops if only is None else pops.filter(pk=only)
        return pops.update(state=PopState.PENDING, attempts=0, next_try_at=None, error="")
    rows = RemoteMessage.objects.filter(odd, folder__task=task)
    rows = rows if only is None else rows.filter(pk=only)
    folders = list(rows.values_list("folder_id", flat=True).distinct())
    opened = rows.update(state=RemoteState.PENDING, attempts=0, next_try_at=None, error="")
    # What was noted after the last pass holds no more; until the next one it is counted.
    RemoteFolder.objects.filter(pk__in=folders).update(counts={})
    return opened
