"""From which address, network and program somebody calls."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

# What a household or a rented server has at the least, to use as it likes (RFC 6177).
IPV6_PREFIX = 64


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: "" where it is not known."""

    address: str = ""
    client: str = ""
    place: str = ""


NOBODY = Caller()


def caller_of(request: HttpRequest) -> Caller:
    """The caller of a page: the real address behind ``TRUSTED_PROXIES``, the browser in words."""
    direct = str(request.META.get("REMOTE_ADDR", ""))
    return Caller(address=_address(_forwarded(request)) or _address(direct))


def network_of(request: HttpRequest) -> str:
    """The caller's IPv4 address, or the first address of the caller's IPv6 network.

    ``X-Forwarded-For`` counts only behind ``TRUSTED_PROXIES``: each of them adds the address it
    was called from at the end, and what stands before those may be anybody's invention.
    """
    direct = str(request.META.get("REMOTE_ADDR", ""))
    return _network(_forwarded(request)) or _network(direct) or direct


def _forwarded(request: HttpRequest) -> str:
    heard = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")
    proxies = int(settings.TRUSTED_PROXIES)
    return heard[-proxies].strip() if 0 < proxies <= len(heard) else ""


def _address(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _network(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), IPV6_PREFIX), strict=False).network_address)
