"""The unchanging pieces of a list's lines, made once for each language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Final

from django.urls import get_script_prefix, reverse
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
    archive: str
    bin: str
    read_tool: str
    unread_tool: str
    snooze_tool: str
    star_tool: str
    failed: str
    late: str
    clock: str
    bell: str


#: Where the id of a message and the words of a mark are put in; no text of ours has them.
ID: Final = "\0"
NAME: Final = "\1"


def pieces() -> Pieces:
    """The pieces in the language of this request."""
    return _pieces(get_language() or "", get_script_prefix())


@lru_cache(maxsize=32)
def _pieces(_language: str, _prefix: str) -> Pieces:
    return Pieces(
        select=gettext("Select: %(subject)s"),
        nobody=gettext("Unknown sender"),
        untitled=gettext("No subject"),
        held=gettext("%(count)s messages in this conversation"),
        unread=f'<span class="sr">{escape(gettext("Unread"))}: </span>',
        answered=icon("reply", "sm", label=gettext("Answered")),
        forwarded=icon("forward", "sm", label=gettext("Forwarded")),
        attachments=icon("clip", "sm", label=gettext("Has attachments")),
        star=icon("star-fill", "sm", "st--star", label=gettext("Starred")),
        archive=_tool("archive", "archive", gettext("Archive")),
        bin=_tool("", "trash", gettext("Delete")),
        read_tool=_tool("read", "mail-unread", gettext("Mark read"), toggle="read"),
        unread_tool=_tool("unread", "mail-unread", gettext("Mark unread"), toggle="read"),
        snooze_tool=_question(reverse("mail-snooze"), "clock", gettext("Snooze")),
        star_tool=_tool("", "star", gettext("Star"), toggle="star"),
        failed=icon("error", "sm", "st--danger", label=NAME),
        late=icon("hourglass", "sm", "st--warn", label=NAME),
        clock=icon("clock", "sm"),
        bell=icon("bell", "sm", label=NAME),
    )


def _tool(do: str, symbol: str, name: str, *, toggle: str = "") -> str:
    """A button that appears where the pointer is. Without ``do`` its value is put in later."""
    said = escape(name)
    style = "icon-btn msg__star" if toggle == "star" else "icon-btn"
    mark = f" data-toggle-{toggle}" if toggle else ""
    value = f"{do}:{ID}" if do else ID
    return (
        f'<button type="submit" class="{style}" form="list-form" name="one" value="{value}"'
        f' tabindex="-1"{mark} aria-label="{said}" title="{said}">{icon(symbol)}</button>'
    )


def _question(address: str, symbol: str, name: str) -> str:
    """A button of the same kind that asks something first, in a dialog at an address."""
    said = escape(name)
    return (
        f'<button type="submit" class="icon-btn" form="list-form" formmethod="get"'
        f' formaction="{address}" name="id" value="\0" data-ask tabindex="-1"'
        f' aria-label="{said}" title="{said}">{icon(symbol)}</button>'
    )
