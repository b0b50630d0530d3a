"""Which tasks are due, who works on them, and the buttons that change that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from connectivity.models import Feature
from connectivity.services import features
from retrieval.models import RetrievalTask, TaskState
from retrieval.plan import next_due

# A hint may wait in a queue before its worker starts to renew the lease.
QUEUE_LEASE = timedelta(seconds=300)
# Claimed at once at most: more would only let leases run out in the queue.
MAX_IN_FLIGHT = 200


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to pull one task, as told to a worker."""

    task_id: int
    fence: int
    first_pass: bool


def claim_due(*, now: datetime, limit: int = MAX_IN_FLIGHT) -> list[Claim]:
    """Claim due tasks; each goes to exactly one caller.

    At most ``limit`` polls and as many first passes are in flight, counted apart, so that long
    imports never keep polls waiting. Losing the returned claims loses nothing: the leases run
    out and the rows are due again.
    """
    claims: list[Claim] = []
    for first_pass in (False, True):
        kind = Q(first_pass_done_at__isnull=first_pass)
        busy = RetrievalTask.objects.filter(kind, lease_until__gte=now).count()
        if busy < limit:
            claims += _claim_kind(kind, now=now, most=limit - busy)
    return claims


def _claim_kind(kind: Q, *, now: datetime, most: int) -> list[Claim]:
    with transaction.atomic():
        due = _allowed(_due(now)).filter(kind).order_by("next_at").values_list("pk", flat=True)
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True, of=("self",))
        return _claim(list(due[:most]), now=now)


def claim_one(task: RetrievalTask, *, now: datetime) -> Claim | None:
    """Claim a task whether due or not; None while somebody else works on it."""
    with transaction.atomic():
        free = RetrievalTask.objects.select_for_update().filter(_free(now), pk=task.pk)
        claims = _claim(list(free.values_list("pk", flat=True)), now=now)
    return claims[0] if claims else None


def run_now(task: RetrievalTask, *, now: datetime) -> None:
    """Ask for a pull at once; while one runs, for another right after it (A46)."""
    with transaction.atomic():
        rows = RetrievalTask.objects.filter(pk=task.pk)
        if not rows.filter(_free(now)).update(next_at=now):
            rows.update(rerun=True)


def pause(task: RetrievalTask) -> None:
    """Stop pulling until resumed; a running pull ends at its next commit."""
    RetrievalTask.objects.filter(pk=task.pk).update(
        state=TaskState.PAUSED, next_at=None, rerun=False, fence=F("fence") + 1, lease_until=None
    )


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
    return next_due(task.pk, interval=settings.RETRIEVAL_INTERVAL, now=now)


def _free(now: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lt=now)


def _due(now: datetime) -> QuerySet[RetrievalTask]:
    rows = RetrievalTask.objects.filter(_free(now), next_at__lte=now, user__is_active=True)
    return rows.exclude(state=TaskState.PAUSED)


def _allowed(rows: QuerySet[RetrievalTask]) -> QuerySet[RetrievalTask]:
    """Without the tasks whose domain, or the installation, has retrieval switched off (A194)."""
    off = features.switched_off_domains(Feature.RETRIEVAL)
    if off is None:
        return rows.none()
    return rows.exclude(user__domain_id__in=off) if off else rows


def _claim(ids: list[int], *, now: datetime) -> list[Claim]:
    RetrievalTask.objects.filter(pk__in=ids).update(
        fence=F("fence") + 1, lease_until=now + QUEUE_LEASE, rerun=False
    )
    rows = RetrievalTask.objects.filter(pk__in=ids).values_list("pk", "fence", "first_pass_done_at")
    return [Claim(pk, fence, first_pass=done is None) for pk, fence, done in rows]
