"""One message: the reading pane, its source."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailstore import mime
from mailstore.services import blobs, messages
from webmail import came_back, screen
from webmail.access import message_for, person
from webmail.opened import context as opened_letter
from webmail.place import place_of

MAX_SOURCE = 512 * 1024


@require_safe
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """The message beside its list, or, where the page asks for it, the reading pane alone.
    Opening marks it read."""
    user = person(request)
    found = message_for(user, pk)
    if not found.is_seen and request.method == "GET":
        messages.set_flags(user, [pk], seen=True)
        found.is_seen = True
    where = request.GET.get("in") or ("" if request.GET.get("q") else str(found.folder_id))
    place = place_of(request.GET, where=where or None)
    opened = opened_letter(user, found, place, images=request.GET.get("images") == "1")
    if request.method == "GET":
        came_back.looked_at(opened)
    context = {"message": found, "place": place, "letters": [opened], "newest": opened}
    if request.headers.get("X-Part") == "read":
        answer = render(request, "webmail/_message.html", screen.pane(user, context))
    else:
        answer = screen.show(request, place, context)
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def source(request: HttpRequest, pk: int) -> HttpResponse:
    """The message as it came, as text. Very long ones are cut here; the download is whole."""
    user = person(request)
    found = message_for(user, pk)
    try:
        raw = blobs.read(found.blob)
    except blobs.BlobUnreadable:
        raw = b""
    return render(
        request,
        "webmail/source.html",
        {
            "message": found,
            "text": mime.source_text(raw, MAX_SOURCE),
            "is_cut": len(raw) > MAX_SOURCE,
        },
    )
