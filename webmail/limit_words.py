"""Limits in words: what they mean, how much they are, and who set them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.services.limits import Effective, Origin
from lib.moments import count
from lib.templatetags.ui import bytes as size

HELP: Final[Mapping[str, Promise]] = {
    "tasks": gettext_lazy("Who has more keeps them; new ones are not made."),
    "interval": gettext_lazy("No automatic task runs more often, whatever its own interval."),
    "message_size": gettext_lazy(
        "With its files, as it goes over the wire: files become a third larger there."
    ),
    "daily_sends": gettext_lazy(
        "Over all ways out together. More than that waits in the outbox until there is room."
    ),
    "quota": gettext_lazy(
        "Where it is full, retrieval waits and the mail stays where it is. Nothing is deleted, "
        "and sending and mail from here go on."
    ),
}
UNIT: Final[Mapping[str, Promise]] = {
    "tasks": gettext_lazy("tasks"),
    "interval": gettext_lazy("minutes"),
    "message_size": gettext_lazy("MB"),
    "daily_sends": gettext_lazy("messages"),
    "quota": gettext_lazy("GB"),
}


def value(name: str, figure: int | None) -> str:
    """How much it is, with its unit."""
    if figure is None:
        return _("No limit")
    if name in ("message_size", "quota"):
        return size(figure)
    if name == "interval":
        return _span(figure)
    return count(figure)


def origin(of: Origin, *, own: bool) -> str:
    """Who set what holds; ``own``: the page is that of the whole system."""
    if of == Origin.NOBODY:
        return _("Nobody set one")
    if of == Origin.OPERATOR:
        return _("A setting of the operator")
    if of == Origin.CEILING:
        return _("Set for this domain by a system administrator")
    if of == Origin.DOMAIN:
        return _("Set for this domain")
    return _("Set here") if own else _("Set for the whole system")


def looser(name: str, above: Effective) -> str:
    """Why a domain cannot have it so: somebody above is stricter."""
    words = {"figure": value(name, above.value)}
    by_operator = above.origin == Origin.OPERATOR
    if above.origin == Origin.CEILING:
        return _looser_than_given(name) % words
    if name == "interval" and by_operator:
        return _("The operator set %(figure)s. Only a longer time limits anything.") % words
    if name == "interval":
        return _("The whole system has %(figure)s. A domain can only have a longer time.") % words
    if by_operator:
        return _("The operator set %(figure)s. Only less than that limits anything.") % words
    return _("The whole system has %(figure)s. A domain can only have less.") % words


def _looser_than_given(name: str) -> str:
    if name == "interval":
        return _(
            "A system administrator set %(figure)s for this domain. You can only set a longer time."
        )
    return _("A system administrator set %(figure)s for this domain. You can only set less.")


def _span(seconds: int) -> str:
    if seconds % 60:
        return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": count(seconds)}
    minutes = seconds // 60
    return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": count(minutes)}
