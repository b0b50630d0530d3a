"""Trying again what could not be retrieved."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from retrieval.models import (
    PopMessage,
    PopState,
    RemoteMessage,
    RemoteState,
    RetrievalTask,
    TaskType,
)


def retry(task: RetrievalTask, *, now: datetime, only: int | None = None) -> int:
    """Open messages again that were set aside, too large or waiting; return how many.

    ``only`` is the id of one ledger row. Nothing is fetched here: the next run does that.
    """
    waits = Q(state=RemoteState.PENDING, next_try_at__gt=now)
    if task.type == TaskType.POP:
        pops = PopMessage.objects.filter(
            Q(state__in=[PopState.QUARANTINED, PopState.TOO_BIG]) | waits, task=task
        )
        pops = pops if only is None else pops.filter(pk=only)
        return pops.update(state=PopState.PENDING, attempts=0, next_try_at=None, error="")
    rows = RemoteMessage.objects.filter(
        Q(state__in=[RemoteState.QUARANTINED, RemoteState.TOO_BIG]) | waits, folder__task=task
    )
    rows = rows if only is None else rows.filter(pk=only)
    return rows.update(state=RemoteState.PENDING, attempts=0, next_try_at=None, error="")
