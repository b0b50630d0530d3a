"""The audit log: who did what to whom, when and from where. It is only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts import acting
from accounts.callers import NOBODY, Caller
from accounts.models import AuditEntry, Domain, User
from accounts.models.trail import YOUNG

_BATCH = 5000


def record(
    action: str,
    *,
    now: datetime,
    actor: User | None,
    subject: User | None = None,
    domain: Domain | None = None,
    caller: Caller = NOBODY,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write one line, in the caller's transaction so that it is there if and only if the deed is.

    ``action`` is one of `accounts.audit_words`. ``actor`` None is an operator's command.
    ``detail`` says what changed, as JSON; it never holds a secret, a password or a token.
    """
    where = domain.pk if domain else subject.domain_id if subject else None
    AuditEntry.objects.create(
        at=now,
        action=action,
        actor=actor.pk if actor else None,
        actor_name=actor.email if actor else "",
        subject=subject.pk if subject else None,
        subject_name=subject.email if subject else "",
        domain=where,
        address=caller.address or None,
        client=caller.client,
        detail=dict(detail or {}),
    )


def note(
    action: str,
    *,
    now: datetime | None = None,
    subject: User | None = None,
    domain: Domain | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """`record` for services far below the view: who asked, and from where, is the request's.

    In a command nobody asked, so the operator is told of. ``now`` None: this moment.
    """
    record(
        action,
        now=now or timezone.now(),
        actor=acting.actor(),
        subject=subject,
        domain=domain,
        caller=acting.caller(),
        detail=detail,
    )


def seen_lately(
    action: str,
    *,
    actor: User,
    since: datetime,
    domain: Domain | None = None,
    subject: User | None = None,
) -> bool:
    """Whether this person did the same to ``subject``, else there, after ``since``: for what is
    told once in a while."""
    found = AuditEntry.objects.filter(actor=actor.pk, at__gte=since, action=action)
    if subject is not None:
        return found.filter(subject=subject.pk).exists()
    return found.filter(domain=domain.pk if domain else None).exists()


def tidy(*, now: datetime, days: int) -> int:
    """Remove lines older than ``days``, but none younger than `YOUNG`; how many went."""
    rows: QuerySet[AuditEntry] = QuerySet(AuditEntry).filter(
        at__lt=now - max(timedelta(days=days), YOUNG)
    )
    gone = 0
    while old := list(rows.values_list("pk", flat=True)[:_BATCH]):
        gone += QuerySet(AuditEntry).filter(pk__in=old).delete()[0]
    return gone
