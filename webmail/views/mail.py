"""Lists of messages: all inboxes, starred, a folder, a search."""

from __future__ import annotations

import re
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from webmail import screen
from webmail.access import person
from webmail.place import ALL, LABEL, STARRED, place_of
from webmail.squeezing import squeeze

_KNOWN: Final = re.compile(r"\d+-[0-9a-f]{1,8}")


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
    """What changed since a page was drawn: 204 for nothing, else counts and the list's head, and
    of the rows those that look other than ``X-Known`` says ("id-mark", parted by commas)."""
    user = person(request)
    if request.GET.get("version") == str(screen.version(user)):
        return HttpResponse(status=204)
    place, found = place_of(request.GET), screen.desk(user)
    known = dict(one.split("-", 1) for one in _KNOWN.findall(request.headers.get("X-Known", "")))
    context = screen.list_context(found, place, known=known)
    answer = JsonResponse(
        {
            "version": str(found.tree.version),
            "counts": found.counts(),
            "tree": context["tree_shape"](),
            "head": render_to_string("webmail/_list_head.html", context, request),
            "rows": render_to_string("webmail/_rows.html", context, request),
            "total": context["found"].total,
        }
    )
    squeeze(request, answer)
    return answer
