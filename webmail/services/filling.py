"""People are told when their mailbox fills up: at 80, 95 and 100 percent, once each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.db.models import Sum
from django.urls import reverse

from accounts.models import User
from accounts.services import limits
from connectivity.models import Notification
from connectivity.services import notifications
from mailstore import filling

_KEY: Final = "storage:"
#: Kind of notice and cause, by level.
_TOLD: Final = {
    80: ("storage-filling", "space-filling"),
    95: ("storage-filling", "space-almost-full"),
    100: ("storage-full", "space-full"),
}


def tell(*, now: datetime) -> int:
    """Open and close notices, as mailboxes are now; how many are over the first level.

    One statement for the people with a quota and what they use, one for notices that are open.
    """
    told: dict[int, set[str]] = {}
    open_now = Notification.objects.filter(key__startswith=_KEY, resolved_at=None)
    for user_id, key in open_now.values_list("user", "key"):
        told.setdefault(user_id, set()).add(key)
    filled = 0
    for user, used, quota in _measured():
        level = filling.level(used, quota)
        filled += level > 0
        keys = told.pop(user.pk, set())
        _say(user, level, keys, now)
    for user in User.objects.filter(pk__in=told):
        # The limit is gone, or the mail.
        _end(user, told[user.pk], now)
    return filled


def _measured() -> Iterator[tuple[User, int, int]]:
    """Everybody who has a limit: what they use, what they may have (`limits.of_person`)."""
    spaces: dict[int, tuple[int | None, int | None]] = {}
    people = User.objects.filter(is_active=True, delete_after=None)
    for user in people.annotate(used=Sum("folders__size")).iterator(chunk_size=500):
        if user.domain_id not in spaces:
            spaces[user.domain_id] = limits.spaces_of(user.domain_id)
        if quota := limits.space_of(user, spaces[user.domain_id]):
            yield user, user.used or 0, quota


def _say(user: User, level: int, keys: set[str], now: datetime) -> None:
    key = f"{_KEY}{level}"
    if level and key not in keys:
        kind, cause = _TOLD[level]
        notifications.open_(
            user=user,
            key=key,
            kind=kind,
            label=user.email,
            url=reverse("settings-storage"),
            cause=cause,
            params={},
            now=now,
            # In the app alone at first: mail about it would take space as well.
            mail=level > filling.LEVELS[0],
        )
    if level:
        for other in keys - {key}:
            # A higher or a lower one has taken its place.
            notifications.drop(user=user, key=other)
    else:
        _end(user, keys, now)


def _end(user: User, keys: set[str], now: datetime) -> None:
    for key in keys:
        notifications.resolve(user=user, key=key, now=now)
