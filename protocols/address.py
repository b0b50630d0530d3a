"""The guard: a host is resolved once, every address judged, and that very address connected to.

Anyone may type a host name here, so it must not be able to reach our own networks by any
spelling.  Judging names never works; judging the addresses at connect time does.
"""

import contextlib
import queue
import re
import socket
import threading
import unicodedata
from dataclasses import dataclass
from importlib import import_module
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
        "168.63.129.16/32",  # the inside of a cloud (Azure), although of a public network
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

    An address inside `allowed_networks` is allowed on every port except `closed_ports`, those
    of our own services; one inside a network of `allowed_on` on the port named with it.
    `allowed_ports` of None allows every port everywhere. Names are asked of `nameservers`
    (address and port), of the system's resolver where there are none.
    """

    allowed_networks: tuple[Network, ...] = ()
    allowed_ports: frozenset[int] | None = DEFAULT_MAIL_PORTS
    allowed_on: tuple[tuple[Network, int], ...] = ()
    closed_ports: frozenset[int] = frozenset()
    nameservers: tuple[tuple[str, int], ...] = ()


def judge(ip: Address, policy: AddressPolicy, port: int = 0) -> bool:
    """Whether this address may be connected to, whatever IPv4 address hides inside it."""
    return opened(ip, policy, port) or all(_is_public(each) for each in _unwrap(ip))


def opened(ip: Address, policy: AddressPolicy, port: int = 0) -> bool:
    """Whether a network named by the administrator covers this address, with this port."""
    inner = _unwrap(ip)[-1]
    if any(at == port and _inside(inner, net) for net, at in policy.allowed_on):
        return True
    if port in policy.closed_ports:
        return False
    return any(_inside(inner, net) for net in policy.allowed_networks)


def _inside(ip: Address, net: Network) -> bool:
    return ip.version == net.version and ip in net


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
    host, port = clean_host(endpoint), endpoint.port
    try:
        found = resolve(host, port, deadline.within(PATIENCE, Stage.NAME), policy.nameservers)
    except NameNotFound:
        if _only_inside(host):
            # Nobody learns which names there are in our networks.
            raise _refused(endpoint) from None
        raise
    addresses = [ip_address(each[1][0]) for each in found]
    if not all(judge(ip, policy, port) for ip in addresses):
        raise _refused(endpoint)
    if not _port_open(port, policy) and not all(opened(ip, policy, port) for ip in addresses):
        raise _refused(endpoint)
    sock = _first_that_answers(found, endpoint, deadline.within(PATIENCE, Stage.CONNECT))
    with contextlib.suppress(OSError):  # reset already: the first read will tell
        deadline.note("address", str(sock.getpeername()[0]))
    return sock


_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029/\\@?#%]")
# What stands for a dot in names (RFC 3490 3.1), and what makes a last label a number.
_DOTS = re.compile("[\u3002\uff0e\uff61]")
_NUMBER = re.compile(r"(?:0[xX][0-9A-Fa-f]*|[0-9]+)")
# Names that mean something in one network only (RFC 6761, 6762, 8375, and what people use).
_INSIDE = frozenset(
    ("localhost", "localdomain", "local", "internal", "intranet", "private", "lan", "home", "arpa")
)


def clean_host(endpoint: Endpoint) -> str:
    """The host as the resolver gets it; raises `AddressRefused` for what can be no host."""
    host = endpoint.host
    if not host or len(host) > 255 or _FORBIDDEN_IN_HOST.search(host):
        raise _refused(endpoint)
    if not 0 < endpoint.port < 65536:
        raise _refused(endpoint)
    bracketed = host.startswith("[") and host.endswith("]")
    bare = host[1:-1] if bracketed else host
    if (bracketed or _looks_numeric(bare)) and not _is_address(bare):
        raise _refused(endpoint)
    return bare


def _looks_numeric(host: str) -> bool:
    """Whether some program may take this for an address: resolvers read them in many ways.

    As in the URL standard of WHATWG, a host that ends in a number is an IPv4 address or nothing.
    """
    plain = _DOTS.sub(".", unicodedata.normalize("NFKC", host)).rstrip(".")
    return ":" in plain or _NUMBER.fullmatch(plain.rpartition(".")[2]) is not None


def _is_address(host: str) -> bool:
    """Whether this is an address in its one usual form: dotted decimal or IPv6, in ASCII."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return host.isascii()


def _only_inside(host: str) -> bool:
    """Whether a name can be one of a private network only."""
    labels = host.lower().rstrip(".").split(".")
    return len(labels) == 1 or labels[-1] in _INSIDE


Found = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int]]


def resolve(
    host: str, port: int, deadline: Deadline, nameservers: tuple[tuple[str, int], ...] = ()
) -> list[Found]:
    """Every address of a name, in the resolver's order of preference.

    `getaddrinfo` knows no timeout, so it runs in a thread that is left behind when time is up.
    """
    if nameservers and not _is_address(host) and host.removesuffix(".").lower() != "localhost":
        # Loading a resolver takes 90 ms, and most installations use the system's.
        asking = import_module("protocols.nameservers")
        return _some(asking.lookup(host, port, nameservers, deadline), host)
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
        raise NameNotFound(Stage.NAME, "name-timeout", host=host) from None
    if isinstance(answer, socket.gaierror) and answer.errno == socket.EAI_AGAIN:
        raise NameNotFound(Stage.NAME, "name-unsure", host=host)
    return _some([] if isinstance(answer, Exception) else answer, host)


def _some(answer: list[Found], host: str) -> list[Found]:
    if not 0 < len(answer) <= MAX_ADDRESSES:
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
