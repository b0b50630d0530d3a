"""Whether an account that is being added is a mailbox of this very installation (A51, A52)."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from django.conf import settings

from accounts.models import Domain
from protocols.address import resolve
from protocols.errors import MailServerError
from protocols.types import Deadline

_SECONDS = 4.0


def is_own(*, username: str, host: str) -> bool:
    """True only if the address is in a domain hosted here *and* the server is this one.

    Either alone is ordinary: a domain whose mail is split over two providers, or another
    provider's server on this machine. A username without a domain is never ours: here it is
    always the full address (A176).
    """
    local, _, domain = username.rpartition("@")
    if not local or not Domain.objects.filter(name=domain.lower()).exists():
        return False
    return _leads_here(host)


def _leads_here(host: str) -> bool:
    found = _addresses(host)
    if any(_is_bound_here(address) for address in found):
        return True
    names = [name for name in settings.ALLOWED_HOSTS if name and not name.startswith((".", "*"))]
    return any(found & _addresses(name) for name in names) if found else False


def _addresses(host: str) -> set[str]:
    """The addresses of a name; none if it has none or nobody answers in time."""
    try:
        rows = resolve(host.strip("[]"), 0, Deadline(_SECONDS))
    except MailServerError:
        return set()
    return {str(ip_address(row[1][0].partition("%")[0])) for row in rows}


def _is_bound_here(address: str) -> bool:
    """Whether an interface of this machine has the address: only then can it be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
