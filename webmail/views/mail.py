"""Lists of messages: all inboxes, starred, a folder, a search."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from webmail import screen
from webmail.access import person
from webmail.place import ALL, LABEL, STARRED, place_of


@require_safe
def mail(request: HttpRequest) -> HttpResponse:
    """All inboxes."""
    return screen.show(request, place_of(request.GET, where=ALL))


@require_safe
def starred(request: HttpRequest) -> HttpResponse:
    """Everything with a star."""
    return screen.show(request, place_of(request.GET, where=STARRED))


@require_safe
def folder(request: HttpRequest, pk: int) -> HttpResponse:
    """One folder."""
    return screen.show(request, place_of(request.GET, where=str(pk)))


@require_safe
def label(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything with a label."""
    return screen.show(request, place_of(request.GET, where=f"{LABEL}{pk}"))


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Messages that match a query, newest first."""
    place = place_of(request.GET)
    if not place.query:
        return redirect(place.url)
    return screen.show(request, place)


@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """What changed since a page was drawn: 204 for nothing, else counts and the list's head."""
    user = person(request)
    if request.GET.get("version") == str(screen.version(user)):
        return HttpResponse(status=204)
    place, found = place_of(request.GET), screen.desk(user)
    context = screen.list_context(found, place)
    return JsonResponse(
        {
            "version": str(found.tree.version),
            "counts": found.counts(),
            "head": render_to_string("webmail/_list_head.html", context, request),
            "rows": render_to_string("webmail/_rows.html", context, request),
            "total": context["found"].total,
        }
    )
