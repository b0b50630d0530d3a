"""Resolving names by servers of the operator's choice; loaded only where some are set."""

import socket
from collections.abc import Sequence

import dns.exception
import dns.nameserver
import dns.resolver

from protocols.errors import NameNotFound, Stage
from protocols.types import Deadline

Row = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]


def lookup(
    host: str, port: int, servers: Sequence[tuple[str, int]], deadline: Deadline
) -> list[Row]:
    """The IPv4 and IPv6 addresses of a name (RFC 1035, RFC 3596), as `address.resolve` gives them.

    Raises `NameNotFound` where there are none, or where no server answered in time.
    """
    asking = dns.resolver.Resolver(configure=False)
    asking.nameservers = [dns.nameserver.Do53Nameserver(*server) for server in servers]
    asking.lifetime = deadline.remaining()
    try:
        found = asking.resolve_name(host, lifetime=deadline.remaining())
    except dns.exception.Timeout:
        raise NameNotFound(Stage.NAME, "name-timeout", host=host) from None
    except dns.resolver.NoNameservers:  # every one failed, or refused to answer
        raise NameNotFound(Stage.NAME, "name-unsure", host=host) from None
    except (dns.exception.DNSException, OSError, ValueError):
        raise NameNotFound(Stage.NAME, host=host) from None
    return [
        (socket.AF_INET, (text, port))
        if family == socket.AF_INET
        else (socket.AF_INET6, (text, port, 0, 0))
        for text, family in found.addresses_and_families()
    ]
