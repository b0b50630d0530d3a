"""Domain settings > Users: who is there, whom it would do good to look after, as a list to keep."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import administrator, domain_for
from accounts.models import Domain, User
from accounts.reauthentication import recent
from accounts.services import audit
from webmail import people_list
from webmail.services import roster

A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Place:
    """Whose people are looked at, and where their pages lie: one's own domain or any."""

    domain: Domain
    is_own: bool

    def url(self, name: str) -> str:
        """The address of ``domain-<name>`` for this domain."""
        if self.is_own:
            return reverse(f"domain-{name}")
        return reverse(f"system-domain-{name}", args=[self.domain.pk])

    @property
    def users(self) -> str:
        """The list itself."""
        return self.url("users")

    @property
    def new(self) -> str:
        """Where a person is added."""
        return self.url("user-new")

    @property
    def bring(self) -> str:
        """Where a list of people is brought in."""
        return self.url("user-import")

    @property
    def export(self) -> str:
        """Where the list is taken away."""
        return self.url("user-export")


def place_of(admin: User, pk: int | None) -> Place:
    """The place an address names. Raises `Http404` for a domain that is not theirs."""
    domain = domain_for(admin, pk)
    return Place(domain, domain.pk == admin.domain_id)


@require_safe
def users(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The people of a domain, fifty to a page."""
    admin = administrator(request)
    place = place_of(admin, pk)
    query = " ".join(request.GET.get("q", "").split())[:100]
    only = request.GET.get("only", "")
    only = only if only in roster.FILTERS else ""
    found = roster.people_of(place.domain, query=query, only=only)
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "place": place,
        "q": query,
        "only": only,
        "filters": _filters(),
        "counts": roster.counts(place.domain),
        "page": page,
        "lines": roster.lines(place.domain, list(page.object_list)),
        "admin": admin,
    }
    return render(request, "webmail/administration/users.html", context)


def _filters() -> list[tuple[str, str]]:
    words = (
        _("Everybody"),
        _("Needs attention"),
        _("Without backup address"),
        _("Disabled"),
        _("To be deleted"),
    )
    return list(zip(("", *roster.FILTERS), words, strict=True))


@recent
@require_POST
def export(request: HttpRequest, pk: int | None = None) -> HttpResponseBase:
    """The people of a domain as a table for other programs, without any password."""
    admin = administrator(request)
    place = place_of(admin, pk)
    audit.note("users-exported", now=timezone.now(), domain=place.domain)
    rows = people_list.exported(roster.people_of(place.domain), reader=admin)
    answer = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    name = f"users-{place.domain.name}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
