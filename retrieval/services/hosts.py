"""How much of one provider's servers all tasks together may use.

Three limits: connections (looked at when tasks are claimed), sign-ins a second (a token bucket in
the provider's row), and a circuit that opens when a server fails for most who try it, so that an
outage is neither hammered nor counted against anybody's account. All times are the database's.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Q, QuerySet
from django.db.models.functions import Now

from retrieval.models import Provider, RetrievalTask, TaskState, TaskType
from retrieval.profiles import key_of, known_caps, profile_of
from retrieval.retry import HELD_BACK, LOCAL_CAUSES, OUTAGE

# Sign-ins that may come at once after a quiet time.
BURST = 8
# Longer waits are spent in the queue, where they keep no worker.
PATIENCE = 3.0
# How long an account that was asked for less gets less.
SLOWED = timedelta(hours=1)
WINDOW = timedelta(minutes=5)
FEWEST_TRIES = 5
FEWEST_ACCOUNTS = 2
SHORTEST_SHUT, LONGEST_SHUT = timedelta(minutes=2), timedelta(minutes=10)
# Tasks put off at once at most; the others follow on the next round.
PUT_OFF = 1000
_RACES = 20
_SHUT_TEXT = "Several accounts at this provider fail at the moment. It is tried again later."


class HeldBack(Exception):
    """Not now, for the provider's sake: ``cause`` says why, ``until`` when it may be tried."""

    def __init__(self, cause: str, until: datetime) -> None:
        super().__init__(cause)
        self.cause = cause
        self.until = until


@dataclass(frozen=True, slots=True)
class Admission:
    """Leave to connect once; ``compress`` is whether COMPRESS=DEFLATE may be used there."""

    compress: bool


def admit(task: RetrievalTask, *, now: datetime, patience: float = PATIENCE) -> Admission:
    """Ask for leave to sign in once; may sleep up to ``patience`` seconds for its turn.

    Raises:
        HeldBack: the provider is shut, or too many signed in just now.
    """
    key = own_key(task)
    spacing = timedelta(seconds=1 / logins_a_second(task))
    for _ in range(_RACES):
        row = Provider.objects.filter(key=key).annotate(clock=Now()).first()
        if row is None:
            Provider.objects.get_or_create(key=key)
            continue
        if row.shut_until is not None and row.shut_until > row.clock:
            raise HeldBack("circuit-open", now + (row.shut_until - row.clock))
        # The bucket as one moment: when it will be full again (GCRA, ITU-T I.371).
        full_at = max(row.next_login_at or row.clock, row.clock)
        wait = full_at - row.clock - spacing * (BURST - 1)
        if wait > timedelta(seconds=patience):
            raise HeldBack("login-spacing", now + wait)
        unchanged = Provider.objects.filter(pk=row.pk, next_login_at=row.next_login_at)
        if unchanged.update(next_login_at=full_at + spacing):
            time.sleep(max(0.0, wait.total_seconds()))
            return Admission(compress=row.compress)
    raise HeldBack("login-spacing", now + spacing * BURST)


def own_key(task: RetrievalTask) -> str:
    """The provider a task belongs to; mends the row where its host was changed."""
    key = key_of(task.host)
    if task.provider_key != key:
        task.provider_key = key
        RetrievalTask.objects.filter(pk=task.pk).update(provider_key=key)
    return key


def logins_a_second(task: RetrievalTask) -> float:
    """How many sign-ins a second the task's provider gets from all accounts."""
    profile = profile_of(task.host, pop=task.type == TaskType.POP)
    return profile.logins if profile.pulls is not None else float(settings.RETRIEVAL_HOST_LOGINS)


def report(task: RetrievalTask, *, cause: str = "") -> None:
    """Tell how a run at the task's provider ended; "" is well. Inside the caller's transaction.

    Only what speaks of the whole server counts as a failure: a refused password does not. The
    counting begins with the first failure, so that nothing is written while all is well.
    """
    if cause in HELD_BACK or cause in LOCAL_CAUSES:
        return
    failed = cause in OUTAGE
    rows = Provider.objects.filter(key=key_of(task.host))
    if not failed and not rows.filter(failures__gt=0).exists():
        return
    row = rows.select_for_update().annotate(clock=Now()).first()
    if row is None:
        return
    if row.since is None or row.clock - row.since > WINDOW:
        row.since, row.tries, row.failures = (row.clock, 0, 0) if failed else (None, 0, 0)
    if row.since is not None:
        row.tries += 1
        row.failures += failed
    is_most = row.tries >= FEWEST_TRIES and 2 * row.failures > row.tries
    if row.since is not None and is_most and _is_general(row.key, row.since):
        row.shut_until = row.clock + _shut_for()
        row.since, row.tries, row.failures = None, 0, 0
    row.save(update_fields=["since", "tries", "failures", "shut_until"])


def _is_general(key: str, since: datetime) -> bool:
    """Whether more than one account fails there, counting the one that reports.

    Told by people, not by runs: one person could try failing accounts as often as it takes to
    shut a provider for everybody. Where others are there too, one of them has to fail as well.
    """
    tasks = RetrievalTask.objects.order_by().filter(provider_key=key)
    failing = Q(cause__in=OUTAGE, last_run_at__gte=since - WINDOW)
    well = Q(last_ok_at__gte=since) & ~Q(cause__in=OUTAGE)
    found = tasks.aggregate(
        accounts=Count("pk", filter=failing),
        people=Count("user", filter=failing, distinct=True),
        well=Count("user", filter=well, distinct=True),
        everybody=Count("user", distinct=True),
    )
    is_alone = found["everybody"] == 1
    several = found["people"] > 1 or is_alone
    is_most = found["people"] > found["well"]
    return bool(several and is_most and found["accounts"] >= FEWEST_ACCOUNTS)


