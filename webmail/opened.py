"""What the templates of one open message know by name."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from mailstore import mime
from mailstore.models import Message
from mailstore.services import returning
from webmail import alike, came_back, letters, marking, remote_images
from webmail.place import Place


def context(user: User, message: Message, place: Place, *, images: bool = False) -> dict[str, Any]:
    """For `_letter.html` and what it includes. With `images` remote pictures are shown at once."""
    letter = letters.open_letter(user, message)
    letter = marking.in_letter(letter, place.query)
    return {
        "message": message,
        "letter": letter,
        "arrived": returning.arrived_at(message),
        **came_back.context(user, message, letter),
        **remote_images.context(user, message, letter, asked=images),
        "alike_url": alike.search_url(message, mime.list_address(letter.fields)),
        "images_url": place.message_url(message.pk, images="1"),
    }
