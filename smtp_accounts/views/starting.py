"""New SMTP Account: what is known of the server of an address, or of a tile."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from connectivity.providers import Provider, by_address, by_key
from connectivity.services import autodiscovery
from protocols.types import Security
from smtp_accounts.models import Encryption
from smtp_accounts.proposals import Proposal


def propose(*, user: User, address: str, key: str, now: datetime) -> Proposal:
    """What is known about sending as ``address``, or through the provider with this key."""
    initial: dict[str, Any] = {
        "display_name": user.display_name,
        "email": address,
        "username": address,
    }
    provider = by_key(key) or by_address(address)
    if provider is not None:
        return Proposal(initial | _of_tile(provider, address), provider)
    if not address:
        return Proposal(initial)
    found = autodiscovery.find(address=address, user=user, now=now)
    best = found.best("smtp")
    if best is None:
        return Proposal(initial, found.provider, steps=found.steps)
    initial |= {"host": best.host, "port": best.port, "username": best.username or address}
    tls = best.security == Security.STARTTLS
    initial["encryption"] = Encryption.TLS if tls else Encryption.SSL
    name = next((step.name for step in found.steps if step.id == best.step), "")
    return Proposal(initial, found.provider, name, found.steps, not best.needs_confirmation)


def _of_tile(provider: Provider, address: str) -> dict[str, Any]:
    smtp = provider.smtp
    return {
        "host": smtp.host,
        "port": smtp.port,
        "encryption": Encryption.TLS if smtp.starttls else Encryption.SSL,
        "username": provider.username_of(address, "smtp"),
    }
