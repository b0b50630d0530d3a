"""How everybody's sending does: what waits, and what holds it up, without any message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q

from accounts.models import Domain
from smtp_accounts.models import OutboxMessage
from smtp_accounts.models.outbox import OutboxState

#: How far back refused messages are counted.
LOOK_BACK = timedelta(days=1)
MOST = 100


@dataclass(frozen=True, slots=True)
class Held:
    """Messages that one server does not take, for one cause; ``host`` "" is the own relay."""

    host: str
    cause: str
    messages: int
    people: int
    since: datetime | None
    is_final: bool


@dataclass(frozen=True, slots=True)
class Sending:
    """What the outbox holds. ``late`` should have left by now, the first of them at ``oldest``."""

    waiting: int
    retrying: int
    late: int
    oldest: datetime | None
    groups: tuple[Held, ...]


def state(domain: Domain | None, *, now: datetime) -> Sending:
    """What the outbox of a domain, or of all, holds now; two statements, whatever there is."""
    rows = OutboxMessage.objects.order_by()
    if domain is not None:
        rows = rows.filter(user__domain=domain)
    open_ = rows.filter(state__in=(OutboxState.QUEUED, OutboxState.RETRY, OutboxState.SENDING))
    due = Q(state__in=(OutboxState.QUEUED, OutboxState.RETRY), not_before__lte=now)
    counted = open_.aggregate(
        waiting=Count("pk", filter=Q(state=OutboxState.QUEUED)),
        retrying=Count("pk", filter=Q(state=OutboxState.RETRY)),
        late=Count("pk", filter=due),
        oldest=Min("not_before", filter=due),
    )
    refused = Q(state=OutboxState.REFUSED, ended_at__gte=now - LOOK_BACK)
    held = rows.filter(Q(state=OutboxState.RETRY) | refused).exclude(cause="")
    grouped = held.values("account__host", "cause", "state").annotate(
        messages=Count("pk"), people=Count("user", distinct=True), since=Min("due_since")
    )
    found = grouped.order_by("-messages", "account__host", "cause")[:MOST]
    return Sending(groups=tuple(_held(row) for row in found), **counted)


def _held(row: Mapping[str, object]) -> Held:
    messages, people, since = row["messages"], row["people"], row["since"]
    return Held(
        host=str(row["account__host"] or ""),
        cause=str(row["cause"]),
        messages=messages if isinstance(messages, int) else 0,
        people=people if isinstance(people, int) else 0,
        since=since if isinstance(since, datetime) else None,
        is_final=row["state"] == OutboxState.REFUSED,
    )
