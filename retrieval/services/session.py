"""One pull while it lasts: the task, its run row, and the single place where its mail is stored."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.services import limits
from accounts.services.limits import Held
from connectivity.models import Feature
from connectivity.services import features, logins
from filtering.screen import Screen
from lib.checkpoints import checkpoint
from mailstore.models import Folder, Message
from mailstore.services.usage import used
from protocols.body import Body
from protocols.types import Security
from retrieval.models import RetrievalRun, RetrievalTask, RunOutcome, TaskType
from retrieval.plan import clamp_date
from retrieval.profiles import Profile, key_of, profile_of
from retrieval.services import lease, loading

COUNTERS = ("folders", "found", "stored", "linked", "skipped", "quarantined", "removed", "bytes")
PROGRESS = ("phase", "folder_name", "expected", "expected_bytes", *COUNTERS)
PUBLISH_EVERY = 1.0
# What a run's figures can hold.
MOST_MESSAGES = (1 << 31) - 1
MOST_BYTES = (1 << 63) - 1
# Bytes that may come before the space is looked at again: about one transaction's.
LOOK_AT_SPACE = 4 << 20
# Older mail is not news, whenever it turns up.
NEWS = timedelta(hours=48)


class FeatureOffError(Exception):
    """It was switched off for the user's domain while the task ran (A194)."""


class ClearTextOffError(Exception):
    """The account is reached without encryption, which its domain does not allow (any more)."""


class BudgetSpent(Exception):
    """The provider lets an account fetch no more today; everything so far is stored."""


class SpaceFull(BudgetSpent):
    """The person's space is used up; what is not stored stays where it is."""

    def __init__(self, used: int, quota: int) -> None:
        super().__init__(f"{used} of {quota} bytes")


@dataclass(frozen=True, slots=True)
class Fetched:
    """One message that came over, and where it goes; ``backfill`` None: as the session is.

    ``screen`` says how far it is screened.
    """

    body: Body
    folder: Folder
    internal_at: datetime | None = None
    flags: frozenset[str] = frozenset()
    backfill: bool | None = None
    screen: Screen = Screen.NOTHING


