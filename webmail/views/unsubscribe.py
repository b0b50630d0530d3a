"""Leaving the mailing list a message came by, after asking whether that is meant."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.pacing import HOUR, paced
from mailstore.models import Message
from mailstore.services.blobs import BlobUnreadable
from mailstore.unsubscribe import Leaving
from smtp_accounts.nudge import nudge
from smtp_accounts.services.making import UnsendableError
from webmail.access import message_for, person
from webmail.services import judging, unsubscribing


@paced("unsubscribe", limit=60, seconds=HOUR, methods=("POST",))
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, and by POST do it: by the list's own server, by mail, or by its page in a browser."""
    user = person(request)
    message = message_for(user, pk)
    try:
        found = judging.found(message, now=timezone.now())
        ways = unsubscribing.ways(unsubscribing.fields_of(message), message, found)
    except (judging.Busy, BlobUnreadable):
        ways = None
    if ways is None:
        raise Http404
    error = ""
    if request.method == "POST":
        error = _done(user, message, ways)
        if not error:
            notes.success(request, _("You asked to be taken off this list."))
            return redirect("mail-message", pk=pk)
    context = {
        "frame": "webmail/_dialog_page.html",
        "message": message,
        "ways": ways,
        "error": error,
        "left": unsubscribing.left(user, ways),
    }
    return render(request, "webmail/unsubscribe.html", context, status=422 if error else 200)


def _done(user: User, message: Message, ways: Leaving) -> str:
    """Empty once the list was told; else why it was not."""
    now = timezone.now()
    if ways.one_click:
        said = _("%(host)s did not take it. You can open its page instead.") % {"host": ways.host}
        return "" if unsubscribing.click(user, ways, now=now) else said
    if not ways.address:
        return _("This list can be left on its page only.")
    try:
        unsubscribing.write(user, message, ways, now=now)
    except UnsendableError as error:
        return error.sentence
    nudge(user.undo_send)
    return ""
