"""One message: the reading pane, its source."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailstore import mime
from mailstore.services import blobs
from webmail import conversation, screen
from webmail.access import message_for, person
from webmail.place import place_of

MAX_SOURCE = 512 * 1024


@require_safe
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """The conversation of a message beside its list, or what the page asks for: by ``X-Part`` the
    reading pane ("read") or this one message of it ("letter"). Opening marks what is shown as
    read, unless it is only fetched ahead."""
    user = person(request)
    found = message_for(user, pk)
    where = request.GET.get("in") or ("" if request.GET.get("q") else str(found.folder_id))
    place = place_of(request.GET, where=where or None)
    reads = request.method == "GET" and request.headers.get("X-Prefetch") != "1"
    part = request.headers.get("X-Part")
    if part == "letter":
        context = screen.pane(user, conversation.single(user, found, place, reads=reads))
        answer = render(request, "webmail/_letter.html", context)
    else:
        images = request.GET.get("images") == "1"
        context = conversation.pane(user, found, place, images=images, reads=reads)
        if part == "read":
            answer = render(request, "webmail/_message.html", screen.pane(user, context))
        else:
            answer = screen.show(request, place, context)
    answer["Cache-Control"] = "no-store"
    answer["Vary"] = "X-Part, Cookie"
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
