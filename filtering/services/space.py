"""What a person may still store: copies count as mail does."""

from __future__ import annotations

from math import inf

from accounts.models import User
from accounts.services import limits
from mailstore.services import usage


def left(user: User) -> float:
    """Bytes until the person's space is full, never below 0; infinite where nothing limits it."""
    quota = limits.quota_of(user)
    return inf if quota is None else max(0.0, float(quota - usage.used(user)))
