"""Whether the remote images of an open message are shown, and what is said where they are not."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from mailstore.models import Message
from mailstore.services import trusting
from mailstore.services.trusting import Standing
from webmail.letter import Letter
from webmail.pieces import consent


def context(user: User, message: Message, letter: Letter, *, asked: bool) -> dict[str, Any]:
    """For `_images_note.html` and the frame; ``asked`` where the user wants them this once."""
    standing = Standing.LOADS if asked else Standing.ASKS
    if letter.blocked_images and not asked:
        standing = trusting.standing(user, message)
    return {
        "images_loaded": standing == Standing.LOADS,
        "is_unproven": standing == Standing.UNPROVEN,
        "allow_images": consent(user.pk, message.pk),
        "sender_domain": message.from_address.rpartition("@")[2],
    }
