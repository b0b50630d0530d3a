"""Senders that are allowed or blocked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Q

from accounts.models import User
from filtering.models import SenderRule


@dataclass(frozen=True, slots=True)
class Book:
    """The rules of one person and of the domain, by sender."""

    own: dict[str, SenderRule] = field(default_factory=dict)
    domains: dict[str, SenderRule] = field(default_factory=dict)

    def about(self, address: str) -> SenderRule | None:
        """The rule about an address: a person's before the domain's, an address before its
        domain."""
        one = address.strip().casefold()
        whole = "@" + one.rpartition("@")[2]
        for rules in (self.own, self.domains):
            if (found := rules.get(one) or rules.get(whole)) is not None:
                return found
        return None


def books(users: Collection[User]) -> dict[int, Book]:
    """The rules of people by their keys; one query."""
    whose = Q(user__in=users) | Q(domain__in={one.domain_id for one in users})
    rows = list(SenderRule.objects.filter(whose))
    return {
        one.pk: Book(
            {row.sender: row for row in rows if row.user_id == one.pk},
            {row.sender: row for row in rows if row.domain_id == one.domain_id},
        )
        for one in users
    }
