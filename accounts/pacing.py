"""Views that cost much, or another server something, and that nobody needs all the time.

    @paced("unsubscribe", limit=60, seconds=HOUR)
    def unsubscribe(request, pk): ...

Never for reading and searching one's own mail.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from accounts.callers import network_of
from accounts.services import tries

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

MINUTE: Final = 60
HOUR: Final = 3600


def paced(
    name: str, *, limit: int, seconds: int, methods: tuple[str, ...] = ("GET", "POST")
) -> Callable[[View[P]], View[P]]:
    """At most ``limit`` requests of one person, or of a stranger's network, in ``seconds``.

    Requests by other methods are not counted. Beyond the limit the answer is 429 in words, with
    the seconds to wait in ``Retry-After`` (RFC 6585).
    """

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def count(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            now = timezone.now()
            counted = request.method in methods
            if counted and not tries.allow(
                name, _whom(request), limit=limit, seconds=seconds, now=now
            ):
                return too_often(request, seconds=seconds, now=now)
            return view(request, *args, **kwargs)

        return count

    return decorate


def too_often(request: HttpRequest, *, seconds: int, now: datetime) -> HttpResponse:
    """The page that says when it goes on: at the end of this stretch of ``seconds``."""
    left = seconds - int(now.timestamp()) % seconds
    answer = render(request, "429.html", {"minutes": -(-left // MINUTE)}, status=429)
    answer.headers["Retry-After"] = str(left)
    return answer


def _whom(request: HttpRequest) -> str:
    signed_in = request.user.is_authenticated
    return str(request.user.pk) if signed_in else f"network {network_of(request)}"
