"""Junk is emptied: what has lain there for as many days as its owner's policy says goes for good.

The days count from when a message came into Junk: from when it was stored, or from when a person
or a filter put it there, if that was later.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from accounts.models import User
from filtering.services import policies
from mailstore.models import Folder, FolderRole, Message
from mailstore.services import messages

BATCH: Final = 500
_PEOPLE: Final = 200


def empty_due(*, now: datetime) -> int:
    """Remove what is due from everybody's Junk; how many messages went.

    Killed anywhere it loses nothing: each batch is a transaction, and the next round goes on.
    """
    return sum(_empty(user, now - timedelta(days=days)) for user, days in _due())


def _due() -> Iterator[tuple[User, int]]:
    full = Folder.objects.filter(role=FolderRole.JUNK, total__gt=0).order_by("user")
    keys = list(full.values_list("user", flat=True))
    for at in range(0, len(keys), _PEOPLE):
        people = list(User.objects.filter(pk__in=keys[at : at + _PEOPLE], is_active=True))
        found = policies.of(people)
        yield from ((one, days) for one in people if (days := found[one.pk].junk_days))


def _empty(user: User, before: datetime) -> int:
    gone = 0
    moved_later = Q(decision__made_at__gte=before)
    while True:
        mine = Message.objects.filter(user=user, folder__role=FolderRole.JUNK)
        old = mine.filter(stored_at__lt=before).exclude(moved_later).order_by("pk")
        some = list(old.values_list("pk", flat=True)[:BATCH])
        if not some:
            return gone
        gone += messages.remove(user, some)
