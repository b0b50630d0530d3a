"""A search for messages like one: of its sender and list, with the same words in the subject."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from mailstore.models import Message
from mailstore.tokens import asked

MAX_WORDS: Final = 3
_ANSWERS: Final = frozenset(("re", "aw", "fw", "fwd", "wg", "sv", "vs", "tr", "rv", "antw"))


def search_url(message: Message, list_address: str = "") -> str:
    """Where messages like it are found; empty for one that says nothing of itself."""
    words = [one for one in asked(message.subject) if one not in _ANSWERS and not one.isdecimal()]
    # Long words tell most.
    telling = sorted(words, key=len, reverse=True)[:MAX_WORDS]
    pieces = [f"from:{message.from_address}"] if message.from_address else []
    pieces += [f"list:{list_address}"] if list_address else []
    pieces += [f"subject:{word}" for word in words if word in telling][:MAX_WORDS]
    return f"{reverse('mail-search')}?{urlencode({'q': ' '.join(pieces)})}" if pieces else ""
