"""By what a browser proves that somebody signed in with it before: a signed cookie.

Addresses of homes change every day and programs every month; a notice each time would teach
people not to read it. The cookie opens nothing: it only keeps a notice from being written.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from accounts.models import User

_SALT: Final = "accounts.devices"
#: As long as browsers keep a cookie at most, in seconds.
_KEPT: Final = 400 * 24 * 3600
#: People of one browser that are remembered.
_PEOPLE: Final = 8


def name() -> str:
    """The name of the cookie; over https one that only this host can set (RFC 6265bis)."""
    return "__Host-known" if settings.HTTPS else "known"


def knows(request: HttpRequest, user: User) -> bool:
    """Whether this person signed in with this browser before."""
    return user.pk in _people(request)


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Have the browser say so from now on."""
    people = [user.pk, *(one for one in _people(request) if one != user.pk)][:_PEOPLE]
    response.set_cookie(
        name(),
        signing.dumps(people, salt=_SALT, compress=True),
        max_age=_KEPT,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _people(request: HttpRequest) -> list[int]:
    try:
        found = signing.loads(request.COOKIES.get(name(), ""), salt=_SALT, max_age=_KEPT)
    except signing.BadSignature:
        return []
    return [one for one in found if isinstance(one, int)] if isinstance(found, list) else []
