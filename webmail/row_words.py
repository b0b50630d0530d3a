"""The unchanging pieces of a list's lines, made once for each language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Final

from django.utils.translation import get_language, gettext

from lib.templatetags.ui import icon


@dataclass(frozen=True, slots=True)
class Pieces:
    """Safe HTML, and with ``select``, ``nobody``, ``untitled`` and ``held`` words to be escaped."""

    select: str
    nobody: str
    untitled: str
    held: str
    unread: str
    answered: str
    forwarded: str
    attachments: str
    star: str
    failed: str
    late: str
    clock: str
    bell: str


#: Where the words of a mark are put in; no text of ours has it.
NAME: Final = "\1"


def pieces() -> Pieces:
    """The pieces in the language of this request."""
    return _pieces(get_language() or "")


@lru_cache(maxsize=32)
def _pieces(_language: str) -> Pieces:
    return Pieces(
        select=gettext("Select: %(subject)s"),
        nobody=gettext("Unknown sender"),
        untitled=gettext("No subject"),
        held=gettext("%(count)s messages in this conversation"),
        unread=f'<span class="sr" dir="auto">{escape(gettext("Unread"))}: </span>',
        answered=icon("reply", "sm", label=gettext("Answered")),
        forwarded=icon("forward", "sm", label=gettext("Forwarded")),
        attachments=icon("clip", "sm", label=gettext("Has attachments")),
        star=icon("star-fill", "sm", "st--star", label=gettext("Starred")),
        failed=icon("error", "sm", "st--danger", label=NAME),
        late=icon("hourglass", "sm", "st--warn", label=NAME),
        clock=icon("clock", "sm"),
        bell=icon("bell", "sm", label=NAME),
    )
