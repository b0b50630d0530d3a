"""What is answered when a page could not be made."""

from __future__ import annotations

import sys

from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """The error page; a calmer one while the database does not answer, as that passes."""
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        answer = HttpResponse(render_to_string("503.html"), status=503)
        answer["Retry-After"] = "10"
        return answer
    return HttpResponse(render_to_string("500.html"), status=500)
