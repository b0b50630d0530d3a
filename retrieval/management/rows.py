"""What the verbs of ``manage.py retrieval`` share."""

from __future__ import annotations

from lib.operator import Row
from retrieval.models import RetrievalRun, RetrievalTask


def summary(task: RetrievalTask) -> Row:
    """A task in short."""
    last = RetrievalRun.objects.filter(task=task).first()
    return {
        "id": task.pk,
        "user": task.user.email,
        "name": task.source.name,
        "type": task.type,
        "server": f"{task.host}:{task.port}",
        "method": task.method,
        "state": task.state,
        "cause": task.cause or None,
        "next_at": task.next_at,
        "last_run": last.started_at if last else None,
        "last_stored": last.stored if last else None,
    }


def task_of(task_id: int) -> RetrievalTask:
    """A task by its id, whoever owns it. Raises DoesNotExist."""
    return RetrievalTask.objects.select_related("source", "user", "destination").get(pk=task_id)
