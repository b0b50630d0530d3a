"""The right to work on a task: a lease with a fence number, renewed by a timer.

The lease ends by itself when a worker dies; the fence keeps a worker that was only asleep from
writing after somebody else took over. Its end is set and judged by the clock of the database
alone: two machines whose clocks differ would else take a task from each other.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connection
from django.db.models import F, Q
from django.db.models.functions import Now

from retrieval.models import RetrievalTask

LEASE = timedelta(seconds=120)
RENEW_EVERY = 30.0
log = logging.getLogger(__name__)


def free() -> Q:
    """The rows nobody works on: never claimed, or by somebody whose lease ran out."""
    return Q(lease_until=None) | Q(lease_until__lt=Now())


class LeaseLostError(Exception):
    """Somebody else holds the task now; nothing more may be written for it."""


def take(task_id: int, fence: int) -> int:
    """Use up a claim, once: a hint that comes twice finds it taken. Returns the fence to work with.

    Raises:
        LeaseLostError: the fence has moved on, or the task is gone.
    """
    claimed = RetrievalTask.objects.filter(pk=task_id, fence=fence, lease_until__isnull=False)
    if not claimed.update(fence=F("fence") + 1, lease_until=Now() + LEASE):
        raise LeaseLostError(task_id)
    return fence + 1


def hold(task_id: int, fence: int) -> None:
    """Check and lock the lease inside the caller's transaction.

    The row lock lasts to the commit, so a later claim waits until the caller's effect is in.

    Raises:
        LeaseLostError: the fence has moved on, or the task is gone.
    """
    held = RetrievalTask.objects.filter(pk=task_id, fence=fence, lease_until__isnull=False)
    if not held.update(lease_until=Now() + LEASE):
        raise LeaseLostError(task_id)


class Keeper:
    """Renews a lease from its own thread for as long as the ``with`` block lasts.

    The timer is not tied to progress: a slow server is no reason to lose the task.
    """

    def __init__(self, task_id: int, fence: int) -> None:
        self.task_id = task_id
        self.fence = fence
        self.lost = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease-{task_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _renew(self) -> None:
        while not self._stop.wait(RENEW_EVERY):
            try:
                hold(self.task_id, self.fence)
            except LeaseLostError:
                self.lost = True
                return
            except DatabaseError:
                # The database may be back before the lease ends; the next commit decides.
                log.warning("lease of task %s could not be renewed", self.task_id, exc_info=True)
            finally:
                connection.close()
