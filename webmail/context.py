"""What the frame around every screen shows: where we are and who needs attention."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Aggregate, Count, Max, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from connectivity.services import notifications
from retrieval.models import RetrievalTask, TaskState
from webmail import settings_menu


@dataclass(frozen=True, slots=True)
class Unread:
    """How many notices nobody has seen yet, and when the newest of them came."""

    count: int = 0
    newest: str = ""


class Shell:
    """Answers the questions of base.html; asks the database only where a template does."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        match = request.resolver_match
        self._name = (match.url_name or "") if match else ""

    @property
    def area(self) -> str:
        """``mail``, ``settings`` or ``notices``: which entry of the rail is lit."""
        if self.settings_page == "notifications":
            return "notices"
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

    @property
    def needs_you(self) -> int:
        """How many external accounts cannot go on without the user."""
        return self._counts[0]

    @property
    def notices(self) -> Unread:
        """What the bell says."""
        return self._counts[1]

    @cached_property
    def _counts(self) -> tuple[int, Unread]:
        """Both in one query, as every page asks for both."""
        user = self._request.user
        if not isinstance(user, User):
            return 0, Unread()
        waiting = RetrievalTask.objects.filter(user=user, state=TaskState.NEEDS_PASSWORD)
        unread = notifications.unread_rows(user, now=timezone.now())
        needs, count, newest = (
            User.objects.filter(pk=user.pk)
            .values_list(
                _figure(waiting, Count("pk")),
                _figure(unread, Count("pk")),
                _figure(unread, Max("at")),
            )
            .get()
        )
        return needs or 0, Unread(count or 0, newest.isoformat() if newest else "")


def _figure(rows: QuerySet[Any], of: Aggregate) -> Subquery:
    return Subquery(rows.order_by().values("user").annotate(figure=of).values("figure"))


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: ``shell`` in every template."""
    return {"shell": Shell(request)}
