"""The address a provider sends people back to after they signed in there."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

_LOCAL = ("localhost", "127.0.0.1", "::1")


def redirect_uri(request: HttpRequest) -> str:
    """This site's address for `oauth-callback` (RFC 6749, 3.1.2).

    The one of SITE_URL, as providers know a single one; else the one the browser used.
    """
    path = reverse("oauth-callback")
    site: str = settings.SITE_URL.rstrip("/")
    return f"{site}{path}" if site else request.build_absolute_uri(path)


def takes_redirects(request: HttpRequest) -> bool:
    """Whether providers accept that address: only https, but for a program on one's own machine
    (RFC 8252 section 7.3). Else people sign in with a code on another device."""
    parts = urlsplit(redirect_uri(request))
    return parts.scheme == "https" or parts.hostname in _LOCAL
