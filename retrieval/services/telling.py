"""Telling the owner of a task that it needs them, has failed for long, or works again."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectivity import catalogue
from connectivity.services import notifications
from retrieval import retry
from retrieval.models import Method, RetrievalTask, TaskState

# A provider that asks for patience is no failure, unless it goes on for so long.
_PATIENT = timedelta(days=1)


def key_of(task: RetrievalTask) -> str:
    """What the notifications about a task are found by."""
    return f"retrieval:{task.pk}"


def tell(task: RetrievalTask, *, cause: str, now: datetime) -> None:
    """A run has ended with ``cause`` (empty: well), and the task's row says what follows.

    Call it in the transaction that records the run: it writes at most one row, and what is
    shown or mailed when is decided there, so a single failed run tells nobody anything.
    """
    if not cause:
        notifications.resolve(user=task.user, key=key_of(task), now=now)
    elif cause == "feature-off":
        forget(task)
    elif _matters(task, catalogue.root(cause), now):
        needs_you = task.state == TaskState.NEEDS_PASSWORD
        notifications.open_(
            user=task.user,
            key=key_of(task),
            kind="retrieval-needs-you" if needs_you else "retrieval-failing",
            label=task.source.address or task.source.name,
            url="",
            cause=cause,
            params={"host": task.host, "port": task.port, "username": task.username},
            now=now,
            since=task.failing_since,
        )


def forget(task: RetrievalTask) -> None:
    """Nobody waits for this task any more: it is paused, deleted or switched off."""
    notifications.drop(user=task.user, key=key_of(task))


def _matters(task: RetrievalTask, cause: str, now: datetime) -> bool:
    if task.state == TaskState.NEEDS_PASSWORD:
        return True
    # By hand only the person tries, and sees how it ends.
    if task.method != Method.AUTOMATIC or cause in retry.HELD_BACK:
        return False
    since = task.failing_since or now
    return cause not in retry.PATIENCE or now - since >= _PATIENT
