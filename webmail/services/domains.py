"""Taking a domain away."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accounts.models import AuditEntry, Domain, User
from accounts.services import audit
from webmail.services import managing, removing

_MARKED: Final = "user-deletion"


def remove(domain: Domain, *, now: datetime) -> bool:
    """Forget a domain with its switches and limits; False while it has people.

    Its lines in the audit log stay.
    """
    with transaction.atomic():
        held = Domain.objects.select_for_update().get(pk=domain.pk)
        if held.users.exists():
            return False
        audit.note("domain-removed", now=now, domain=held, detail={"name": held.name})
        held.delete()
    return True


def mark_people(domain: Domain, *, now: datetime, grace: timedelta = removing.GRACE) -> int:
    """Have everybody of a domain deleted after the grace; how many were not marked before.

    All or nobody. Each is told, and can be kept until that day (`keep_people`, `managing`).
    Raises RemovalRefused where the last system administrator is among them.
    """
    with transaction.atomic():
        waiting = list(domain.users.filter(delete_after=None).order_by("pk"))
        for user in waiting:
            managing.mark(user=user, now=now, grace=grace)
    return len(waiting)


def keep_people(domain: Domain, *, now: datetime) -> int:
    """Take `mark_people` back; how many are kept. Who asked for it themselves is not among them."""
    with transaction.atomic():
        marked = domain.users.filter(delete_after__gt=now).order_by("pk")
        return sum(managing.take_back(user=one, now=now) for one in marked if _by_operator(one))


def _by_operator(user: User) -> bool:
    """Whether a command marked this person, as the audit log says."""
    said = AuditEntry.objects.filter(subject=user.pk, action=_MARKED).order_by("-at", "-pk").first()
    return said is not None and said.actor is None
