"""Which tasks are due, who works on them, and the buttons that change that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import BooleanField, Case, Count, ExpressionWrapper, F, Q, QuerySet, When
from django.db.models.functions import Now

from connectivity.models import Feature
from connectivity.services import features
from lib import bulk
from retrieval.models import RetrievalTask, TaskState
from retrieval.plan import next_due
from retrieval.services import allowance, hosts, lease, pausing, telling

# A hint may wait in a queue before its worker starts to renew the lease.
QUEUE_LEASE = timedelta(seconds=300)
# What a person asked for is older than anything that waits by its schedule.
AHEAD = timedelta(days=1)
# Rows looked at beyond those wanted, so that a full provider seldom costs a second look.
SPARE = 50
LOOKS = 20
# Any number no other advisory lock of this database has.
DISPATCH_LOCK = 7_266_384_021


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to pull one task, as told to a worker."""

    task_id: int
    fence: int
    first_pass: bool


def claim_due(*, now: datetime, limit: int | None = None) -> list[Claim]:
    """Claim due tasks; each goes to exactly one caller.

    At most ``limit`` polls and as many first passes are in flight, counted apart, so that long
    imports never keep polls waiting; no more of one provider than it bears, and no more of one
    person than leaves workers to the others. Losing the returned claims loses nothing: the leases
    run out and the rows are due again.
    """
    most = limit or settings.RETRIEVAL_IN_FLIGHT
    due = pausing.put_off(_allowed(_due(now)), now=now)
    hosts.put_off(due, now=now)
    kinds = {first: due.filter(first_pass_done_at__isnull=first) for first in (False, True)}
    # Looked at before the transaction: a round that finds nothing takes no lock.
    found = {first: rows for first, rows in kinds.items() if _any(rows)}
    claims: list[Claim] = []
    if found:
        with transaction.atomic():
            _one_at_a_time()
            busy = _in_flight()
            room = hosts.Room(busy)
            for first_pass, rows in found.items():
                count = sum(number for (_, _, first), number in busy.items() if first == first_pass)
                claims += _chosen(rows, room, first_pass=first_pass, most=most - count)
            _claim(claims)
    return claims


def _any(rows: QuerySet[RetrievalTask]) -> bool:
    # In their order, or PostgreSQL may read the whole table where it expects to find many.
    return bool(rows.order_by("next_at").values_list("pk", flat=True)[:1])


def _one_at_a_time() -> None:
    """Let no two count what is in flight at once: each would fill the room both saw.

    SQLite has one writer anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DISPATCH_LOCK])


def _in_flight() -> dict[tuple[str, int, bool], int]:
    """How many leases run, by provider, person and whether they are first passes."""
    rows = RetrievalTask.objects.order_by().filter(lease_until__gte=Now())
    first = ExpressionWrapper(Q(first_pass_done_at=None), output_field=BooleanField())
    places = rows.annotate(first=first).values_list("provider_key", "user_id", "first")
    counted = places.annotate(n=Count("pk"))
    return {(key, user, bool(is_first)): number for key, user, is_first, number in counted}


def _chosen(
    due: QuerySet[RetrievalTask], room: hosts.Room, *, first_pass: bool, most: int
) -> list[Claim]:
    """The longest waiting, passing over providers that are full; the caller raises the fences.

    A provider that fills up, or a person with enough, is left out of the next look, so that
    however much is due there, the others are found behind it.
    """
    rows = due.order_by("next_at").values_list("pk", "provider_key", "user_id", "fence")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    chosen: dict[int, Claim] = {}
    for _ in range(LOOKS if most > 0 else 0):
        size = most - len(chosen) + SPARE
        free = rows.exclude(provider_key__in=room.full(first_pass=first_pass))
        seen = list(free.exclude(user_id__in=room.satisfied(first_pass=first_pass))[:size])
        for pk, key, user_id, fence in seen:
            if len(chosen) < most and room.take(key, user_id, first_pass=first_pass):
                chosen[pk] = Claim(pk, fence + 1, first_pass)
        if len(chosen) == most or len(seen) < size:
            break
        rows = rows.exclude(pk__in=list(chosen))
    return list(chosen.values())


def claim_one(task: RetrievalTask, *, now: datetime) -> Claim | None:
    """Claim a task whether due or not; None while somebody else works on it."""
    with transaction.atomic():
        free = RetrievalTask.objects.select_for_update().filter(lease.free(), pk=task.pk)
        rows = free.values_list("pk", "fence", "first_pass_done_at")
        claims = _claim([Claim(pk, fence + 1, done is None) for pk, fence, done in rows])
    return claims[0] if claims else None


def run_now(task: RetrievalTask, *, now: datetime) -> None:
    """Ask for a pull at once; while one runs, for another right after it (A46)."""
    with transaction.atomic():
        rows = RetrievalTask.objects.filter(pk=task.pk)
        if not rows.filter(lease.free()).update(next_at=now - AHEAD):
            rows.update(rerun=True)


def hint(task_ids: Collection[int], *, now: datetime) -> None:
    """There is news at these accounts: due now; one that runs goes on right after it.

    A hint neither wakes a task that is paused nor shortens the wait of one that failed.
    """
    rows = RetrievalTask.objects.filter(pk__in=task_ids, state=TaskState.OK)
    with transaction.atomic():
        rows.filter(lease.free(), next_at__gt=now).update(next_at=now)
        rows.exclude(lease.free()).update(rerun=True)


def pause(task: RetrievalTask) -> None:
    """Stop pulling until resumed; a running pull ends at its next commit."""
    RetrievalTask.objects.filter(pk=task.pk).update(
        state=TaskState.PAUSED, next_at=None, rerun=False, fence=F("fence") + 1, lease_until=None
    )
    telling.forget(task)


def resume(task: RetrievalTask, *, now: datetime) -> None:
    """Go on after a pause or a mended account: due at once if automatic."""
    RetrievalTask.objects.filter(pk=task.pk).update(
        state=TaskState.OK,
        next_at=now if task.method == "automatic" else None,
        fail_count=0,
        refused_count=0,
        failing_since=None,
        cause="",
        cause_text="",
        server_line="",
    )


def first_due(task: RetrievalTask, *, now: datetime) -> datetime | None:
    """When a task is due whose method was just chosen; a new one starts at once."""
    if task.method != "automatic":
        return None
    if task.first_pass_done_at is None:
        return now
    return next_due(task.pk, interval=allowance.interval_of(task.user), now=now)


def _due(now: datetime) -> QuerySet[RetrievalTask]:
    rows = RetrievalTask.objects.filter(
        lease.free(), next_at__lte=now, user__is_active=True, user__delete_after=None
    )
    return rows.exclude(state=TaskState.PAUSED)


def _allowed(rows: QuerySet[RetrievalTask]) -> QuerySet[RetrievalTask]:
    """Without the tasks whose domain, or the installation, has retrieval switched off (A194)."""
    off = features.switched_off_domains(Feature.RETRIEVAL)
    if off is None:
        return rows.none()
    return rows.exclude(user__domain_id__in=off) if off else rows


def _claim(claims: list[Claim]) -> list[Claim]:
    """Raise the fences and start the leases of rows the caller holds."""
    if not claims:
        return claims
    until = Now() + QUEUE_LEASE
    chosen = bulk.among(RetrievalTask, [claim.task_id for claim in claims])
    RetrievalTask.objects.filter(chosen).update(
        fence=F("fence") + 1,
        lease_until=until,
        # Out of the way of later rounds; due again at the end of the lease if the hint is lost.
        next_at=Case(When(next_at__isnull=False, then=until)),
        rerun=False,
    )
    return claims
