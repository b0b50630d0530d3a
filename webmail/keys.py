"""The keyboard map as the help shows it; the keys themselves act in static/js/mail/keys.js."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

CTRL = pgettext_lazy("a key", "Ctrl")
ENTER = pgettext_lazy("a key", "Enter")
SHIFT = pgettext_lazy("a key", "Shift")
ESC = pgettext_lazy("a key", "Esc")


@dataclass(frozen=True)
class Line:
    """One action and the keys that do it; "then" stands between keys pressed in turn."""

    label: str | Promise
    keys: tuple[str | Promise, ...]


@dataclass(frozen=True)
class Group:
    """Actions of one kind."""

    title: str | Promise
    lines: tuple[Line, ...]


GROUPS: Final = (
    Group(
        _("Move"),
        (
            Line(_("Next, previous"), ("j", "k")),
            Line(_("Open"), (ENTER, "o")),
            Line(_("Back to the list"), ("u",)),
            Line(_("Next, previous in a conversation"), ("n", "p")),
            Line(_("Go to Inbox"), ("g", "then", "i")),
            Line(_("Go to Sent"), ("g", "then", "s")),
            Line(_("Go to Drafts"), ("g", "then", "d")),
            Line(_("Go to All inboxes"), ("g", "then", "a")),
            Line(_("Search"), ("/",)),
            Line(_("Everything by name"), (CTRL, "K")),
        ),
    ),
    Group(
        _("Act"),
        (
            Line(_("Archive"), ("e",)),
            Line(_("Delete"), ("#",)),
            Line(_("Report junk"), ("!",)),
            Line(_("Archive and go to the newer, older"), ("[", "]")),
            Line(_("Move to a folder"), ("v",)),
            Line(_("Label"), ("l",)),
            Line(_("Snooze"), ("h",)),
            Line(_("Mute the conversation"), ("m",)),
            Line(_("Undo"), ("z",)),
        ),
    ),
    Group(
        _("Write"),
        (
            Line(_("Compose"), ("c",)),
            Line(_("Reply"), ("r",)),
            Line(_("Reply all"), ("a",)),
            Line(_("Forward"), ("f",)),
            Line(_("Send"), (CTRL, ENTER)),
            Line(_("Show Cc"), (CTRL, SHIFT, "C")),
            Line(_("Show Bcc"), (CTRL, SHIFT, "B")),
            Line(_("Save and close"), (ESC,)),
        ),
    ),
    Group(
        _("Mark"),
        (
            Line(_("Select"), ("x",)),
            Line(_("Select down, up"), (SHIFT, "J", "K")),
            Line(_("Select all, none"), ("*", "then", "a", "n")),
            Line(_("Select read, unread"), ("*", "then", "r", "u")),
            Line(_("Select starred, not starred"), ("*", "then", "s", "t")),
            Line(_("Star"), ("s",)),
            Line(_("Read"), (SHIFT, "I")),
            Line(_("Unread"), (SHIFT, "U")),
            Line(_("This help"), ("?",)),
        ),
    ),
)
