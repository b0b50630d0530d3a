"""The audit log: who did what to whom, when and from where. It is only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.callers import NOBODY, Caller
from accounts.models import AuditEntry, Domain, User


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
