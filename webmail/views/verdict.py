"""Who really sent a message: asked for by the pane once the message is shown."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from mailstore import mailing_list
from mailstore.models import FolderRole, Message
from mailstore.services.blobs import BlobUnreadable
from mailstore.verdict import PASSES
from webmail import judged
from webmail.access import message_for, person
from webmail.services import imitating, judging, unsubscribing


@require_safe
def verdict(request: HttpRequest, pk: int) -> HttpResponse:
    """The verdict on a message, with ``X-Part`` for its pane, else as a page."""
    user = person(request)
    found = message_for(user, pk)
    is_part = request.headers.get("X-Part") == "verdict"
    template = "webmail/_judged.html" if is_part else "webmail/verdict.html"
    context = {"message": found, "frame": "webmail/_dialog_page.html", **_judge(user, found)}
    answer = render(request, template, context)
    if is_part and context.get("is_busy"):
        # The pane asks again.
        answer.status_code = 503
    answer["Cache-Control"] = "no-store"
    answer["Vary"] = "X-Part, Cookie"
    return answer


def _judge(user: User, message: Message) -> dict[str, Any]:
    if message.folder.role == FolderRole.SENT and message.source is None:
        return {"judged": judged.own()}
    if judging.is_from_here(message):
        return {"judged": judged.here()}
    try:
        found = judging.found(message, now=timezone.now())
        fields = unsubscribing.fields_of(message)
    except judging.Busy:
        return {"judged": judged.not_now(), "is_busy": True}
    except BlobUnreadable:
        return {"judged": judged.not_now()}
    ways = unsubscribing.ways(fields, message, found)
    return {
        "judged": judged.judged(found),
        "is_proven": found.state == PASSES,
        "warning": imitating.warning(user, message, found),
        "listed": mailing_list.read(fields),
        "ways": ways,
        "left": unsubscribing.left(user, ways) if ways else None,
    }
