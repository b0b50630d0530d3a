"""Link File (A104): what the Actions menu of the compose window offers. A room adds its own here.

Named by their path, because a window must open without them. Each is called with the user.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from accounts.models import User

MAKERS: list[str] = []


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the menu: where it leads, or why it cannot be used yet."""

    label: str
    url: str = ""
    reason: str = ""


def links(user: User) -> list[Link]:
    """What the user can link files from; never empty, so that the place is known."""
    made: list[Link] = [import_string(path)(user) for path in MAKERS]
    return made or [Link(_("Link File"), reason=_("No cloud storage is connected"))]
