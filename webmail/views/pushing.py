"""Which browsers are told of new mail, and of which folders."""

from __future__ import annotations

from django.contrib import messages as notes
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from connectivity.services import push_hints, pushing
from mailstore.services import folders as kept
from protocols import webpush
from protocols.webpush import Browser
from webmail.access import person


@require_POST
def subscription(request: HttpRequest) -> HttpResponse:
    """204 when this browser is told from now on, or with ``off`` no more; 400 for nonsense."""
    user, said = person(request), request.POST
    if not push_hints.is_available():
        raise Http404
    if "off" in said:
        pushing.unsubscribe(user, said.get("endpoint", ""))
        return HttpResponse(status=204)
    try:
        browser = Browser(
            said.get("endpoint", ""),
            webpush.unpacked(said.get("key", "")),
            webpush.unpacked(said.get("auth", "")),
        )
        pushing.subscribe(user, browser, shows_text="shows_text" in said)
    except ValueError:
        return HttpResponse(status=400)
    return HttpResponse(status=204)


@require_POST
def folders(request: HttpRequest) -> HttpResponse:
    """The folders whose new mail is told."""
    user = person(request)
    if not push_hints.is_available():
        raise Http404
    given = request.POST.getlist("folder")
    kept.notify(user, {int(one) for one in given if one.isdecimal() and len(one) < 19})
    notes.success(request, _("Saved."))
    return redirect("notifications")
