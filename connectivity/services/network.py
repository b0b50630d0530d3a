"""Which servers this installation may talk to, and whose certificates it believes."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from accounts.models import User
from connectivity.networks import parse_nameserver, parse_network
from connectivity.services import pins
from protocols.address import DEFAULT_MAIL_PORTS, AddressPolicy
from protocols.tls import Trust

_USUAL_PORT = {"redis": 6379, "rediss": 6379}


def policy() -> AddressPolicy:
    """The guard's rules: nothing private except the networks the operator opened."""
    entries = [parse_network(entry) for entry in settings.CONNECTIVITY_ALLOWED_NETWORKS]
    ports = settings.CONNECTIVITY_PORTS
    return AddressPolicy(
        allowed_networks=tuple(net for net, port in entries if port is None),
        allowed_ports=frozenset(map(int, ports)) if ports else DEFAULT_MAIL_PORTS,
        allowed_on=tuple((net, port) for net, port in entries if port is not None),
        closed_ports=_own_services(),
        nameservers=nameservers(),
    )


def nameservers() -> tuple[tuple[str, int], ...]:
    """Whom to ask for names: addresses and ports. None: the system's resolver."""
    return tuple(parse_nameserver(entry) for entry in settings.CONNECTIVITY_NAMESERVERS)


def _own_services() -> frozenset[int]:
    """The ports of our database and broker: no mail server is there, in whatever network."""
    ports = {int(entry["PORT"] or 5432) for entry in settings.DATABASES.values() if entry["HOST"]}
    broker = urlsplit(settings.BROKER_URL)
    if broker.scheme in _USUAL_PORT:
        ports.add(broker.port or _USUAL_PORT[broker.scheme])
    return frozenset(ports)


def trust(user: User | None = None, host: str = "", port: int = 0) -> Trust:
    """The system's certificate authorities, plus the operator's own file if there is one.

    With a person and a server: the certificate that person pinned there, if any, alone.
    """
    pin = pins.sha256_for(user, host, port) if user is not None else ""
    return Trust(ca_file=settings.CONNECTIVITY_CA_FILE or None, pin=pin)
