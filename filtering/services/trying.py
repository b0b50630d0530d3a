"""What a filter would do to mail that is here. Nothing is changed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from filtering.services import filters, stored
from filtering.services.checked import Wanted
from filtering.services.stored import untouched
from mailstore.models import Folder, Message

#: Messages that are looked at.
LOOK = 500
#: Seconds after which it is enough: somebody waits for the page.
PATIENCE = 5.0
#: Examples that are shown.
EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Tried:
    """How many messages were looked at, how many the filter meets, and the newest of these.

    ``is_all`` is False where there are more than were looked at. ``folders``: how many it meets in
    each folder, most first.
    """

    looked: int
    met: int
    examples: Sequence[Message] = ()
    is_all: bool = True
    folders: Sequence[tuple[Folder, int]] = ()


def preview(
    user: User, wanted: Wanted, *, folder: Folder | None, now: datetime, look: int = LOOK
) -> Tried:
    """What a filter would meet among the newest messages of a folder, or everywhere (None), which
    is all but Junk, Deleted Items, Drafts, Sent and what is snoozed. Raises FilterRefused.
    """
    filters.check(user, wanted)
    rule = filters.of_wanted(wanted)
    rows = list(_newest(user, folder)[: look + 1])
    until, looked, met = time.monotonic() + PATIENCE, 0, []
    for one in rows[:look]:
        if looked and time.monotonic() > until:
            break
        looked += 1
        if rule.meets(stored.facts(user, one, now=now)):
            met.append(one)
    folders = Counter(one.folder for one in met).most_common()
    return Tried(looked, len(met), met[:EXAMPLES], len(rows) == looked, folders)


def _newest(user: User, folder: Folder | None) -> QuerySet[Message]:
    mine = Message.objects.filter(user=user)
    mine = mine.filter(folder=folder) if folder is not None else mine.exclude(untouched())
    return mine.select_related("blob__segment", "folder", "decision").order_by("-sort_at", "-pk")
