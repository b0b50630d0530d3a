"""Saved searches: keeping one, its menu, deleting it."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from mailstore.models import SavedSearch
from mailstore.services import saved
from mailstore.services.saved import SearchRefused
from webmail import undoing
from webmail.access import person
from webmail.dialogs import dialog, go_to
from webmail.presets import PRESETS


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Keep a search under a name."""
    values = request.POST if request.method == "POST" else request.GET
    name, query = values.get("name", ""), values.get("q", "")[: saved.MAX_QUERY]
    context = {"name": name or query[: saved.MAX_NAME], "query": query, "presets": PRESETS}
    if request.method != "POST":
        return dialog(request, "webmail/search_new.html", context)
    try:
        made = saved.save(person(request), name=name, query=query)
    except SearchRefused as refused:
        context |= {"name": name, "error": str(refused)}
        return dialog(request, "webmail/search_new.html", context, status=422)
    notes.success(request, _("Search “%s” was saved.") % made.name)
    return go_to(request, address(made))


@require_http_methods(["GET", "HEAD", "POST"])
def menu(request: HttpRequest, pk: int) -> HttpResponse:
    """What can be done to a saved search; POST renames it."""
    found = _search_for(person(request), pk)
    context = {"saved": found, "name": found.name}
    if request.method != "POST":
        return dialog(request, "webmail/search_menu.html", context)
    name = request.POST.get("name", "")
    try:
        saved.rename(found, name)
    except SearchRefused as refused:
        found.refresh_from_db()
        context = {"saved": found, "name": name, "error": str(refused)}
        return dialog(request, "webmail/search_menu.html", context, status=422)
    return go_to(request, address(found))


@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a saved search; the note can bring it back."""
    user = person(request)
    found = _search_for(user, pk)
    back = undoing.token(user, [["search-gone", found.name, found.query]])
    saved.delete(found)
    notes.success(request, _("Search “%s” was deleted.") % found.name, extra_tags=back)
    return go_to(request, reverse("mail"))


def address(found: SavedSearch) -> str:
    """Where its results are."""
    return f"{reverse('mail-search')}?{urlencode({'q': found.query})}"


def _search_for(user: User, pk: int) -> SavedSearch:
    return get_object_or_404(SavedSearch, user=user, pk=pk)
