"""Taking back what was done to messages, one kind of step at a time; see `undoing`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from filtering.services import personal
from mailstore.models import Folder, Label, Reminder, Thread
from mailstore.services import labels, locks, messages, returning

BATCH = 1000


def flag(user: User, name: str, value: bool, ids: Sequence[int]) -> None:
    """Set a flag to what it was before."""
    for some in batches(ids):
        setting(name)(user, some, value)


def setting(name: str) -> Callable[[User, Sequence[int], bool], int]:
    """What sets the flag of that column."""
    if name == "is_seen":
        return lambda user, ids, value: messages.set_flags(user, ids, seen=value)
    return lambda user, ids, value: messages.set_flags(user, ids, flagged=value)


def move(user: User, folder_id: int, ids: Sequence[int]) -> None:
    """Bring messages back to a folder, if that is still there."""
    home = Folder.objects.filter(user=user, pk=folder_id).first()
    if home is not None:
        for some in batches(ids):
            messages.move(user, some, home)


def judged(user: User, ids: Sequence[int]) -> None:
    """Have it unsaid whether messages are junk."""
    for some in batches(ids):
        personal.taken_back(user, some, now=timezone.now())


def put_off(user: User, rows: list[dict[str, Any]]) -> None:
    """Have snoozed, or have waiting for a reminder, what was so before."""
    returning.restore(user, rows)


def reminders(user: User, ids: Sequence[int], rows: list[dict[str, Any]]) -> None:
    """Have the reminders of messages that there were before."""
    with transaction.atomic():
        locks.hold(user.pk)
        Reminder.objects.filter(user=user, message__in=list(ids), came_at=None).delete()
        returning.restore(user, rows)


def label(user: User, label_id: int, was_put: bool, ids: Sequence[int]) -> None:
    """Take a label off that was put on messages, or the other way round."""
    found = Label.objects.filter(user=user, pk=label_id).first()
    if found is not None:
        for some in batches(ids):
            (labels.take if was_put else labels.put)(user, found, some)


def mute(user: User, thread_ids: Sequence[int], was_muted: bool) -> None:
    """Let conversations be heard again that were muted, or the other way round."""
    moment = None if was_muted else timezone.now()
    with transaction.atomic():
        locks.hold(user.pk)
        Thread.objects.filter(user=user, pk__in=list(thread_ids)).update(muted_at=moment)


def batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Ids in pieces that no transaction takes long for."""
    return (ids[at : at + BATCH] for at in range(0, len(ids), BATCH))
