"""What the templates of one open message know by name."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from mailstore.models import Message
from mailstore.services import trusting
from webmail import alike, came_back, letters, marking
from webmail.pieces import consent
from webmail.place import Place


def context(user: User, message: Message, place: Place, *, images: bool = False) -> dict[str, Any]:
    """For `_letter.html` and what it includes. With `images` remote pictures are shown at once."""
    images = images or trusting.loads_at_once(user, message)
    letter = letters.open_letter(user, message, remote_images=images)
    letter = marking.in_letter(letter, place.query)
    return {
        "message": message,
        "letter": letter,
        **came_back.context(user, message, letter),
        "allow_images": consent(user.pk, message.pk),
        "images_loaded": images,
        "sender_domain": message.from_address.rpartition("@")[2],
        "alike_url": alike.search_url(message),
        "images_url": place.message_url(message.pk, images="1"),
    }
