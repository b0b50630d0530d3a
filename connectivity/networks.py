"""Networks and nameservers as an operator writes them in the settings."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from protocols.address import Network

_WITH_PORT = re.compile(r"(.+/\d{1,3}):(\d{1,5})")


def parse_network(entry: str) -> tuple[Network, int | None]:
    """A network as the operator names it, ``10.1.0.0/16`` or ``10.1.0.0/16:993``.

    Raises ValueError for what is none.
    """
    match = _WITH_PORT.fullmatch(entry)
    if match is None:
        return ip_network(entry), None
    port = int(match[2])
    if not 0 < port < 65536:
        raise ValueError(f"{port} is no port")
    return ip_network(match[1]), port


def parse_nameserver(entry: str) -> tuple[str, int]:
    """An address with or without a port: ``192.0.2.53``, ``192.0.2.53:5353``, ``[::1]:53``.

    Raises ValueError for what is none.
    """
    parts = urlsplit(f"//[{entry}]" if entry.count(":") > 1 and "[" not in entry else f"//{entry}")
    return str(ip_address(parts.hostname or "")), parts.port or 53
