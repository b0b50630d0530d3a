"""What somebody asks to be done to messages, and the way back to how they are now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from accounts.models import User
from mailstore.models import Folder, Label
from mailstore.services import returning
from webmail.undoing import Step


class NothingThere(Exception):
    """None of the named messages is the user's (or still exists)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done, with what it needs: ``folder`` to move to, ``label`` to put on or take
    off, ``at`` when to come back, ``only_unanswered`` for a reminder."""

    do: str
    folder: Folder | None = None
    label: Label | None = None
    at: datetime | None = None
    only_unanswered: bool = False


class Held(NamedTuple):
    """What has to be known of a message to act on it and to undo it."""

    pk: int
    folder_id: int
    is_seen: bool
    is_flagged: bool
    is_put_off: bool


def way_home(user: User, found: Sequence[Held]) -> list[Step]:
    """The steps that bring messages back to where they are now, put off as they are now."""
    homes: dict[int, list[int]] = defaultdict(list)
    for one in found:
        homes[one.folder_id].append(one.pk)
    put_off_now = [one.pk for one in found if one.is_put_off]
    rows = returning.remembered(user, put_off_now) if put_off_now else []
    # Steps are taken back from the end: first the place, then what was put off about it.
    put_off: list[Step] = [["put-off", rows]] if rows else []
    return put_off + [["move", home, ids] for home, ids in homes.items()]