@dataclass(frozen=True, slots=True)
class Room:
    """How much space a person had when ``at`` bytes of the run were stored; all in bytes."""

    used: int
    quota: int
    at: int

    @property
    def left(self) -> int:
        return self.quota - self.used

    def is_due(self, stored: int) -> bool:
        """Whether to look again: so much came since that others who fetch at once matter.

        Ever more often towards the end, so that nobody is looked up for every message.
        """
        return stored - self.at >= min(self.left, max(self.left // 8, LOOK_AT_SPACE))


@dataclass(slots=True)
class Session:
    """What every step of a pull needs.

    ``interrupted`` says that the run before this one ended without a word: its worker died.
    """

    task: RetrievalTask
    fence: int
    run: RetrievalRun
    clock: Callable[[], datetime]
    stop_at: float = field(default=float("inf"))  # time.monotonic(); end of this slice
    interrupted: bool = False
    limits: Held = field(default_factory=Held)
    _room: Room | None = field(default=None, init=False)
    _published: float = field(default=0.0, init=False)
    _checked: float = field(default=0.0, init=False)

    @property
    def backfill(self) -> bool:
        """Whether this is the first pass: nothing it brings is news."""
        return self.task.first_pass_done_at is None

    def is_old(self, internal_at: datetime | None, *, first_pass: bool) -> bool:
        """Whether mail is no news: all of the first pass, and a new folder's older mail."""
        if self.backfill or not first_pass:
            return self.backfill
        return internal_at is not None and internal_at < self.clock() - NEWS

    @property
    def profile(self) -> Profile:
        """How to treat the other server."""
        return profile_of(self.task.host, pop=self.task.type == TaskType.POP)

    def over(self) -> bool:
        """Whether this slice's time is used up; the rest comes in the next one."""
        return time.monotonic() >= self.stop_at

    def check_budget(self) -> None:
        """Stop where the account has fetched today what its provider allows.

        Raises:
            BudgetSpent: the rest comes tomorrow (UTC), or when there is space again.
        """
        allowed, task = self.profile.day_bytes, self.task
        if allowed and task.budget_day == self._day() and task.budget_bytes >= allowed:
            raise BudgetSpent
        self._check_space()

    def _check_space(self) -> None:
        """Raises SpaceFull where the person's mail takes all the space there is."""
        quota = self.limits.quota
        if quota is None:
            return
        if self._room is None or self._room.is_due(self.run.bytes):
            self._room = Room(used(self.task.user), quota, self.run.bytes)
        if self._room.left <= 0:
            raise SpaceFull(self._room.used, quota)

    def spend(self, size: int) -> None:
        """Count fetched bytes against the day; call it in the transaction that settles them."""
        if not self.profile.day_bytes:
            return
        task, day = self.task, self._day()
        task.budget_bytes = size + (task.budget_bytes if task.budget_day == day else 0)
        task.budget_day = day
        RetrievalTask.objects.filter(pk=task.pk).update(
            budget_day=day, budget_bytes=task.budget_bytes
        )

    def _day(self) -> date:
        return self.clock().astimezone(UTC).date()

    def check_allowed(self) -> None:
        """Stop at once where retrieval was switched off, the user, or the way in or through."""
        self._checked = time.monotonic()
        user = User.objects.select_related("domain").filter(pk=self.task.user_id).first()
        allowed = features.enabled_features(user) if user is not None else frozenset()
        if user is None or Feature.RETRIEVAL not in allowed:
            raise FeatureOffError
        if not logins.allowed(self.task.credential, user):
            raise FeatureOffError
        clear = self.task.security == Security.NONE
        if clear and Feature.CLEAR_TEXT not in allowed:
            raise ClearTextOffError

    def count(self, **counts: int) -> None:
        """Add to the run's counters; ``folders``, ``found``, ``stored`` ... as in the model."""
        for name, number in counts.items():
            setattr(self.run, name, getattr(self.run, name) + number)

    def expect(self, messages: int, size: int = 0) -> None:
        """Set out to fetch so many more messages of so many bytes, as far as told."""
        self.run.expected = max(0, self.run.expected + messages)
        self.run.expected_bytes = max(0, self.run.expected_bytes + size)

    def publish(self, *, phase: str = "", folder_name: str | None = None) -> None:
        """Write the run's progress where the page reads it, at most once a second.

        Never inside a transaction that stores: the figures are for people. Looks as often whether
        the feature is still on, as listing folders takes minutes in which nothing is stored.

        Raises:
            FeatureOffError: it is not; what was stored stays.
        """
        if phase:
            self.run.phase = phase
        if folder_name is not None:
            self.run.folder_name = folder_name[:1000]
        if time.monotonic() - self._published >= PUBLISH_EVERY:
            self.flush()
            if time.monotonic() - self._checked >= PUBLISH_EVERY:
                self.check_allowed()

    def flush(self) -> None:
        """Write the run's progress now."""
        self._published = time.monotonic()
        values = {name: getattr(self.run, name) for name in PROGRESS}
        # Servers say what they like; a figure that no column holds must not end the pull.
        values["expected"] = min(values["expected"], MOST_MESSAGES)
        values["expected_bytes"] = min(values["expected_bytes"], MOST_BYTES)
        # An update, not a save: the row is gone where the task was deleted meanwhile.
        RetrievalRun.objects.filter(pk=self.run.pk).update(**values)

    def store(
        self,
        fetched: Sequence[Fetched],
        *,
        settle: Callable[[list[Message]], None],
    ) -> list[Message]:
        """Store messages durably and settle their ledger rows in the same transaction.

        The bytes are on disk before the transaction starts; the transaction checks the fence,
        so a worker that lost the task changes nothing.

        Raises:
            LeaseLostError: nothing was stored.
            FeatureOffError: nothing was stored, or all of it when it was switched off meanwhile.
            BudgetSpent: all of it was stored, and nothing more may be fetched today.
        """
        self.check_allowed()
        now, deliver = self.clock(), loading.deliver()
        prepared = deliver.prepare(
            [
                deliver.Incoming(
                    body=one.body,
                    folder=one.folder,
                    internal_at=clamp_date(one.internal_at, now=now),
                    flags=one.flags,
                    source=self.task.source,
                    screen=one.screen,
                    host=self.task.host,
                    backfill=self.backfill if one.backfill is None else one.backfill,
                )
                for one in fetched
            ],
            now=now,
        )
        checkpoint("pull: bodies durable")
        with transaction.atomic():
            lease.hold(self.task.pk, self.fence)
            messages: list[Message] = deliver.file(prepared)
            settle(messages)
            size = sum(one.body.size for one in fetched)
            self.spend(size)
            checkpoint("pull: filed, not committed")
        checkpoint("pull: committed")
        self.count(stored=len(messages), bytes=size)
        self.publish()
        self.check_budget()
        return messages

    def settle(self, write: Callable[[], None], **counts: int) -> None:
        """Change ledger rows in a fence-checked transaction that stores no mail."""
        with transaction.atomic():
            lease.hold(self.task.pk, self.fence)
            write()
        checkpoint("pull: ledger settled")
        self.count(**counts)
        self.publish()


def begin(
    task: RetrievalTask, *, fence: int, clock: Callable[[], datetime], slice_seconds: float | None
) -> Session:
    """Open the run row; a run left open by a worker that died is closed as interrupted."""
    now = clock()
    with transaction.atomic():
        fence = lease.take(task.pk, fence)
        open_runs = RetrievalRun.objects.filter(task=task, outcome=RunOutcome.RUNNING)
        interrupted = open_runs.update(outcome=RunOutcome.INTERRUPTED, ended_at=now) > 0
        run = RetrievalRun.objects.create(task=task, fence=fence, started_at=now)
        task.provider_key = task.provider_key or key_of(task.host)
        RetrievalTask.objects.filter(pk=task.pk).update(
            last_run_at=now, provider_key=task.provider_key
        )
    stop_at = float("inf") if slice_seconds is None else time.monotonic() + slice_seconds
    return Session(task, fence, run, clock, stop_at, interrupted, limits.of_person(task.user))


def max_size() -> int:
    """Bytes of the largest message that is fetched."""
    return int(settings.MAX_MESSAGE_SIZE)


def forget_old_runs(task: RetrievalTask, *, keep: int = 200) -> None:
    """Keep the newest runs only; the history is for people."""
    old = RetrievalRun.objects.filter(task=task).values_list("pk", flat=True)[keep : keep + 100]
    RetrievalRun.objects.filter(pk__in=list(old)).delete()
