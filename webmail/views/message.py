"""One message: the reading pane, its frame, its source."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from lib.days import long_time
from mailstore import mime
from mailstore.addresses import Address
from mailstore.models import Message
from mailstore.services import blobs, messages
from webmail import came_back, letters, screen
from webmail.access import message_for, person
from webmail.letter import brings_colours
from webmail.mail_headers import guard_frame
from webmail.opened import context as opened_letter
from webmail.pieces import has_consent
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
@xframe_options_exempt
def frame(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML body for the sandboxed frame. Remote images only with the user's consent.

    With ``print`` it is a page for paper, with subject, sender and date above the text: what is
    in a frame cannot be printed over several pages.
    """
    user = person(request)
    found = message_for(user, pk)
    remote = has_consent(request.GET.get("images", ""), user.pk, pk)
    html = letters.html_body(user, found, remote_images=remote).html
    answer = render(
        request,
        "webmail/frame.html",
        {
            "html": html,
            "own_colours": brings_colours(html),
            "theme": user.theme,
            "header": _paper_head(found) if request.GET.get("print") == "1" else None,
        },
    )
    guard_frame(answer, remote_images=remote)
    return answer


def _paper_head(message: Message) -> dict[str, str]:
    sender = str(Address(message.from_name, message.from_address))
    when = long_time(timezone.localtime(message.sort_at), timezone.localdate())
    return {"subject": message.subject, "sender": sender, "when": when}


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
