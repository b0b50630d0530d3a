"""Senders that are allowed or blocked."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from accounts.models import Domain, User
from accounts.services import audit
from filtering.models import SenderRule
from protocols.idn import to_ascii


@dataclass(frozen=True, slots=True)
class Book:
    """The rules of one person and of the domain, by sender."""

    own: dict[str, SenderRule] = field(default_factory=dict)
    domains: dict[str, SenderRule] = field(default_factory=dict)

    def about(self, address: str) -> SenderRule | None:
        """The rule about an address: a person's before the domain's, an address before its
        domain."""
        one = _plain(address)
        whole = "@" + one.rpartition("@")[2]
        for rules in (self.own, self.domains):
            if (found := rules.get(one) or rules.get(whole)) is not None:
                return found
        return None


def _plain(address: str) -> str:
    """An address as rules have it: a domain in letters of its own is the one that is asked for."""
    local, at, host = address.strip().casefold().rpartition("@")
    if host.isascii():
        return f"{local}{at}{host}"
    try:
        return f"{local}{at}{to_ascii(host)}".casefold()
    except UnicodeError:
        return f"{local}{at}{host}"


def books(users: Collection[User]) -> dict[int, Book]:
    """The rules of people by their keys; one query."""
    whose = Q(user__in=users) | Q(domain__in={one.domain_id for one in users})
    rows = list(SenderRule.objects.filter(whose))
    return {
        one.pk: Book(
            {row.sender: row for row in rows if row.user_id == one.pk},
            {row.sender: row for row in rows if row.domain_id == one.domain_id},
        )
        for one in users
    }


#: Rules of one owner; all are read for each batch that comes in.
MOST: Final = 5000
_SENDER: Final = re.compile(r"(?:[^\s@<>\",;:()\[\]\\]{1,64})?@[^\s@<>\",;:()\[\]\\]{1,253}")
_NAMED: Final = re.compile(r".*<([^<>]{1,320})>\s*")


class SendersRefused(Exception):
    """Lines that name no sender, or more of them than there may be (then there are none)."""

    def __init__(self, lines: Sequence[str] = ()) -> None:
        super().__init__("senders refused")
        self.lines = tuple(lines)


def read(text: str) -> list[str]:
    """The senders of pasted lines, each once: ``ada@example.org``, ``@example.org``,
    ``example.org``, ``Ada <ada@example.org>``. Raises `SendersRefused`."""
    found: dict[str, None] = {}
    bad: list[str] = []
    for line in re.split(r"[\n,;]+", text):
        if one := line.strip():
            sender = _sender(one)
            if sender:
                found[sender] = None
            else:
                bad.append(one[:100])
    if bad or len(found) > MOST:
        raise SendersRefused(bad)
    return list(found)


def _sender(line: str) -> str:
    named = _NAMED.fullmatch(line[:1000])
    one = (named[1] if named else line).strip().casefold()
    if "@" not in one and "." in one.strip("."):
        one = f"@{one}"
    local, _at, host = one.rpartition("@")
    try:
        host = to_ascii(host)
    except UnicodeError:
        return ""
    one = f"{local}@{host}".casefold()
    return one if _SENDER.fullmatch(one) and "." in host.strip(".") else ""


def listed(owner: User | Domain) -> list[SenderRule]:
    """The rules of a person or a domain, by sender."""
    return list(SenderRule.objects.filter(**_whose(owner)).order_by("sender")[:MOST])


def add(
    owner: User | Domain, named: Sequence[str], *, allowed: bool, actor: User, now: datetime
) -> int:
    """Allow or block senders; a rule about the same sender is replaced. How many are new or other
    than before. Raises `SendersRefused` where there would be too many."""
    with transaction.atomic():
        mine = SenderRule.objects.filter(**_whose(owner))
        there = dict(mine.values_list("sender", "is_allowed"))
        other = [one for one in dict.fromkeys(named) if there.get(one) is not allowed]
        if len(there.keys() | set(other)) > MOST:
            raise SendersRefused
        mine.filter(sender__in=other).delete()
        rows = (SenderRule(**_whose(owner), sender=one, is_allowed=allowed) for one in other)
        SenderRule.objects.bulk_create(rows)
        if other:
            _record(owner, actor, now, {"allowed" if allowed else "blocked": len(other)})
    return len(other)


def remove(owner: User | Domain, named: Sequence[str], *, actor: User, now: datetime) -> list[str]:
    """Have no rule about these senders any more; about which there was one."""
    with transaction.atomic():
        mine = SenderRule.objects.filter(**_whose(owner), sender__in=list(named))
        gone = list(mine.values_list("sender", flat=True))
        mine.delete()
        if gone:
            _record(owner, actor, now, {"removed": len(gone)})
    return gone


def _whose(owner: User | Domain) -> dict[str, User | Domain]:
    return {"domain": owner} if isinstance(owner, Domain) else {"user": owner}


def _record(owner: User | Domain, actor: User, now: datetime, detail: dict[str, int]) -> None:
    # How many and not whom: other administrators read it.
    domain = owner if isinstance(owner, Domain) else None
    subject = owner if isinstance(owner, User) else None
    audit.record(
        "senders-changed", now=now, actor=actor, subject=subject, domain=domain, detail=detail
    )


def about(owner: User | Domain, sender: str) -> bool | None:
    """Whether the owner allows exactly this sender, or blocks it; None: there is no rule."""
    mine = SenderRule.objects.filter(**_whose(owner), sender=sender)
    return mine.values_list("is_allowed", flat=True).first()
