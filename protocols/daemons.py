"""Daemons of the operator that look at messages: where they listen, and one connection to them.

The operator named them and they stand in the operator's own network, so that the guard lets every
address pass; it still resolves once and connects to that very address.
"""

import re
import socket
from dataclasses import dataclass
from ipaddress import ip_network

from protocols import address
from protocols.address import AddressPolicy
from protocols.errors import ConnectFailed, Stage
from protocols.types import Deadline, Endpoint, Security
from protocols.wire import Wire

#: Of the operator's own servers; for nothing a user named.
ANYWHERE = AddressPolicy(
    allowed_networks=(ip_network("0.0.0.0/0"), ip_network("::/0")), allowed_ports=None
)
#: The kernel's limit for the path of a unix socket is 108 bytes with its final NUL.
_PATH_LIMIT = 107
_PLACE = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253}):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a daemon listens: the path of a unix socket, or host and port."""

    host: str = ""
    port: int = 0
    path: str = ""


def parse_place(text: str) -> Place:
    """A place as settings name it: "/run/clamd.sock", "127.0.0.1:783". Raises ValueError."""
    if text.startswith("/"):
        if len(text.encode()) > _PATH_LIMIT or "\0" in text:
            raise ValueError(text)
        return Place(path=text)
    found = _PLACE.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise ValueError(text)
    return Place(found["host"], int(found["port"]))


def dial(place: Place, total: Deadline) -> Wire:
    """A connection to a daemon, unencrypted. Raises what `address.connect` does."""
    if not place.path:
        endpoint = Endpoint(place.host, place.port, Security.NONE)
        return Wire(address.connect(endpoint, ANYWHERE, total), place.host, total)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(total.remaining())
        sock.connect(place.path)
    except OSError:
        sock.close()
        raise ConnectFailed(Stage.CONNECT, cause="port-closed") from None
    except BaseException:
        sock.close()
        raise
    return Wire(sock, "localhost", total)
