"""How much somebody may have: the system's limits above the domain's, the lower one counts."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from accounts.models import Limits, User

NAMES = ("tasks", "interval", "message_size", "daily_sends", "quota")


@dataclass(frozen=True, slots=True)
class Held:
    """What holds for somebody; None where nothing limits it. Sizes in bytes, times in seconds."""

    tasks: int | None = None
    interval: int | None = None
    message_size: int | None = None
    daily_sends: int | None = None
    quota: int | None = None


def of(domain: int) -> Held:
    """What holds for the people of the domain with this id, with one query."""
    rows = list(Limits.objects.filter(Q(domain=None) | Q(domain=domain)).values(*NAMES))
    values = {name: [row[name] for row in rows if row[name] is not None] for name in NAMES}
    # An interval is a floor: the longer one is the stricter.
    return Held(
        **{
            name: (max(found) if name == "interval" else min(found)) if found else None
            for name, found in values.items()
        }
    )


def quota_of(user: User) -> int | None:
    """How many bytes of mail this person may have; an own figure stands above the domain's."""
    return user.quota if user.quota is not None else of(user.domain_id).quota
