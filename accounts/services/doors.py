"""What slows guessing down across networks, where the lock of one network does not reach.

django-axes locks one address for one network after ten failures. Here, an address that is tried
from many networks allows each of them two tries in a quarter of an hour, and a network that tries
many addresses has to wait. Nobody is locked out: the first try from elsewhere always counts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction

from accounts.callers import Caller
from accounts.models import Outcome, Protocol, SignIn, User
from accounts.services import sign_ins, tries

STRETCH: Final = 900
#: Failures with one address, from anywhere, until it counts as attacked.
ATTACKED: Final = 30
#: What one network may still try then.
STILL: Final = 2
#: Failures of one network with whatever addresses: an office behind one address types badly too.
NETWORK: Final = 100


def are_closed(name: str, network: str, now: datetime) -> bool:
    """Whether this network has to wait before it tries this address (in lower case)."""
    if _count("sign-in-network", network, now) >= NETWORK:
        return True
    is_attacked = _count("sign-in-name", name, now) >= ATTACKED
    return is_attacked and _count("sign-in-both", f"{name}\0{network}", now) >= STILL


def failed(*, name: str, network: str, caller: Caller, locked: bool, now: datetime) -> None:
    """Count a failure, and show it to the person if there is one.

    An address nobody has costs the same work, so that the time an answer takes tells nothing.
    """
    with transaction.atomic():
        _add("sign-in-network", network, NETWORK, now)
        _add("sign-in-name", name, ATTACKED, now)
        _add("sign-in-both", f"{name}\0{network}", STILL, now)
        user = User.objects.filter(email=name).first()
        outcome = Outcome.LOCKED if locked else Outcome.REFUSED
        if user is not None:
            sign_ins.record(
                user=user, protocol=Protocol.WEBMAIL, caller=caller, now=now, outcome=outcome
            )
        else:
            _pretend(outcome, caller, now)


def _pretend(outcome: Outcome, caller: Caller, now: datetime) -> None:
    mark = transaction.savepoint()
    SignIn.objects.create(
        user_id=0,
        at=now,
        outcome=outcome,
        protocol=Protocol.WEBMAIL,
        address=caller.address or None,
        is_public=False,
        client=caller.client,
        place=caller.place,
    )
    transaction.savepoint_rollback(mark)


def _count(name: str, key: str, now: datetime) -> int:
    return tries.count(name, key, seconds=STRETCH, now=now)


def _add(name: str, key: str, limit: int, now: datetime) -> None:
    tries.allow(name, key, limit=limit, seconds=STRETCH, now=now)
