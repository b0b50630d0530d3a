"""What a person decides by moving messages into Junk or out of it: learned from, and noted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from filtering.models import Decision, DecisionKind
from filtering.services import training
from filtering.whys import VERSION
from lib import bulk
from mailstore.models import Folder, FolderRole, Message

#: What a row says that a person overruled, to be had again.
_WAS: Final = "was"


def moving(user: User, ids: Collection[int], *, to: Folder, now: datetime) -> list[int]:
    """A person is about to move messages to a folder. The keys of those for which that says
    whether they are junk, for `taken_back`. Inside the caller's transaction."""
    judged = training.moved(user, ids, to=to.role or "", now=now)
    if to.role == FolderRole.JUNK:
        # Also what nothing is learned from: it is emptied so many days from now and not at once.
        mine = Message.objects.filter(user=user, pk__in=list(ids)).exclude(folder=to)
        judged = list(mine.values_list("pk", flat=True))
    if judged:
        _note(judged, now)
    return judged


def _note(keys: Collection[int], now: datetime) -> None:
    """Whose decision it is from now on. What was decided before stays below it."""
    there = {row.message_id: row for row in Decision.objects.filter(message__in=list(keys))}
    for row in there.values():
        if row.kind != DecisionKind.PERSON:
            row.why = {**row.why, _WAS: row.kind}
        row.kind, row.made_at = DecisionKind.PERSON, now
    Decision.objects.bulk_update(there.values(), ("kind", "why", "made_at"), batch_size=500)
    new: list[tuple[Any, ...]] = [
        (pk, DecisionKind.PERSON, {"v": VERSION}, now) for pk in keys if pk not in there
    ]
    bulk.insert(Decision, ("message_id", "kind", "why", "made_at"), new)


def taken_back(user: User, ids: Collection[int], *, now: datetime) -> None:
    """A person undoes such a move: nothing is learned of it, and the earlier reason holds."""
    with transaction.atomic():
        training.taken_back(user, ids, now=now)
        mine = Decision.objects.filter(
            message__user=user, message__in=list(ids), kind=DecisionKind.PERSON
        )
        rows = list(mine)
        kept = [row for row in rows if _WAS in row.why]
        for row in kept:
            row.kind = row.why.pop(_WAS)
        Decision.objects.bulk_update(kept, ("kind", "why"), batch_size=500)
        Decision.objects.filter(pk__in=[row.pk for row in rows if row not in kept]).delete()
