"""How much a browser may send at once."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string

# Room for the fields of a form beside its files.
FIELDS = 5 * 1024 * 1024


class BodyLimitMiddleware:
    """Refuse a body that is too large before a byte of it is read.

    Django has no limit for files: it writes them to the disk before any view is asked, also for
    people who have not signed in, as the token that protects a form may come after its files.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _length(request) > largest():
            return HttpResponse(render_to_string("413.html"), status=413)
        return self.get_response(request)


def largest() -> int:
    """Bytes of the largest body taken."""
    return max(int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE), int(settings.MAX_SEND_SIZE) + FIELDS)


def _length(request: HttpRequest) -> int:
    """What the browser says it sends; no more than that is ever read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() and len(length) < 19 else 0
