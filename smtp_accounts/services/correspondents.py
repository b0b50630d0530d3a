"""People written to and heard from: offered while recipients are typed, best first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.models import User
from lib import bulk
from smtp_accounts import addresses, people
from smtp_accounts.models import Correspondent, Identity

#: How many of those who match are ranked; the others were met least.
LOOKED_AT = 300
MAX_WORDS = 5


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to write to."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Met:
    """Somebody heard from or written to, so many times, the last time at ``last_at``."""

    user_id: int
    address: str
    name: str
    count: int
    last_at: datetime


def suggest(user: User, query: str, limit: int = 8) -> list[Person]:
    """Whom the user may mean: every word typed stands in their name or address.

    Those written to often and lately come first, those nobody answers last. Hidden ones are left
    out. Empty for an empty query.
    """
    words = query.casefold().split()[:MAX_WORDS]
    if not words:
        return []
    rows = Correspondent.objects.filter(user=user, is_hidden=False)
    for word in words:
        rows = rows.filter(_holds(word))
    met = Greatest("sent_count", "received_count")
    found = [
        people.Known(
            name=row.name,
            address=row.address,
            sent=row.sent_count,
            sent_at=row.last_sent_at,
            received=row.received_count,
            received_at=row.last_received_at,
        )
        for row in rows.order_by("-sent_count", met.desc(), "pk")[:LOOKED_AT]
    ]
    ranked = people.ranked(found, words, timezone.now())
    return [Person(one.name, one.address) for one in ranked[:limit]]


def _holds(word: str) -> Q:
    """A word in the name or address. SQLite knows upper and lower case of ASCII only."""
    spellings = {word, word.upper(), word.capitalize()}
    holds = Q(address__contains=word)
    for spelling in spellings:
        holds |= Q(name__icontains=spelling)
    return holds


def wrote(user: User, identity: Identity, addresses_: Sequence[str], now: datetime) -> None:
    """The user writes to these addresses from an identity. Inside the caller's transaction.

    Whoever was hidden is offered again: they are written to after all.
    """
    folded = {addresses.key(one): one for one in addresses_}
    met = [Met(user.pk, address, "", 1, now) for address in folded if "@" in address]
    note(met, sent=True)
    rows = Correspondent.objects.filter(user=user, address__in=[one.address for one in met])
    rows.update(identity=identity, is_hidden=False)


def hide(user: User, address: str) -> None:
    """Offer somebody no more, until they are written to again."""
    rows = Correspondent.objects.filter(user=user, address=addresses.key(address))
    rows.update(is_hidden=True)


def identities_used(user: User, addresses_: Sequence[str]) -> dict[str, int]:
    """The id of the identity last written from, by address as `addresses.key` has it."""
    rows = _of(user, addresses_).exclude(identity=None)
    return {address: pk for address, pk in rows.values_list("address", "identity") if pk}


def _of(user: User, addresses_: Sequence[str]) -> QuerySet[Correspondent]:
    keys = [addresses.key(one) for one in addresses_]
    return Correspondent.objects.filter(user=user, address__in=keys)


def note(met: Sequence[Met], *, sent: bool) -> None:
    """Count meetings: written to where ``sent``, else heard from. Addresses are folded.

    Each address once for a user; one statement, however many. A name is kept once somebody was
    written to, so that no sender renames the one that is known; else the last one counts.
    """
    count, last = ("sent_count", "last_sent_at") if sent else ("received_count", "last_received_at")
    # Those of one statement are locked in one order, so that two never wait for each other.
    rows = sorted((one.user_id, one.address, one.name, one.count, one.last_at) for one in met)
    columns = ("user_id", "address", "name", count, last)
    bulk.insert(Correspondent, columns, rows, conflict=_ADDED[sent])


def _added(count: str, last: str) -> str:
    """What becomes of the row of somebody who was met before."""
    known = Correspondent._meta.db_table
    is_newer = f"{known}.{last} IS NULL OR excluded.{last} >= {known}.{last}"
    return (
        f"(user_id, address) DO UPDATE SET {count} = {known}.{count} + excluded.{count},"
        f" {last} = CASE WHEN {is_newer} THEN excluded.{last} ELSE {known}.{last} END,"
        " name = CASE WHEN excluded.name <> '' AND"
        f" ({known}.name = '' OR ({known}.sent_count = 0 AND ({is_newer})))"
        f" THEN excluded.name ELSE {known}.name END"
    )


_ADDED = {
    True: _added("sent_count", "last_sent_at"),
    False: _added("received_count", "last_received_at"),
}
