"""What is done about spam: a person's word, else the domain's, else the installation's."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from django.db.models import Q

from accounts.models import User
from filtering.models import SpamAction, SpamPolicy
from filtering.verdict import THRESHOLD

_FIELDS = ("is_on", "threshold", "action", "junk_days")


@dataclass(frozen=True, slots=True)
class Policy:
    """What is in force for a person. ``junk_days`` 0: Junk is never emptied."""

    is_on: bool = True
    threshold: float = THRESHOLD
    action: str = SpamAction.JUNK
    junk_days: int = 30


DEFAULT = Policy()


def of(users: Collection[User]) -> dict[int, Policy]:
    """The policies of people by their keys; one query."""
    domains = {one.domain_id for one in users}
    rows = SpamPolicy.objects.filter(Q(user__in=users) | Q(domain__in=domains))
    found = {(one.user_id, one.domain_id): one for one in rows}
    return {
        one.pk: _over(_over(DEFAULT, found.get((None, one.domain_id))), found.get((one.pk, None)))
        for one in users
    }


def _over(policy: Policy, row: SpamPolicy | None) -> Policy:
    if row is None:
        return policy
    said = {name: getattr(row, name) for name in _FIELDS}
    return replace(policy, **{name: value for name, value in said.items() if value is not None})
