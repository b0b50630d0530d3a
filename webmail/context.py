"""What the frame around every screen shows: where we are and who needs attention."""

from __future__ import annotations

from functools import cached_property

from django.http import HttpRequest

from accounts.models import User
from retrieval.models import RetrievalTask, TaskState
from webmail import settings_menu


class Shell:
    """Answers the questions of base.html; asks the database only where a template does."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        match = request.resolver_match
        self._name = (match.url_name or "") if match else ""

    @property
    def area(self) -> str:
        """``mail`` or ``settings``: which entry of the rail is lit."""
        return "settings" if self._name.startswith(settings_menu.PREFIXES) else "mail"

    @property
    def settings_page(self) -> str:
        """The URL name of the settings menu entry this page belongs to."""
        return settings_menu.page_of(self._name)

    @cached_property
    def settings_groups(self) -> tuple[settings_menu.Group, ...]:
        """The settings menu as this person sees it."""
        user = self._request.user
        return settings_menu.groups(user) if isinstance(user, User) else ()

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
