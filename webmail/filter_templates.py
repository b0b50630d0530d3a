"""Filters that many people make, ready to be filled in: one is chosen, changed and saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from filtering.actions import Action, Do
from filtering.conditions import Condition, Field, Op
from filtering.services.filters import Wanted
from mailstore.services import folders
from webmail.filter_place import Place
from webmail.filter_proposals import Way
from webmail.forms.filters import FilterForm

_MEGABYTE: Final = 1024 * 1024

#: What each is called; in the order they are offered.
_NAMES: Mapping[str, str | Promise] = {
    "newsletters": gettext_lazy("Newsletters out of the Inbox"),
    "person": gettext_lazy("Star what somebody writes"),
    "bills": gettext_lazy("Star bills and receipts"),
    "machines": gettext_lazy("Mail nobody can answer"),
    "large": gettext_lazy("Large mail out of the Inbox"),
}


def begun(place: Place, key: str) -> FilterForm | None:
    """The form as this template has it; None where there is none of that name."""
    if key not in _NAMES:
        return None
    conditions, actions = _lines(place, key)
    is_any = len(conditions) > 1
    return FilterForm.of(Wanted(str(_NAMES[key]), conditions, actions, is_any=is_any))


def offered(key: str) -> Sequence[Way]:
    """All of them, and where each is begun."""
    return [Way(one, str(name), f"?template={one}", one == key) for one, name in _NAMES.items()]


def _lines(place: Place, key: str) -> tuple[Sequence[Condition], Sequence[Action]]:
    if key == "newsletters":
        return [Condition(Field.LIST, Op.EXISTS)], [_archive(place)]
    if key == "person":
        return [Condition(Field.FROM, Op.IS)], [Action(Do.STAR)]
    if key == "bills":
        words = (_("invoice"), _("receipt"), _("order confirmation"))
        return [Condition(Field.SUBJECT, Op.CONTAINS, one) for one in words], [Action(Do.STAR)]
    if key == "machines":
        senders = ("noreply@", "no-reply@", "donotreply@")
        conditions = [Condition(Field.FROM, Op.CONTAINS, one) for one in senders]
        return conditions, [Action(Do.READ), _archive(place)]
    return [Condition(Field.SIZE, Op.OVER, 10 * _MEGABYTE)], [_archive(place)]


def _archive(place: Place) -> Action:
    """To the Archive, which everybody has."""
    if place.domain is not None:
        return Action(Do.MOVE, "archive")
    return Action(Do.MOVE, folders.special(place.actor, "archive").pk)
