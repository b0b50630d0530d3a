"""Why a message is here: asked for by who wants to know."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from webmail import why_here
from webmail.access import message_for, person
from webmail.place import place_of


@require_safe
def why(request: HttpRequest, pk: int) -> HttpResponse:
    """What put a message where it is, with ``X-Part`` for its pane, else as a page."""
    user = person(request)
    found = message_for(user, pk)
    is_part = request.headers.get("X-Part") == "why"
    context = {
        "message": found,
        "frame": "webmail/_dialog_page.html",
        "place": place_of(request.GET, where=str(found.folder_id)),
        **why_here.unfolded(user, found),
    }
    template = "webmail/_why_here.html" if is_part else "webmail/why.html"
    answer = render(request, template, context)
    answer["Cache-Control"] = "no-store"
    answer["Vary"] = "X-Part, Cookie"
    return answer
