"""How everybody's retrieval does: what fails or waits, by provider and cause, without any mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet

from accounts.models import Domain
from connectivity.masking import mask
from retrieval.models import Method, RetrievalTask, TaskState
from retrieval.profiles import key_of
from retrieval.retry import waits

MOST = 100


@dataclass(frozen=True, slots=True)
class Group:
    """Tasks at one provider with one cause. ``line`` is what a server said, without any name."""

    key: str
    host: str
    port: int
    cause: str
    tasks: int
    people: int
    since: datetime | None
    line: str
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The state of a domain's tasks, or of all.

    ``late`` is how many should have begun by now, ``oldest`` when the longest waiting should have.
    """

    tasks: int
    people: int
    troubled: int
    running: int
    late: int
    oldest: datetime | None
    groups: tuple[Group, ...]


def state(domain: Domain | None, *, now: datetime) -> Retrieval:
    """How retrieval does now in a domain, or everywhere; three statements, whatever there is."""
    tasks = RetrievalTask.objects.filter(user__is_active=True).order_by()
    if domain is not None:
        tasks = tasks.filter(user__domain=domain)
    due = Q(next_at__lte=now) & (Q(lease_until=None) | Q(lease_until__lte=now))
    counted = tasks.aggregate(
        tasks=Count("pk"),
        people=Count("user", distinct=True),
        running=Count("pk", filter=Q(lease_until__gt=now)),
        late=Count("pk", filter=due),
        oldest=Min("next_at", filter=due),
    )
    groups = _groups(tasks)
    troubled = sum(group.tasks for group in groups if not group.is_waiting)
    return Retrieval(groups=groups, troubled=troubled, **counted)


def _groups(tasks: QuerySet[RetrievalTask]) -> tuple[Group, ...]:
    """The largest groups, those that fail first."""
    # A task its owner paused, or that nobody runs, is in nobody's way.
    failing = tasks.exclude(cause="").exclude(state=TaskState.PAUSED)
    failing = failing.filter(Q(method=Method.AUTOMATIC) | Q(failing_since__isnull=False))
    rows = failing.values("provider_key", "cause").annotate(
        tasks=Count("pk"),
        people=Count("user", distinct=True),
        since=Min("failing_since"),
        ran=Min("last_run_at"),
        sample=Min("pk"),
    )
    found = list(rows.order_by("-tasks", "provider_key", "cause")[:MOST])
    samples = _samples([row["sample"] for row in found])
    groups = [_group(row, samples[row["sample"]]) for row in found if row["sample"] in samples]
    return tuple(sorted(groups, key=lambda group: group.is_waiting))


def _samples(keys: Sequence[int]) -> Mapping[int, RetrievalTask]:
    rows = RetrievalTask.objects.filter(pk__in=keys).select_related("source", "user")
    return {task.pk: task for task in rows}


def _group(row: Mapping[str, object], task: RetrievalTask) -> Group:
    names = (task.username, task.source.address, task.user.email, task.user.display_name)
    return Group(
        key=str(row["provider_key"]) or key_of(task.host),
        host=task.host,
        port=task.port,
        cause=str(row["cause"]),
        tasks=_number(row["tasks"]),
        people=_number(row["people"]),
        since=_moment(row["since"]) or _moment(row["ran"]),
        line=mask(task.server_line, *names) if task.server_line else "",
        is_waiting=waits(str(row["cause"])),
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _moment(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
