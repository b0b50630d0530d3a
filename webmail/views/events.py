"""The stream of events, where there is none."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe


@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """204, which tells a browser not to ask again: `webmail.rsgi` answers before this does,
    and a server without it has no streams."""
    return HttpResponse(status=204)
