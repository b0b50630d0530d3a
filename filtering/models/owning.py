"""Whose a row is: a person's or a domain's, never both and never nobody's."""

from __future__ import annotations

from django.db.models import CheckConstraint, Q

_PERSONS = Q(user__isnull=False, domain__isnull=True)
_DOMAINS = Q(user__isnull=True, domain__isnull=False)


def one_owner(name: str) -> CheckConstraint:
    """The constraint that exactly one of ``user`` and ``domain`` is set."""
    return CheckConstraint(condition=_PERSONS | _DOMAINS, name=name)
