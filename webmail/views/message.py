"""One message: the reading pane, its source."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailstore import headers, mime
from mailstore.services import blobs
from mailstore.text import tidy
from webmail import conversation, opened, screen
from webmail.access import message_for, person
from webmail.place import place_of

MAX_SOURCE = 512 * 1024


@require_safe
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """The conversation of a message beside its list, or what the page asks for: by ``X-Part`` the
    reading pane ("read") or this one message of it ("letter"); by ``X-Inside`` the pane brings what
    its frame is to show. Opening marks what is shown as read, unless it is only fetched ahead."""
    user = person(request)
    found = message_for(user, pk)
    where = request.GET.get("in") or ("" if request.GET.get("q") else str(found.folder_id))
    place = place_of(request.GET, where=where or None)
    reads = request.method == "GET" and request.headers.get("X-Prefetch") != "1"
    part = request.headers.get("X-Part")
    how = next((one for one in opened.HOW if request.GET.get(one) == "1"), "")
    if part == "letter":
        context = screen.pane(user, conversation.single(user, found, place, how=how, reads=reads))
        answer = render(request, "webmail/_letter.html", context)
    else:
        context = conversation.pane(user, found, place, how=how, reads=reads)
        if part == "read":
            if request.headers.get("X-Inside") == "1" and not place.query:
                opened.bring_inside(user, context["letters"])
            answer = render(request, "webmail/_message.html", screen.pane(user, context))
        else:
            answer = screen.show(request, place, context)
    answer["Cache-Control"] = "no-store"
    answer["Vary"] = "X-Part, X-Inside, Cookie"
    return answer


@require_safe
def source(request: HttpRequest, pk: int) -> HttpResponse:
    """The message as it came, as text. Very long ones are cut here; the download is whole.

    With ``part=headers`` its fields alone, unfolded and decoded.
    """
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
            "fields": _fields(raw) if request.GET.get("part") == "headers" else (),
        },
    )


def _fields(raw: bytes) -> list[tuple[str, str]]:
    """The header fields in their order, in words; names as they are usually written."""
    found = headers.parse(raw)
    return [(name.title(), tidy(headers.words(raw, found.charset))) for name, raw in found.fields]
