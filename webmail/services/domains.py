"""Taking a domain away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, Max

from accounts.models import AuditEntry, Domain, User
from accounts.services import audit
from webmail.services import managing, removing

_MARKED: Final = "user-deletion"
_DELETED: Final = "user-deleted"


@dataclass(frozen=True, slots=True)
class Progress:
    """Of a domain that goes with its people: how many are left and gone, and the last one's day."""

    left: int
    gone: int
    until: datetime | None


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


def remove_with_people(
    domain: Domain, *, now: datetime, grace: timedelta = removing.GRACE
) -> Progress:
    """Have everybody of a domain deleted after the grace, and the domain with the last of them.

    All or nobody. Each is told, and can be kept until that day (`keep_people`, `managing`); the
    domain then stays. Asked again, whoever came since is marked too, and all others keep their
    day. Raises RemovalRefused where the last system administrator is among them.
    """
    with transaction.atomic():
        for user in domain.users.filter(delete_after=None).order_by("pk"):
            managing.mark(user=user, now=now, grace=grace)
        if domain.removal_asked_at is None:
            domain.removal_asked_at = now
            domain.save(update_fields=["removal_asked_at"])
            audit.note("domain-removal", now=now, domain=domain, detail={"name": domain.name})
    return progress(domain)


def progress(domain: Domain) -> Progress:
    """How far `remove_with_people` is."""
    facts = domain.users.aggregate(left=Count("pk"), last=Max("delete_after"))
    asked = domain.removal_asked_at
    lines = AuditEntry.objects.filter(domain=domain.pk, action=_DELETED)
    gone = lines.filter(at__gte=asked).count() if asked else 0
    return Progress(facts["left"], gone, facts["last"])


def finish_removals(*, now: datetime) -> int:
    """Remove the domains that were to go with their people and have none any more; how many.

    One in which somebody stays, as they were kept or came since, is to go no longer.
    """
    asked = Domain.objects.exclude(removal_asked_at=None)
    for domain in asked.filter(users__delete_after=None, users__isnull=False).distinct():
        _keep(domain, now)
    return sum(remove(domain, now=now) for domain in asked.filter(users=None))


def keep_people(domain: Domain, *, now: datetime) -> int:
    """Take `remove_with_people` back; how many people are kept.

    Who asked for it themselves is not among them.
    """
    with transaction.atomic():
        _keep(domain, now)
        marked = domain.users.filter(delete_after__gt=now).order_by("pk")
        return sum(managing.take_back(user=one, now=now) for one in marked if _by_operator(one))


def _keep(domain: Domain, now: datetime) -> None:
    if domain.removal_asked_at is None:
        return
    domain.removal_asked_at = None
    domain.save(update_fields=["removal_asked_at"])
    audit.note("domain-kept", now=now, domain=domain, detail={"name": domain.name})


def _by_operator(user: User) -> bool:
    """Whether a command marked this person, as the audit log says."""
    said = AuditEntry.objects.filter(subject=user.pk, action=_MARKED).order_by("-at", "-pk").first()
    return said is not None and said.actor is None
