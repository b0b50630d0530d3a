"""What a filter would do to mail that is here. Nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from filtering.services.filters import Wanted
from mailstore.models import Folder, Message

#: Messages that are looked at.
LOOK = 500
#: Examples that are shown.
EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Tried:
    """How many messages were looked at, how many the filter meets, and the newest of these."""

    looked: int
    met: int
    examples: Sequence[Message] = ()
    is_all: bool = True


def preview(
    user: User, wanted: Wanted, *, folder: Folder | None, now: datetime, look: int = LOOK
) -> Tried:
    """What a filter would meet among the newest messages of a folder, or everywhere (None).

    ``is_all`` is False where there are more than were looked at. Raises FilterRefused.
    """
    raise NotImplementedError
