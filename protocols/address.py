"""The guard: a host is resolved once, every address judged, and that very address connected to.

Anyone may type a host name here, so it must not be able to reach our own networks by any
spelling.  Judging names never works; judging the addresses at connect time does.
"""

import contextlib
import queue
import re
import socket
import threading
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from protocols.errors import (
    AddressRefused,
    ConnectFailed,
    Dropped,
    MailServerError,
    NameNotFound,
    Stage,
)
from protocols.types import Deadline, Endpoint

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

DEFAULT_MAIL_PORTS = frozenset({25, 110, 143, 465, 587, 993, 995, 2525})
MAX_ADDRESSES = 32
PATIENCE = 15.0  # seconds for the name, and as many for the connection

# What `is_global` lets through although nobody's public mail server can live there, and what
# newer registries reserve (IANA special-purpose address registries).
_DENIED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598
        "192.88.99.0/24",  # 6to4 relay, RFC 7526
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "64:ff9b:1::/48",  # local-use NAT64, RFC 8215
        "100::/64",  # discard only, RFC 6666
        "2001::/23",  # protocol assignments
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
    )
)
# Prefixes whose last 32 bits are an IPv4 address the packet really goes to.
_V4_INSIDE = tuple(
    IPv6Network(text) for text in ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96")
)
_ISATAP = {
    0x00005EFE,
    0x02005EFE,
}  # RFC 5214, the upper half of the interface identifier
_LOW32 = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What may be connected to: the public internet on mail ports, plus named networks.

    An address inside `allowed_networks` is allowed on every port; `allowed_ports` of None
    allows every port everywhere.
    """

    allowed_networks: tuple[Network, ...] = ()
    allowed_ports: frozenset[int] | None = DEFAULT_MAIL_PORTS


def judge(ip: Address, policy: AddressPolicy) -> bool:
    """Whether this address may be connected to, whatever IPv4 address hides inside it."""
    return opened(ip, policy) or all(_is_public(each) for each in _unwrap(ip))


def opened(ip: Address, policy: AddressPolicy) -> bool:
    """Whether a network named by the administrator covers this address."""
    inner = _unwrap(ip)[-1]
    return any(inner.version == net.version and inner in net for net in policy.allowed_networks)


def _unwrap(ip: Address) -> tuple[Address, ...]:
    """The addresses to judge.

    One inside another replaces its wrapping where that is pure form, and joins it where the packet
    really travels to the outer one first.
    """
    if isinstance(ip, IPv4Address):
        return (ip,)
    number = int(ip)
    if ip.sixtofour is not None:
        return (ip, ip.sixtofour)
    if ip.teredo is not None:
        return (ip, *ip.teredo)
    if any(ip in net for net in _V4_INSIDE) and number > 1:
        return (IPv4Address(number & _LOW32),)
    if (number >> 32) & _LOW32 in _ISATAP:
        return (ip, IPv4Address(number & _LOW32))
    return (ip,)


def _is_public(ip: Address) -> bool:
    if isinstance(ip, IPv6Address) and ip.is_site_local:
        return False
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    return not any(ip.version == net.version and ip in net for net in _DENIED)


def connect(endpoint: Endpoint, policy: AddressPolicy, deadline: Deadline) -> socket.socket:
    """A TCP connection to one of the judged addresses of the endpoint.

    Raises `AddressRefused`, `NameNotFound`, `ConnectFailed` or `Hung`.  The name is never
    resolved a second time, so an answer that changes in between has no effect.
    """
    host = clean_host(endpoint)
    found = resolve(host, endpoint.port, deadline.within(PATIENCE, Stage.NAME))
    addresses = [ip_address(each[1][0]) for each in found]
    if not all(judge(ip, policy) for ip in addresses):
        raise _refused(endpoint)
    if not _port_open(endpoint.port, policy) and not all(opened(ip, policy) for ip in addresses):
        raise _refused(endpoint)
    return _first_that_answers(found, endpoint, deadline.within(PATIENCE, Stage.CONNECT))


_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029/\\@?#]")


def clean_host(endpoint: Endpoint) -> str:
    """The host as the resolver gets it; raises `AddressRefused` for what can be no host."""
    host = endpoint.host
    if not host or len(host) > 255 or _FORBIDDEN_IN_HOST.search(host):
        raise _refused(endpoint)
    if not 0 < endpoint.port < 65536:
        raise _refused(endpoint)
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


Found = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]


def resolve(host: str, port: int, deadline: Deadline) -> list[Found]:
    """Every address of a name, in the resolver's order of preference.

    `getaddrinfo` knows no timeout, so it runs in a thread that is left behind when time is up.
    """
    answers: queue.SimpleQueue[list[Found] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put([(row[0], row[4]) for row in rows])  # type: ignore[misc] # TCP rows only
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.remaining())
    except queue.Empty:
        raise NameNotFound(Stage.NAME, host=host) from None
    if isinstance(answer, Exception) or not answer or len(answer) > MAX_ADDRESSES:
        raise NameNotFound(Stage.NAME, host=host)
    return answer


def _first_that_answers(
    found: list[Found], endpoint: Endpoint, deadline: Deadline
) -> socket.socket:
    failure: MailServerError = ConnectFailed(Stage.CONNECT, host=endpoint.host)
    for index, (family, where) in enumerate(found):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            # A dead first address must not eat the time of the next.
            sock.settimeout(deadline.remaining() / (len(found) - index))
            sock.connect(where)
            with contextlib.suppress(OSError):  # reset already: the first read will tell
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, MailServerError) as error:
            sock.close()
            failure = _why(error, endpoint)
        else:
            return sock
    raise failure


def _why(error: Exception, endpoint: Endpoint) -> MailServerError:
    if isinstance(error, ConnectionResetError):
        return Dropped(Stage.CONNECT)
    cause = "unreachable"
    if isinstance(error, ConnectionRefusedError):
        cause = "port-closed"
    elif isinstance(error, TimeoutError | MailServerError):
        cause = "no-answer"
    return ConnectFailed(Stage.CONNECT, cause, host=endpoint.host, port=endpoint.port)


def _port_open(port: int, policy: AddressPolicy) -> bool:
    return policy.allowed_ports is None or port in policy.allowed_ports


def _refused(endpoint: Endpoint) -> AddressRefused:
    host = re.sub(r"[^\w.:\[\]-]", "?", endpoint.host)[:255]
    return AddressRefused(Stage.CONNECT, host=host, port=endpoint.port)
