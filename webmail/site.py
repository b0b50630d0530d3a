"""Where this site is reached, for links in mail."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site_of(request: HttpRequest) -> str:
    """Without a path: the one of SITE_URL, else the one the browser used, which ALLOWED_HOSTS
    has let pass. For mail to the person who asks; never for mail somebody else causes."""
    site = str(settings.SITE_URL).rstrip("/")
    return site or request.build_absolute_uri("/").rstrip("/")
