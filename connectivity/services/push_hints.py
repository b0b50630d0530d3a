"""Which new mail browsers are to be told of. Loaded with every pull, so it loads little itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from django.conf import settings

from connectivity.models import PushDue
from mailstore.models import Message


class Arrived(Protocol):
    """What `filtering.arrivals` tells of."""

    @property
    def message(self) -> Message: ...


def is_available() -> bool:
    """Whether the operator gave this installation a key."""
    return bool(settings.VAPID_PRIVATE_KEY)


def filed(arrived: Sequence[Arrived]) -> None:
    """Remember which of the messages that were just filed their owners want to hear of."""
    if not is_available():
        return
    rows = [
        PushDue(user_id=one.message.user_id, message=one.message.pk)
        for one in arrived
        if one.message.folder.notifies and not one.message.is_backfill and not one.message.is_seen
    ]
    if rows:
        PushDue.objects.bulk_create(rows)
