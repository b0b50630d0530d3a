"""Pauses of everybody's retrieval at one provider, made by an administrator (an outage, a limit).

A pause holds all runs at the provider, those asked for by hand too. The tasks themselves are not
changed, but for when they are due again; what was fetched is never asked for twice.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.callers import NOBODY, Caller
from accounts.models import Domain, User
from accounts.services import audit
from lib import bulk
from retrieval.models import ProviderPause, RetrievalTask, TaskState
from retrieval.profiles import key_of

LONGEST = timedelta(days=31)
# Tasks put off at once at most; the others follow on the next round.
PUT_OFF = 5000
# After a pause they come back one part after the other, not all in the same second.
_PARTS, _APART = 8, timedelta(seconds=15)


class PauseRefused(ValueError):
    """It cannot be paused so; the sentence is for the administrator."""


def pause(
    provider: str,
    domain: Domain | None,
    *,
    by: User | None,
    now: datetime,
    until: datetime,
    reason: str,
    caller: Caller = NOBODY,
) -> ProviderPause:
    """Pause retrieval at ``provider`` for the people of ``domain``, or for everybody.

    ``provider`` is a key of `retrieval.profiles` or a host. A running pull ends at its next
    commit. A second pause of the same takes the place of the first. Raises `PauseRefused`.
    """
    key = key_of(provider.strip())
    if not key:
        raise PauseRefused(_("Name the provider or the server."))
    if not reason.strip():
        raise PauseRefused(_("Say why: it is told to the people concerned."))
    if not now < until <= now + LONGEST:
        raise PauseRefused(_("Choose an end between now and a month from now."))
    with transaction.atomic():
        before = ProviderPause.objects.select_for_update().filter(domain=domain, key=key).first()
        values = {"reason": reason.strip()[:200], "by": by, "since": now, "until": until}
        row, _made = ProviderPause.objects.update_or_create(domain=domain, key=key, defaults=values)
        if before is not None:
            _bring_back(before, to=now)
        _stop_running(row)
        detail = {"provider": key, "until": until.isoformat(), "reason": row.reason}
        audit.record(
            "provider-paused", now=now, actor=by, domain=domain, caller=caller, detail=detail
        )
    return row


def resume(row: ProviderPause, *, by: User | None, now: datetime, caller: Caller = NOBODY) -> None:
    """End a pause; the tasks it put off are due again within two minutes."""
    with transaction.atomic():
        if not ProviderPause.objects.filter(pk=row.pk).delete()[0]:
            return
        _bring_back(row, to=now)
        audit.record(
            "provider-resumed",
            now=now,
            actor=by,
            domain=row.domain,
            caller=caller,
            detail={"provider": row.key},
        )


def in_force(*, now: datetime, domain: int | None = None) -> QuerySet[ProviderPause]:
    """The pauses that hold now; with ``domain`` those its people feel."""
    rows = ProviderPause.objects.filter(until__gt=now).select_related("domain", "by")
    return rows if domain is None else rows.filter(Q(domain=None) | Q(domain=domain))


def paused_for(task: RetrievalTask, *, now: datetime) -> ProviderPause | None:
    """The pause that holds a task up, the one that lasts longest; with one query."""
    return paused_among([task], now=now).get(task.pk)


def paused_among(tasks: Collection[RetrievalTask], *, now: datetime) -> dict[int, ProviderPause]:
    """The same for tasks of one person, by their ids, with one query for all."""
    people = {task.user_id for task in tasks}
    theirs = Domain.objects.filter(users__in=people).values("pk")
    rows = ProviderPause.objects.filter(Q(domain=None) | Q(domain__in=theirs), until__gt=now)
    rows = rows.select_related("by")
    by_key = {row.key: row for row in rows.order_by("until")}
    if not by_key:
        return {}
    found = ((task.pk, by_key.get(task.provider_key or key_of(task.host))) for task in tasks)
    return {pk: row for pk, row in found if row is not None}


def forget_ended(*, now: datetime) -> int:
    """Delete the pauses that are over; how many they were."""
    return ProviderPause.objects.filter(until__lte=now).delete()[0]


def without_paused(rows: QuerySet[RetrievalTask]) -> QuerySet[RetrievalTask]:
    """The tasks that no pause holds up by the database's clock."""
    for pause in _holding(Now()):
        rows = rows.exclude(_of(pause))
    return rows


def put_off(due: QuerySet[RetrievalTask], *, now: datetime) -> QuerySet[RetrievalTask]:
    """Give the due tasks that are paused a time after the pause; those that are left.

    Left where they are they would be read past on every round, and look as if about to start.
    """
    for pause in _holding(now):
        held = list(due.filter(_of(pause)).values_list("pk", flat=True)[:PUT_OFF])
        _spread(held, from_=pause.until)
        due = due.exclude(_of(pause))
    return due


def _holding(now: datetime | Now) -> list[ProviderPause]:
    return list(ProviderPause.objects.filter(until__gt=now))


def _of(pause: ProviderPause) -> Q:
    """The tasks a pause is about."""
    everybody = Q(provider_key=pause.key)
    return everybody if pause.domain_id is None else everybody & Q(user__domain=pause.domain_id)


def _stop_running(pause: ProviderPause) -> None:
    """Take the leases away: whoever works on one of the tasks finds that at its next commit."""
    leased = RetrievalTask.objects.filter(_of(pause), lease_until__isnull=False)
    # A person's own pause has no next time either.
    leased = leased.exclude(state=TaskState.PAUSED).select_for_update(of=("self",))
    keys = list(leased.values_list("pk", flat=True))
    rows = RetrievalTask.objects.filter(bulk.among(RetrievalTask, keys))
    rows.update(fence=F("fence") + 1, lease_until=None)
    # One that only runs when asked was asked, and is still.
    _spread(keys, from_=pause.until)


def _bring_back(pause: ProviderPause, *, to: datetime) -> None:
    """Make due what was put off because of this pause: it stands within its spread."""
    spread = (pause.until, pause.until + _APART * _PARTS)
    rows = RetrievalTask.objects.filter(_of(pause), next_at__range=spread)
    # The daily look at a refused account may come when it would have come.
    rows = rows.exclude(state=TaskState.NEEDS_PASSWORD)
    _spread(list(rows.values_list("pk", flat=True)), from_=to)


def _spread(keys: Collection[int], *, from_: datetime) -> None:
    for part in range(_PARTS):
        some = [pk for pk in keys if pk % _PARTS == part]
        if some:
            rows = RetrievalTask.objects.filter(bulk.among(RetrievalTask, some))
            rows.update(next_at=from_ + part * _APART)
