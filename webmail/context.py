"""What the frame around every screen shows: where we are and who needs attention."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.http import HttpRequest
from django.urls import reverse

from accounts.arriving import REMIND
from accounts.models import Brand, User
from webmail import settings_menu, worker
from webmail.figures import Figures, figures
from webmail.services import branding

_KNOWN = "tributary.figures"


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

    @cached_property
    def brand(self) -> Brand:
        """Whose name and logo stand on the page: the person's domain's, else the host's."""
        user = self._request.user
        if isinstance(user, User):
            return user.brand
        return branding.for_host(self._request.get_host()) or Brand(0)

    @property
    def worker(self) -> str:
        """Where the service worker lies; "" where there is none."""
        return reverse("service-worker") if worker.exists() else ""

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
    def reminds_of_backup(self) -> bool:
        """Whether a bar says that there is no backup address: from the sign-in until it is
        closed, or the address confirmed. Asks nothing that is not loaded."""
        user = self._request.user
        is_asked = isinstance(user, User) and user.backup_confirmed_at is None
        return is_asked and bool(self._request.session.get(REMIND))

    @property
    def needs_you(self) -> int:
        """How many external accounts cannot go on without the user."""
        return self._figures.needs_you

    @property
    def notices(self) -> Unread:
        """What the bell says."""
        newest = self._figures.newest
        return Unread(self._figures.notices, newest.isoformat() if newest else "")

    @cached_property
    def _figures(self) -> Figures:
        """Those the view has asked for already, if it did."""
        known = self._request.META.get(_KNOWN)
        user = self._request.user
        if isinstance(known, Figures):
            return known
        return figures(user) if isinstance(user, User) else Figures()


def know(request: HttpRequest, known: Figures) -> None:
    """Let the frame of the answer use these figures."""
    request.META[_KNOWN] = known


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: ``shell`` in every template."""
    return {"shell": Shell(request)}
