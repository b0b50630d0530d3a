"""Addresses of callers: as proxies write them, the network they are of, and who can be there."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from protocols.address import AddressPolicy, judge

# What a household or a rented server has at the least, to use as it likes (RFC 6177).
IPV6_PREFIX = 64

Address = IPv4Address | IPv6Address
# With a port, as some proxies add one (RFC 7239 writes IPv6 in brackets, with it or without).
_BRACKETS: Final = re.compile(r"\[([0-9A-Fa-f:.%\w]{2,60})\](?::\d{1,5})?")
_WITH_PORT: Final = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}")
_ANYWHERE: Final = AddressPolicy()


def read(text: str) -> Address | None:
    """The address in a text such as ``203.0.113.7``, ``203.0.113.7:443`` or ``[2001:db8::1]:443``.

    An IPv4 address that is written as one of IPv6 is read as what it is; a zone is left out.
    """
    found = text.strip()
    inner = _BRACKETS.fullmatch(found) or _WITH_PORT.fullmatch(found)
    try:
        address = ip_address((inner[1] if inner else found).partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def plain(text: str) -> str:
    """The same in its usual form; "" where the text holds no address."""
    address = read(text)
    return str(address) if address else ""


def network(text: str) -> str:
    """The IPv4 address, or the first address of the IPv6 network; "" where there is neither."""
    address = read(text)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), IPV6_PREFIX), strict=False).network_address)
    return str(address) if address else ""


def is_public(text: str) -> bool:
    """Whether somebody on the internet has this address, and nobody in a network of their own.

    One of IPv6 with an IPv4 address inside (6to4, Teredo, NAT64 and the like) is as public as that.
    """
    address = read(text)
    if address is None:
        return False
    hidden = address.teredo if isinstance(address, IPv6Address) else None
    return judge(hidden[1] if hidden else address, _ANYWHERE)
