"""What the templates of one open message know by name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from accounts.models import User
from mailstore import mime
from mailstore.models import Message
from mailstore.services import returning
from webmail import alike, bodies, came_back, letters, marking, remote_images, why_here
from webmail.frame_page import inside
from webmail.letter import Letter
from webmail.place import Place

#: With its remote images, or as plain text; what stands in the address, and what is meant by it.
IMAGES: Final = "images"
TEXT: Final = "text"
HOW: Final = (IMAGES, TEXT)


def bring_inside(user: User, letters: Sequence[dict[str, Any]]) -> None:
    """What the first frame of a pane shows comes with the pane, as ``inside``: for a page that has
    a frame already. Not where it shows its remote images, which takes another policy."""
    for one in letters:
        letter: Letter | None = one.get("letter")
        if letter is None or letter.body is None or one["images_loaded"]:
            continue
        html = bodies.html(user, one["message"], letter.body)
        one["inside"] = json.dumps(inside(user, html, own_colours=letter.body.own_colours))
        return


def context(user: User, message: Message, place: Place, *, how: str = "") -> dict[str, Any]:
    """For `_letter.html` and what it includes, shown as one of `HOW`."""
    letter = letters.open_letter(user, message, as_text=how == TEXT)
    letter = marking.in_letter(letter, place.query)
    return {
        "message": message,
        "letter": letter,
        "arrived": returning.arrived_at(message),
        **came_back.context(user, message, letter),
        **why_here.context(user, message),
        **remote_images.context(user, message, letter, asked=how == IMAGES),
        "alike_url": alike.search_url(message, mime.list_address(letter.fields)),
        "images_url": place.message_url(message.pk, images="1"),
        "text_url": place.message_url(message.pk, text="1"),
        "usual_url": place.message_url(message.pk),
    }
