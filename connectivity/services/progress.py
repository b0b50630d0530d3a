"""How far a connection test has come, for the page that waits for it.

The test runs in the request of the form; another request of the same page asks here meanwhile.
The row lasts no longer than the test.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError

from accounts.models import User
from connectivity.models import TrialProgress
from protocols.check import CheckStage, Reached

# No test takes as long: what is older was left behind by a process that ended.
_LASTS = timedelta(minutes=10)
_ORDER = tuple(CheckStage)


class _Watch:
    def __init__(self, user: User, key: UUID, now: datetime) -> None:
        self.user, self.key, self.now = user, key, now
        self.stage: CheckStage | None = None
        self.row: TrialProgress | None = None

    def reached(self, stage: CheckStage) -> None:
        """Note a step, unless a later one was reached; where that fails, the test goes on."""
        if self.stage is CheckStage.FOLDERS:
            # The mailbox is seen through: whatever comes now is the server for sending.
            stage = stage if stage is CheckStage.FOLDERS else CheckStage.SEND
        if self.stage is not None and _ORDER.index(stage) <= _ORDER.index(self.stage):
            return
        self.stage = stage
        with contextlib.suppress(DatabaseError):
            if self.row is None:
                TrialProgress.objects.filter(at__lt=self.now - _LASTS).delete()
                self.row = TrialProgress.objects.create(
                    user=self.user, key=self.key, stage=stage, at=self.now
                )
            else:
                TrialProgress.objects.filter(pk=self.row.pk).update(stage=stage)

    def end(self) -> None:
        if self.row is not None:
            with contextlib.suppress(DatabaseError):
                TrialProgress.objects.filter(pk=self.row.pk).delete()


_watch: ContextVar[_Watch | None] = ContextVar("watch", default=None)


@contextlib.contextmanager
def watched(user: User, key: UUID, *, now: datetime) -> Iterator[None]:
    """Let ``stage`` tell how far the tests within are. Outside transactions."""
    watch = _Watch(user, key, now)
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)
        watch.end()


def watcher() -> Reached | None:
    """Whom a test tells how far it is; None where nobody watches."""
    watch = _watch.get()
    return watch.reached if watch is not None else None


def stage(user: User, key: UUID) -> str:
    """The step under way in a test of this person's; empty before its connection and after."""
    rows = TrialProgress.objects.filter(user=user, key=key).order_by("-pk")
    return rows.values_list("stage", flat=True).first() or ""
