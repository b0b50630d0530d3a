"""What is said of a mailbox that fills up, in the catalogue of causes."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from connectivity.cause import Cause, Turn

_MAKE_ROOM = _(
    "Delete what you do not need and empty Deleted Items, or ask your administrator for more space."
)
FILLED: Mapping[str, Cause] = {
    "space-filling": Cause(
        _("Filling up"),
        _("More than 80 percent of your space is used."),
        Turn.YOU,
        _MAKE_ROOM,
    ),
    "space-almost-full": Cause(
        _("Almost full"),
        _("More than 95 percent of your space is used."),
        Turn.YOU,
        _MAKE_ROOM,
    ),
}