def _shut_for() -> timedelta:
    chance = random.random()  # noqa: S311 - jitter, not a secret
    return SHORTEST_SHUT + (LONGEST_SHUT - SHORTEST_SHUT) * chance


def put_off(due: QuerySet[RetrievalTask], *, now: datetime) -> None:
    """Give the due tasks of shut providers a time after that; their counts stay as they are.

    Left where they are they would be read past on every round, and look as if about to start.
    """
    left = ExpressionWrapper(F("shut_until") - Now(), output_field=DurationField())
    shut = Provider.objects.filter(shut_until__gt=Now()).annotate(left=left)
    for key, wait in shut.values_list("key", "left"):
        until = now + wait
        ids = list(due.filter(provider_key=key).values_list("pk", flat=True)[:PUT_OFF])
        for part in range(8):
            # Spread out, so that a server that comes back is not met by everybody at once.
            RetrievalTask.objects.filter(pk__in=[pk for pk in ids if pk % 8 == part]).update(
                next_at=until + timedelta(seconds=15 * part),
                state=TaskState.BACKOFF,
                cause="circuit-open",
                cause_text=_SHUT_TEXT,
                server_line="",
            )


class Room:
    """How many more connections each provider bears, as of one look at what is in flight.

    And each person: slow servers of one must not keep all workers from everybody else.
    """

    def __init__(self, busy: Mapping[tuple[str, int, bool], int]) -> None:
        """``busy`` counts leases by provider, person and whether they are first passes."""
        self._caps = known_caps()
        self._all: Counter[str] = Counter()
        self._first: Counter[str] = Counter()
        self._people: Counter[tuple[int, bool]] = Counter()
        for (key, user_id, first_pass), count in busy.items():
            self._all[key] += count
            self._first[key] += count if first_pass else 0
            self._people[user_id, first_pass] += count

    def take(self, key: str, user_id: int, *, first_pass: bool) -> bool:
        """Take a place if there is one. First passes leave half of them to polls."""
        if self.is_full(key, first_pass=first_pass) or self._has_enough(user_id, first_pass):
            return False
        self._all[key] += 1
        self._first[key] += first_pass
        self._people[user_id, first_pass] += 1
        return True

    def _has_enough(self, user_id: int, first_pass: bool) -> bool:
        # First passes take minutes, and fewer workers do them.
        most = settings.RETRIEVAL_USER_CONNECTIONS
        return self._people[user_id, first_pass] >= (max(1, most // 3) if first_pass else most)

    def satisfied(self, *, first_pass: bool) -> list[int]:
        """The people nothing more may be claimed for."""
        counted = [user_id for user_id, first in self._people if first == first_pass]
        return [user_id for user_id in counted if self._has_enough(user_id, first_pass)]

    def is_full(self, key: str, *, first_pass: bool) -> bool:
        """Whether nothing more may be claimed there. A row that names nobody has no cap."""
        cap = self._caps.get(key, settings.RETRIEVAL_HOST_CONNECTIONS)
        full = self._all[key] >= cap or (first_pass and self._first[key] >= max(1, cap // 2))
        return bool(key) and full

    def full(self, *, first_pass: bool) -> list[str]:
        """The providers nothing more may be claimed of."""
        return [key for key in self._all if self.is_full(key, first_pass=first_pass)]


def change(key: str, *, compress: bool | None, reopen: bool) -> Provider:
    """Change how a provider is treated; None leaves the compression as it is.

    Raises:
        Provider.DoesNotExist: no task ever reached a provider of that name.
    """
    row = Provider.objects.get(key=key)
    if compress is not None:
        row.compress = compress
    if reopen:
        row.shut_until = row.since = None
        row.tries = row.failures = 0
        waiting = RetrievalTask.objects.filter(provider_key=key, cause="circuit-open")
        waiting.filter(next_at__isnull=False).update(next_at=Now())
    row.save(update_fields=["compress", "shut_until", "since", "tries", "failures"])
    return row


def listing() -> list[dict[str, Any]]:
    """Every provider with its tasks and limits, for operators; busiest first."""
    leased = Q(lease_until__gte=Now())
    rows = (
        RetrievalTask.objects.order_by()
        .values("provider_key")
        .annotate(
            tasks=Count("pk"),
            running=Count("pk", filter=leased),
            due=Count("pk", filter=Q(next_at__lte=Now()) & ~leased),
            listening=Count("pk", filter=Q(watched_until__gte=Now())),
            failing=Count("pk", filter=Q(fail_count__gt=0)),
            last_ok=Max("last_ok_at"),
        )
    )
    known = {row.key: row for row in Provider.objects.annotate(clock=Now())}
    return [
        {**row, **_state(known.get(row["provider_key"]))}
        for row in rows.order_by(F("tasks").desc(), "provider_key")
    ]


def _state(row: Any) -> dict[str, Any]:
    is_shut = bool(row and row.shut_until and row.shut_until > row.clock)
    return {
        "shut_until": row.shut_until if is_shut else None,
        "tries": row.tries if row else 0,
        "failures": row.failures if row else 0,
        "compress": row.compress if row else True,
    }
