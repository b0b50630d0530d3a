"""Senders whose remote pictures a person wants to see at once, and when that may be done.

Anybody can write any From. So trust in an address counts only for messages that were found to be
really from its domain.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, Final

from django.db.models import Q, QuerySet

from accounts.models import RemoteImages, User
from lib.prepared import Prepared
from mailstore.models import Message, TrustedSender, Verdict
from mailstore.verdict import PASSES

#: Of one person; the list is read with every message that has pictures elsewhere.
MOST = 2000


class Standing(Enum):
    """They load, they wait to be asked for, or they wait although this person trusts whom the
    message says it is from."""

    LOADS = auto()
    ASKS = auto()
    UNPROVEN = auto()


def is_trusted(user: User, address: str) -> bool:
    """Whether this person trusts the address or its domain."""
    return bool(_TRUSTED.rows(user.pk, *_names(address)))


def _trusted(user: int, one: str, domain: str) -> QuerySet[TrustedSender, Any]:
    found = TrustedSender.objects.filter(Q(sender=one) | Q(sender=domain), user=user)
    return found.values_list("pk")[:1]


_TRUSTED: Final = Prepared(_trusted, int, str, str)


def trust(user: User, address: str, *, whole_domain: bool = False) -> None:
    """Remember a sender, or everybody of its domain. What is no address is ignored."""
    one, domain = _names(address)
    if "@" in one.strip("@") and TrustedSender.objects.filter(user=user).count() < MOST:
        sender = domain if whole_domain else one
        TrustedSender.objects.get_or_create(user=user, sender=sender)


def forget(user: User, pk: int) -> bool:
    """Trust a sender no longer; False where this person trusted no such sender."""
    gone, _ = TrustedSender.objects.filter(user=user, pk=pk).delete()
    return bool(gone)


def listed(user: User) -> list[TrustedSender]:
    """Whom this person trusts, by name."""
    return list(TrustedSender.objects.filter(user=user).order_by("sender")[:MOST])


def is_proven(message: Message) -> bool:
    """Whether it was found out that the message is really from the domain of its From."""
    found = Verdict.objects.filter(message=message).values_list("found", flat=True).first()
    return isinstance(found, dict) and found.get("state") == PASSES


def standing(user: User, message: Message) -> Standing:
    """What becomes of the remote pictures of a message that nobody has asked for yet."""
    if user.remote_images == RemoteImages.ALWAYS:
        return Standing.LOADS
    if user.remote_images == RemoteImages.NEVER or not is_trusted(user, message.from_address):
        return Standing.ASKS
    return Standing.LOADS if is_proven(message) else Standing.UNPROVEN


def _names(address: str) -> tuple[str, str]:
    one = address.strip().casefold()[:320]
    return one, "@" + one.rpartition("@")[2]
