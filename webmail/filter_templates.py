"""Filters that many people make, ready to be filled in: one is chosen, changed and saved.

None of them moves mail of whomever: what a filter moves is not taken for junk any more
(`filtering.rules.Outcome.beats_spam`), so senders and lists are named by who makes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from filtering.actions import Action, Do
from filtering.conditions import Condition, Field, Op
from filtering.services.filters import Wanted
from webmail.filter_proposals import Way
from webmail.forms.filters import FilterForm

#: What each is called; in the order they are offered.
_NAMES: Mapping[str, str | Promise] = {
    "person": gettext_lazy("What somebody writes into a folder"),
    "list": gettext_lazy("A mailing list into a folder"),
    "star": gettext_lazy("Star what somebody writes"),
    "bills": gettext_lazy("Star bills and receipts"),
    "newsletters": gettext_lazy("Mark newsletters read"),
}


def begun(key: str) -> FilterForm | None:
    """The form as this template has it, where something is left to be filled in without a name;
    None where there is none of that key."""
    if key == "person":
        wanted = Wanted("", [Condition(Field.FROM, Op.IS)], [Action(Do.MOVE)])
    elif key == "list":
        wanted = Wanted("", [Condition(Field.LIST, Op.IS)], [Action(Do.MOVE)])
    elif key == "star":
        wanted = Wanted("", [Condition(Field.FROM, Op.IS)], [Action(Do.STAR)])
    elif key == "bills":
        wanted = Wanted(str(_NAMES[key]), _bills(), [Action(Do.STAR)], is_any=True)
    elif key == "newsletters":
        leaving = Condition(Field.HEADER, Op.EXISTS, name="List-Unsubscribe")
        wanted = Wanted(str(_NAMES[key]), [leaving], [Action(Do.READ)])
    else:
        return None
    return FilterForm.of(wanted)


def offered(key: str) -> Sequence[Way]:
    """All of them, and where each is begun."""
    return [Way(one, str(name), f"?template={one}", one == key) for one, name in _NAMES.items()]


def _bills() -> Sequence[Condition]:
    """In the language of who asks, and in the one that shops use everywhere."""
    here = (_("invoice"), _("receipt"), _("order confirmation"))
    words = dict.fromkeys((*here, "invoice", "receipt", "order confirmation"))
    return [Condition(Field.SUBJECT, Op.CONTAINS, one) for one in words]
