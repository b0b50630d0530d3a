"""Sign-ins of every protocol, for the person, the administrator and the person's own eyes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from accounts import addresses
from accounts.callers import Caller
from accounts.models import Outcome, Protocol, SignIn, User
from accounts.services import devices

#: How long a sign-in is remembered (A123).
KEPT = timedelta(days=3)


def record(
    *,
    user: User,
    protocol: Protocol,
    caller: Caller,
    now: datetime,
    outcome: Outcome = Outcome.IN,
    known: bool = False,
) -> None:
    """Remember a sign-in (A123-A128). Every protocol calls this once for each it decided.

    One from a device that was not seen before is told to its person. ``known`` says that it was,
    for instance because the browser proves it (`accounts.devices`).
    """
    is_new = outcome == Outcome.IN and not known and devices.is_new(user, protocol, caller, now=now)
    with transaction.atomic():
        SignIn.objects.create(
            user=user,
            at=now,
            outcome=outcome,
            protocol=protocol,
            address=caller.address or None,
            is_public=addresses.is_public(caller.address),
            client=caller.client,
            place=caller.place,
        )
        if is_new:
            devices.tell(user, caller, now=now)
        if outcome == Outcome.IN:
            devices.learn(user, now=now)


def record_use(*, user: User, caller: Caller, seen: datetime, address: str, now: datetime) -> bool:
    """Remember that a webmail session was used which began earlier (A124); whether it was.

    Once a day, and whenever it comes from another address than it did. ``seen`` and ``address`` are
    when and from where it was used last.
    """
    if caller.address == address and now.date() == seen.date():
        return False
    record(user=user, protocol=Protocol.WEBMAIL, caller=caller, now=now, known=True)
    return True


def lately(user: User, *, now: datetime) -> QuerySet[SignIn]:
    """Of this person, from public addresses (A125), within the days they are kept; newest first."""
    return SignIn.objects.filter(user=user, is_public=True, at__gt=now - KEPT)


def tidy(*, now: datetime) -> int:
    """Remove those that are older than they are kept; how many."""
    return SignIn.objects.filter(at__lte=now - KEPT).delete()[0]
