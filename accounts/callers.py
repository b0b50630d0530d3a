"""From which address, network and program somebody calls."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest

from accounts import addresses, clients, places

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: "" where it is not known."""

    address: str = ""
    client: str = ""
    place: str = ""


NOBODY = Caller()


def caller_of(request: HttpRequest) -> Caller:
    """The caller of a page: the real address behind ``TRUSTED_PROXIES``, the browser in words.

    For what is written down. Whoever only needs the address asks `address_of`, which reads less.
    """
    address = address_of(request)
    agent = str(request.META.get("HTTP_USER_AGENT", ""))
    return Caller(address=address, client=clients.describe(agent), place=places.of(address))


def address_of(request: HttpRequest) -> str:
    """The caller's address, in its usual form; "" where none is known."""
    direct = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUSTED_PROXIES and "HTTP_X_FORWARDED_FOR" in request.META:
        _wonder(direct)
    return addresses.plain(_forwarded(request)) or addresses.plain(direct)


def network_of(request: HttpRequest) -> str:
    """The caller's IPv4 address, or the first address of the caller's IPv6 network.

    ``X-Forwarded-For`` counts only behind ``TRUSTED_PROXIES``: each of them adds the address it
    was called from at the end, and what stands before those may be anybody's invention.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    return addresses.network(_forwarded(request)) or addresses.network(direct) or direct


def _forwarded(request: HttpRequest) -> str:
    heard = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    proxies = int(settings.TRUSTED_PROXIES)
    return heard[-proxies].strip() if 0 < proxies <= len(heard) else ""


def _wonder(direct: str) -> None:
    """Say that a proxy seems to stand in front of us which nobody told us of.

    From the internet anybody may send that header; only one near us is taken for a proxy.
    """
    if not addresses.is_public(direct):
        _say_once()


@cache
def _say_once() -> None:
    log.warning(
        "A proxy seems to stand in front, but TRUSTED_PROXIES is 0: sign-ins show its address."
    )
