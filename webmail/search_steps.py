"""How what was done to saved searches is taken back; see `undoing`."""

from __future__ import annotations

from accounts.models import User
from mailstore.services import saved


def gone(user: User, name: str, query: str) -> None:
    """Bring a deleted search back."""
    saved.restore(user, name=name, query=query)
