"""What became of mail that a filter was to forward: in words, with its cause and a next step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from filtering.models import ForwardState
from filtering.services.why import Told

#: Why a message was not forwarded, by the cause the queue keeps.
_CAUSES: Final[Mapping[str, str | Promise]] = {
    "loop": gettext_lazy("It has been forwarded from here before, and would go in a circle."),
    "automatic": gettext_lazy(
        "A machine wrote it, such as a bounce or an automatic answer. Those are never forwarded "
        "by themselves."
    ),
    "too-many": gettext_lazy(
        "As much was forwarded within a day as may be. Have the filter ask for more, so that it "
        "meets less."
    ),
    "sender": gettext_lazy("The address you send from could not be used. See what is wrong there."),
    "gone": gettext_lazy("Its content could not be read here."),
    "large": gettext_lazy("It is larger than what you may send. Share its files another way."),
    "address": gettext_lazy("No mail can be sent to this address. Correct it in the filter."),
    "broken": gettext_lazy(
        "It failed again and again. If that happens to others as well, tell your administrator."
    ),
}
#: Where sending it by hand fails for the same reason.
_HOPELESS: Final = frozenset({"gone", "large", "address", "sender"})


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of it for one address; ``is_refused``: it did not go there. ``url`` with
    ``link`` in words is the next step, where there is one."""

    words: str
    is_refused: bool = False
    url: str = ""
    link: str = ""


def fates(told: Told, message_id: int) -> Iterator[Fate]:
    """Of each address it was to go to, in order."""
    for one in told.forwards:
        to = {"to": one.to}
        if one.state == ForwardState.SENT:
            yield Fate(_("It was forwarded to %(to)s.") % to)
        elif one.state == ForwardState.WAITING:
            yield Fate(_("It will be forwarded to %(to)s in a moment.") % to)
        else:
            why = str(_CAUSES.get(one.cause, one.cause))
            words = _("It was not forwarded to %(to)s. %(why)s") % {**to, "why": why}
            yield Fate(words.strip(), True, *_next(one.cause, message_id))


def summary(told: Told) -> str:
    """What has to be seen without unfolding anything: that it did not go somewhere, or ""."""
    kept = [one.to for one in told.forwards if one.state == ForwardState.REFUSED]
    return _("It was not forwarded to %s.") % ", ".join(kept) if kept else ""


def _next(cause: str, message_id: int) -> tuple[str, str]:
    if cause == "sender":
        return reverse("identities"), _("Addresses to write from")
    if cause in _HOPELESS:
        return "", ""
    return f"{reverse('compose')}?forward={message_id}", _("Forward it yourself")
