"""Sign-ins of every protocol, for the person, the administrator and the person's own eyes."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address

from accounts.callers import Caller
from accounts.models import Outcome, Protocol, SignIn, User


def record(
    *,
    user: User,
    protocol: Protocol,
    caller: Caller,
    now: datetime,
    outcome: Outcome = Outcome.IN,
) -> None:
    """Remember a sign-in (A123-A128). Every protocol calls this once for each it decided."""
    SignIn.objects.create(
        user=user,
        at=now,
        outcome=outcome,
        protocol=protocol,
        address=caller.address or None,
        is_public=_is_public(caller.address),
        client=caller.client,
        place=caller.place,
    )


def _is_public(address: str) -> bool:
    try:
        return ip_address(address).is_global
    except ValueError:
        return False
