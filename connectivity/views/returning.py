"""The address a provider sends people back to after they signed in there."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.request import split_domain_port
from django.urls import reverse

_LOCAL = ("localhost", "127.0.0.1", "[::1]")


def redirect_uri(request: HttpRequest) -> str:
    """This site's address for `oauth-callback`, as the browser reaches it (RFC 6749, 3.1.2)."""
    return request.build_absolute_uri(reverse("oauth-callback"))


def takes_redirects(request: HttpRequest) -> bool:
    """Whether providers accept that address: only https, but for a program on one's own machine
    (RFC 8252 section 7.3). Else people sign in with a code on another device."""
    host, _ = split_domain_port(request.get_host())
    return request.is_secure() or host in _LOCAL
