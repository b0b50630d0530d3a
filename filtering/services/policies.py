"""What is done about spam: a person's word, else the domain's, else the installation's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from accounts.models import Domain, User
from accounts.services import audit
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


def own(owner: User | Domain) -> SpamPolicy:
    """What a person or a domain decided; where that is nothing, a row that is not stored."""
    whose = _whose(owner)
    return SpamPolicy.objects.filter(**whose).first() or SpamPolicy(**whose)


def inherited(owner: User | Domain) -> Policy:
    """What holds where the owner decides nothing."""
    if isinstance(owner, Domain):
        return DEFAULT
    return _over(DEFAULT, SpamPolicy.objects.filter(domain=owner.domain_id).first())


def save(
    owner: User | Domain,
    said: Mapping[str, bool | float | str | int | None],
    *,
    actor: User,
    now: datetime,
) -> bool:
    """Decide; None leaves it to who stands above. False where nothing changed."""
    with transaction.atomic():
        row = own(owner)
        changed = {name: said[name] for name in _FIELDS if getattr(row, name) != said[name]}
        if not changed:
            return False
        for name, value in changed.items():
            setattr(row, name, value)
        row.save()
        audit.record(
            "junk-settings-changed",
            now=now,
            actor=actor,
            subject=owner if isinstance(owner, User) else None,
            domain=owner if isinstance(owner, Domain) else None,
            detail=changed,
        )
    return True


def _whose(owner: User | Domain) -> dict[str, User | Domain]:
    return {"domain": owner} if isinstance(owner, Domain) else {"user": owner}
