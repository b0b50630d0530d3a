"""Which servers this installation may talk to, and whose certificates it believes."""

from __future__ import annotations

from ipaddress import ip_network

from django.conf import settings

from accounts.models import User
from connectivity.services import pins
from protocols.address import AddressPolicy
from protocols.tls import Trust


def policy() -> AddressPolicy:
    """The guard's rules: nothing private except the networks the operator opened."""
    networks = settings.CONNECTIVITY_ALLOWED_NETWORKS
    return AddressPolicy(allowed_networks=tuple(ip_network(entry) for entry in networks))


def trust(user: User | None = None, host: str = "", port: int = 0) -> Trust:
    """The system's certificate authorities, plus the operator's own file if there is one.

    With a person and a server: the certificate that person pinned there, if any, alone.
    """
    pin = pins.sha256_for(user, host, port) if user is not None else ""
    return Trust(ca_file=settings.CONNECTIVITY_CA_FILE or None, pin=pin)
