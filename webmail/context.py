"""What the frame around every screen shows: where we are and who needs attention."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from retrieval.models import RetrievalTask, TaskState

SETTINGS_PREFIXES = ("settings", "connectivity", "retrieval", "smtp-account")


@dataclass(frozen=True)
class SettingsItem:
    """One line of the settings menu."""

    url: str
    icon: str
    label: str | Promise
    prefixes: tuple[str, ...]


SETTINGS_ITEMS = (
    SettingsItem("settings-account", "user", _("Account"), ("settings-account",)),
    SettingsItem("settings-appearance", "palette", _("Appearance"), ("settings-appearance",)),
    SettingsItem(
        "connectivity",
        "confluence",
        _("Connectivity"),
        ("connectivity", "retrieval", "smtp-account"),
    ),
)


class Shell:
    """Answers the questions of base.html; asks the database only where a template does."""

    settings_items = SETTINGS_ITEMS

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        match = request.resolver_match
        self._name = (match.url_name or "") if match else ""

    @property
    def area(self) -> str:
        """``mail`` or ``settings``: which entry of the rail is lit."""
        return "settings" if self._name.startswith(SETTINGS_PREFIXES) else "mail"

    @property
    def settings_page(self) -> str:
        """The URL name of the settings menu entry this page belongs to."""
        for item in SETTINGS_ITEMS:
            if self._name.startswith(item.prefixes):
                return item.url
        return ""

    @cached_property
    def needs_you(self) -> int:
        """How many external accounts cannot go on without the user."""
        user = self._request.user
        if not user.is_authenticated:
            return 0
        return RetrievalTask.objects.filter(user=user, state=TaskState.NEEDS_PASSWORD).count()


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: ``shell`` in every template."""
    return {"shell": Shell(request)}
