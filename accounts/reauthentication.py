"""Pages that ask anew who is there: whoever sits down at an open browser does not get everything.

    @recent
    @require_http_methods(["GET", "POST"])
    def client(request): ...

A page is asked for before it is shown, so that nothing typed into it is lost by the question.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

P = ParamSpec("P")
#: How long a password or a passkey counts for what is opened next.
GOOD_FOR = timedelta(minutes=15)
#: A form that was opened in time may be filled in at leisure.
FORMS_GOOD_FOR = timedelta(minutes=45)
#: Moment of the last proof, in seconds since 1970, in the session.
PROVED = "proved"


def recent(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A view that needs a password or passkey given within the last 15 minutes in this session.

    Who has not is sent to `prove` and comes back: to the page itself, or, for a form, to the page
    the form stands on, where nothing was done yet. htmx is answered with ``HX-Redirect``.
    """

    @wraps(view)
    def asking(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        is_form = request.method not in ("GET", "HEAD")
        if is_proved(request, timezone.now(), FORMS_GOOD_FOR if is_form else GOOD_FOR):
            return view(request, *args, **kwargs)
        return _ask(request, _standing_on(request) if is_form else request.get_full_path())

    return asking


def mark(request: HttpRequest, now: datetime) -> None:
    """The person has just proved who they are."""
    request.session[PROVED] = int(now.timestamp())


def is_proved(request: HttpRequest, now: datetime, within: timedelta = GOOD_FOR) -> bool:
    """Whether they did so in this session within that time."""
    age = now.timestamp() - float(request.session.get(PROVED, 0))
    return -60 < age <= within.total_seconds()


def _ask(request: HttpRequest, target: str) -> HttpResponseBase:
    address = f"{reverse('prove')}?{urlencode({'next': target})}"
    if request.headers.get("HX-Request") == "true":
        address = f"{reverse('prove')}?{urlencode({'next': _standing_on(request)})}"
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


def _standing_on(request: HttpRequest) -> str:
    """The path of the page a form or a part of a page was on."""
    headers = request.headers
    page = headers.get("HX-Current-URL") or headers.get("Referer") or ""
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}):
        return "/"
    parts = urlsplit(page)
    return parts.path + (f"?{parts.query}" if parts.query else "") or "/"


def onward(request: HttpRequest, target: str) -> str:
    """Where to go on after a form: a path of this site as asked for, else the mail screen."""
    is_path = target.startswith("/") and target.isprintable()
    return (
        target if is_path and url_has_allowed_host_and_scheme(target, {request.get_host()}) else "/"
    )
