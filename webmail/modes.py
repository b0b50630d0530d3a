"""Whether a list shows messages or conversations."""

from __future__ import annotations

from typing import Final

from accounts.models import User
from mailstore.models import FolderRole
from webmail.place import Place

#: Where each message counts for itself: what one wrote, and what is on its way out.
_SINGLE: Final = frozenset({FolderRole.DRAFTS, FolderRole.SENT, FolderRole.JUNK, FolderRole.TRASH})


def in_conversations(user: User, place: Place, role: str) -> bool:
    """Whether `place`, a folder with this `role` or a view of several (empty), is a list of
    conversations. A search never is: it is the message that was looked for. Nor is what is sorted
    by anything but time."""
    return opens_conversations(user, place, role) and not place.query


def opens_conversations(user: User, place: Place, role: str) -> bool:
    """Whether a message of `place` is read among those it belongs to; what a search found, too."""
    return user.conversations and place.in_time and role not in _SINGLE
