"""One pull while it lasts: the task, its run row, and the single place where its mail is stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts.models import User
from connectivity.models import Feature
from connectivity.services import features
from filtering.services import deliver
from lib.checkpoints import checkpoint
from mailstore.models import Folder, Message
from protocols.body import Body
from retrieval.models import RetrievalRun, RetrievalTask
from retrieval.plan import clamp_date
from retrieval.services import lease

COUNTERS = ("folders", "found", "stored", "linked", "skipped", "quarantined", "removed", "bytes")


class FeatureOffError(Exception):
    """Retrieval was switched off for the user's domain while the task ran (A194)."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message that came over, and where it goes."""

    body: Body
    folder: Folder
    internal_at: datetime | None = None
    flags: frozenset[str] = frozenset()


@dataclass(slots=True)
class Session:
    """What every step of a pull needs."""

    task: RetrievalTask
    fence: int
    run: RetrievalRun
    clock: Callable[[], datetime]
    stop_at: float = field(default=float("inf"))  # time.monotonic(); end of this slice

    @property
    def backfill(self) -> bool:
        """Whether this is the first pass: nothing it brings is news."""
        return self.task.first_pass_done_at is None

    def over(self) -> bool:
        """Whether this slice's time is used up; the rest comes in the next one."""
        return time.monotonic() >= self.stop_at

    def check_allowed(self) -> None:
        """Stop at once where the feature was switched off, or the user."""
        user = User.objects.select_related("domain").filter(pk=self.task.user_id).first()
        if user is None or not features.enabled_for(user, Feature.RETRIEVAL):
            raise FeatureOffError

    def count(self, **counts: int) -> None:
        """Add to the run's counters; ``folders``, ``found``, ``stored`` ... as in the model."""
        for name, number in counts.items():
            setattr(self.run, name, getattr(self.run, name) + number)

    def publish(self, *, phase: str = "", folder_name: str | None = None) -> None:
        """Write the run's progress where the page reads it."""
        if phase:
            self.run.phase = phase
        if folder_name is not None:
            self.run.folder_name = folder_name[:1000]
        self.run.save(update_fields=["phase", "folder_name", *COUNTERS])

    def store(
        self,
        fetched: Sequence[Fetched],
        *,
        screen: bool,
        settle: Callable[[list[Message]], None],
    ) -> list[Message]:
        """Store messages durably and settle their ledger rows in the same transaction.

        The bytes are on disk before the transaction starts; the transaction checks the fence,
        so a worker that lost the task changes nothing.

        Raises:
            LeaseLostError, FeatureOffError: nothing was stored.
        """
        self.check_allowed()
        now = self.clock()
        prepared = deliver.prepare(
            [
                deliver.Incoming(
                    body=one.body,
                    folder=one.folder,
                    internal_at=clamp_date(one.internal_at, now=now),
                    flags=one.flags,
                    source=self.task.source,
                    screen=screen,
                    backfill=self.backfill,
                )
                for one in fetched
            ],
            now=now,
        )
        checkpoint("pull: bodies durable")
        with transaction.atomic():
            lease.hold(self.task.pk, self.fence)
            messages = deliver.file(prepared)
            settle(messages)
            self.count(stored=len(messages), bytes=sum(one.body.size for one in fetched))
            self.publish()
            checkpoint("pull: filed, not committed")
        checkpoint("pull: committed")
        return messages

    def settle(self, write: Callable[[], None], **counts: int) -> None:
        """Change ledger rows in a fence-checked transaction that stores no mail."""
        with transaction.atomic():
            lease.hold(self.task.pk, self.fence)
            write()
            self.count(**counts)
            self.publish()
        checkpoint("pull: ledger settled")


def begin(
    task: RetrievalTask, *, fence: int, clock: Callable[[], datetime], slice_seconds: float | None
) -> Session:
    """Open the run row; a run left open by a worker that died is closed as interrupted."""
    now = clock()
    with transaction.atomic():
        fence = lease.take(task.pk, fence)
        RetrievalRun.objects.filter(task=task, outcome="running").update(
            outcome="interrupted", ended_at=now
        )
        run = RetrievalRun.objects.create(task=task, fence=fence, started_at=now)
        RetrievalTask.objects.filter(pk=task.pk).update(last_run_at=now)
    stop_at = float("inf") if slice_seconds is None else time.monotonic() + slice_seconds
    return Session(task=task, fence=fence, run=run, clock=clock, stop_at=stop_at)


def max_size() -> int:
    """Bytes of the largest message that is fetched."""
    return int(settings.MAX_MESSAGE_SIZE)


def forget_old_runs(task: RetrievalTask, *, keep: int = 200) -> None:
    """Keep the newest runs only; the history is for people."""
    old = RetrievalRun.objects.filter(task=task).values_list("pk", flat=True)[keep : keep + 100]
    RetrievalRun.objects.filter(pk__in=list(old)).delete()
