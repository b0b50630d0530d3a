"""Whom mail came for and who wrote it, noted in the transaction that files it.

Every message of every pull comes by here: few statements for a whole batch, and no module is
loaded that only pages need.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db.models import F
from django.utils import timezone

from accounts.models import Domain
from lib import bulk
from mailstore import mime
from mailstore.mime import ParsedMail
from mailstore.models import FolderRole, Message
from mailstore.trace import read as read_trace
from smtp_accounts import addresses, people, rules
from smtp_accounts.models import ArrivedFor, Correspondent, Identity, OutboxMessage
from smtp_accounts.rules import Candidate, Original, Own
from smtp_accounts.services import correspondents
from smtp_accounts.services.correspondents import Met

if TYPE_CHECKING:
    from filtering.arrivals import Arrived

_NOT_RECEIVED = (FolderRole.JUNK, FolderRole.DRAFTS, FolderRole.SENT)
_NOBODY_MET = (FolderRole.JUNK, FolderRole.DRAFTS, FolderRole.TRASH)


def filed(arrived: Sequence[Arrived]) -> None:
    """Store which identity each message came for, and count the people met."""
    by_user: dict[int, list[Arrived]] = defaultdict(list)
    for one in arrived:
        by_user[one.message.user_id].append(one)
    now = timezone.now()
    for user_id, some in by_user.items():
        own = Own(candidates(user_id))
        # Whoever has one identity answers everything from it.
        if len(own.candidates) > 1:
            _decide(user_id, own, some, now)
        _heard(user_id, own, some)
        _written(user_id, own, some)


def candidates(user_id: int) -> list[Candidate]:
    """Every identity of a user as the rules see it, the own address first; one query."""
    rows = Identity.objects.filter(user=user_id)
    found = [
        Candidate(
            key=str(pk),
            address=address,
            source_id=source_id,
            is_default=is_default,
            accepts=accepts,
            purpose=purpose,
        )
        for pk, address, source_id, is_default, accepts, purpose in rows.order_by(
            F("account_id").asc(nulls_first=True), "pk"
        ).values_list("pk", "address", "account__source_id", "is_default", "accepts", "purpose")
    ]
    return narrowed(found)


def narrowed(found: list[Candidate]) -> list[Candidate]:
    """The same, without catch-alls of domains that are served here.

    There the other addresses are other people's: nobody writes from theirs or is taken for them.
    """
    domains = {_domain(one) for one in found if one.accepts == "domain"}
    if not domains:
        return found
    served = set(Domain.objects.filter(name__in=domains).values_list("name", flat=True))
    return [
        replace(one, accepts="plus") if one.accepts == "domain" and _domain(one) in served else one
        for one in found
    ]


def _domain(candidate: Candidate) -> str:
    return addresses.key(candidate.address).rpartition("@")[2]


def original_of(message: Message, mail: ParsedMail) -> Original:
    """What the rules look at of a stored message; two queries at most.

    That I sent it is certain where it lies in Sent, where the outbox knows it, or where no server
    ever took it in. From alone anybody can write.
    """
    listed = mime.list_address(mail.headers)
    is_sent = message.folder.role == FolderRole.SENT or not mail.headers.raw("received")
    if not is_sent and message.message_id:
        sent = OutboxMessage.objects.filter(user=message.user_id, message_id=message.message_id)
        is_sent = sent.exists()
    used = _last_used(message.user_id, [listed]) if "@" in listed else {}
    return Original(
        from_address=mail.sender[0].address if mail.sender else message.from_address,
        to=tuple(one.address for one in mail.to),
        cc=tuple(one.address for one in mail.cc),
        other=mime.addresses_of(mail.headers, mime.OTHERS),
        delivered=read_trace(mail.headers, mail.headers.names).delivered_to,
        source_id=message.source_id,
        folder_source_id=message.folder.source_id,
        list_identity=used.get(addresses.key(listed), ""),
        is_sent=is_sent,
    )


def _decide(user_id: int, own: Own, some: Sequence[Arrived], now: datetime) -> None:
    received = [one for one in some if one.message.folder.role not in _NOT_RECEIVED]
    lists = {one.said.list_address for one in received if "@" in one.said.list_address}
    used = _last_used(user_id, lists) if lists else {}
    rows = []
    for one in received:
        said = one.said
        choice = rules.arrived(
            own,
            Original(
                from_address=said.from_address,
                to=said.to_addresses,
                cc=said.cc_addresses,
                other=said.other_addresses,
                delivered=said.delivered_to,
                source_id=one.message.source_id,
                folder_source_id=one.message.folder.source_id,
                list_identity=used.get(addresses.key(said.list_address), "") if used else "",
            ),
        )
        rows.append((one.message.pk, int(choice.key), choice.reason.value, choice.address, now))
    columns = ("message_id", "identity_id", "reason", "address", "decided_at")
    bulk.insert(ArrivedFor, columns, rows)


def _last_used(user_id: int, lists: Iterable[str]) -> dict[str, str]:
    """The key of the identity last written to each of these lists from."""
    keys = [addresses.key(one) for one in lists]
    rows = Correspondent.objects.filter(user=user_id, address__in=keys).exclude(identity=None)
    return {address: str(pk) for address, pk in rows.values_list("address", "identity")}


def _heard(user_id: int, own: Own, some: Sequence[Arrived]) -> None:
    """Count who wrote. What is written to many or by nobody says nothing of whom one knows."""
    met: dict[str, Met] = {}
    for one in some:
        row, said = one.message, one.said
        if row.folder.role in _NOBODY_MET or row.folder.role == FolderRole.SENT:
            continue
        if said.is_bulk and "@" not in said.list_address:
            continue
        # Whether it is an address at all is looked at once for each.
        _add(met, user_id, row.from_address, row.from_name, row.sort_at)
    kept = [one for key, one in met.items() if _is_person(key) and not own.holds(key)]
    correspondents.note(kept, sent=False)


@lru_cache(maxsize=4096)
def _is_person(address: str) -> bool:
    """Whether it is an address, and one that somebody reads. The same few write all the time."""
    return bool(addresses.normal(address)) and not people.is_nobody(address)


def _written(user_id: int, own: Own, some: Sequence[Arrived]) -> None:
    """Count whom mail sent elsewhere went to; what was sent from here is counted already."""
    sent = [one for one in some if one.message.folder.role == FolderRole.SENT]
    if not sent:
        return
    ids = [one.message.message_id for one in sent if one.message.message_id]
    outbox = OutboxMessage.objects.filter(user=user_id, message_id__in=ids)
    ours = set(outbox.values_list("message_id", flat=True))
    met: dict[str, Met] = {}
    used: dict[str, str] = {}
    for one in sorted(sent, key=lambda one: one.message.sort_at):
        if one.message.message_id in ours:
            continue
        identity = next(iter(own.exactly(one.said.from_address)), None)
        if identity is None:
            continue
        for address in (*one.said.to_addresses, *one.said.cc_addresses):
            key = _add(met, user_id, address, "", one.message.sort_at)
            used[key] = identity.key
    met = {key: one for key, one in met.items() if addresses.normal(key) and not own.holds(key)}
    correspondents.note(list(met.values()), sent=True)
    for identity_key in set(used.values()):
        # An identity that was used from here is the later one, or as good.
        keys = [key for key in met if used[key] == identity_key]
        rows = Correspondent.objects.filter(user=user_id, address__in=keys, identity=None)
        rows.update(identity=int(identity_key))


def _add(met: dict[str, Met], user_id: int, address: str, name: str, at: datetime) -> str:
    key = addresses.key(address)
    # A name that looks like an address would be taken for one.
    name = "" if "@" in name else name
    before = met.get(key)
    if before is None:
        met[key] = Met(user_id, key, name, 1, at)
    else:
        newer = at >= before.last_at
        known = (name or before.name) if newer else (before.name or name)
        met[key] = Met(user_id, key, known, before.count + 1, max(at, before.last_at))
    return key
