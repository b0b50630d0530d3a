"""Where a browser is sent after a form did its work."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def local_path(request: HttpRequest, target: str) -> str:
    """A path of this site as asked for, else the mail screen.

    Only what begins with a slash counts: Django's ``redirect`` would take a word for the name of
    a page, and its check of hosts leaves words alone.
    """
    is_path = target.startswith("/") and target.isprintable()
    hosts = {request.get_host()}
    return target if is_path and url_has_allowed_host_and_scheme(target, hosts) else "/"
