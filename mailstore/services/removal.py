"""All mail of a person who leaves, in batches, so that nobody else waits long."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from accounts.models import User
from mailstore.models import Message, Thread
from mailstore.services import messages

BATCH: Final = 1000


def remove_mail(user: User) -> int:
    """Remove all messages and conversations of this person for good; how many messages.

    Each batch has a transaction of its own: killed on the way, the next call goes on. Folders
    and what else is small go with the person. Bodies nobody else has are swept later.
    """
    removed = 0
    while ids := _some(user):
        removed += messages.remove(user, ids)
    while _remove_threads(user):
        pass
    return removed


def _some(user: User) -> list[int]:
    mine = Message.objects.filter(user=user).order_by("pk")
    return list(mine.values_list("pk", flat=True)[:BATCH])


def _remove_threads(user: User) -> int:
    mine = Thread.objects.filter(user=user).order_by("pk")
    with transaction.atomic():
        ids = list(mine.values_list("pk", flat=True)[:BATCH])
        return Thread.objects.filter(pk__in=ids).delete()[0]
