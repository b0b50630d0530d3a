"""What a Sieve script would bring, and what of filters no script can say, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from filtering.conditions import Field
from filtering.services.sieve import Looked
from filtering.sieve_map import ALWAYS, LeftOut, Portable
from webmail.filter_proof import sends
from webmail.filter_words import FIELDS, action, listed, told

_CAUSES: Final[Mapping[str, str | Promise]] = {
    "condition": gettext_lazy("There is no equivalent of its condition: %s."),
    "action": gettext_lazy("There is no equivalent of what it does: %s."),
    "flag": gettext_lazy("There is no equivalent of its mark: %s."),
    "label": gettext_lazy("Its label is gone, or has a name that no script can hold."),
    "folder": gettext_lazy("Its folder is gone, or has a name that no script can hold."),
    "characters": gettext_lazy("It holds a line break or another sign that no script can hold."),
    "nested": gettext_lazy("It mixes “all of” and “any of”; write it as several filters."),
    "not": gettext_lazy("It asks for the opposite of something that has none here."),
    "else": gettext_lazy("It is what else is to be done if the one before it is not met."),
    "off": gettext_lazy("It is switched off in the script, without its conditions."),
    "empty": gettext_lazy("It does nothing."),
}
_NOTES: Final[Mapping[str, str | Promise]] = {
    "stays": gettext_lazy("The message also stays here, which the script did not want."),
    "trash": gettext_lazy("The script would throw it away; here it goes to Deleted Items."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A filter of a script: its name, what it does or why it stays out, and what is different."""

    name: str
    words: str
    note: str = ""


def lines(found: Looked) -> list[Line]:
    """The filters that would be made."""
    return [Line(one.name, _sentence(one), _note(one)) for one in found.filters]


def left_lines(found: Looked) -> list[Line]:
    """The filters that would not."""
    refused = [Line(one.name, why) for one, why in found.refused]
    return refused + why_left(found.left)


def why_left(left: Iterable[LeftOut]) -> list[Line]:
    """Filters that stay out, and why."""
    return [Line(one.name or _("Number %d") % one.place, _cause(one)) for one in left]


def _cause(one: LeftOut) -> str:
    said = str(_CAUSES.get(one.cause, one.cause))
    return said % _named(one.detail) if "%s" in said else said


def _named(detail: str) -> str:
    if detail == "date-age":
        return _("the age of a message")
    known = {str(key): str(words) for key, words in FIELDS.items()}
    return known.get(detail, detail) if detail in list(Field) else detail


def _sentence(one: Portable) -> str:
    if one.conditions == (ALWAYS,):
        done = listed([action(each, {}) for each in one.actions])
        return _("All mail: %s.") % done
    return told(one.conditions, one.actions, is_any=one.is_any, names={})


def _note(one: Portable) -> str:
    notes = [str(_NOTES[name]) for name in one.notes]
    if one.is_on and sends(one.actions):
        notes.append(_("It sends mail on, so it is added switched off. Switch it on in the list."))
    return " ".join([*notes, *([] if one.is_on else [_("It is switched off.")])])
