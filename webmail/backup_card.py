"""The backup address as it is shown under Settings, Account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from accounts.services import backup


@dataclass(frozen=True, slots=True)
class Card:
    """``in_force`` was confirmed; ``pending`` waits for its link, which ``is_sent`` or over."""

    in_force: str
    pending: str
    is_sent: bool


def card_of(user: User, *, now: datetime) -> Card:
    """What to show of this person's backup address."""
    return Card(
        in_force=user.backup_address if user.backup_confirmed_at else "",
        pending=backup.pending(user, now),
        is_sent=backup.has_open_link(user, now),
    )
