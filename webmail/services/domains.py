"""Taking a domain away."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Domain
from accounts.services import audit


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
