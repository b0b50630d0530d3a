"""Answers that do not name what they answer, known by their subject and their people.

Some programs answer without References and In-Reply-To. Such a message belongs with earlier mail
of the same subject, of thirty days, where each of the two writers is among the people of the
other's message; never with what was written to many. Addresses count, not names, and only whole
subjects that say something: "Re: hi" of a stranger belongs to nothing. Where the answer is filed
before what it answers, a mark of its subject (`marks`) lets that find it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from mailstore import mime, related, resubject
from mailstore.models import Message
from mailstore.services import blobs

WITHIN: Final = timedelta(days=30)
#: Earlier or later mail of one subject that is looked into.
MAX_CANDIDATES: Final = 20


@dataclass(frozen=True, slots=True)
class _People:
    writer: str
    everyone: frozenset[str]


def names_nothing(row: Message) -> bool:
    """Whether a message answers without saying what."""
    if not resubject.is_reply(row.subject) or related.named(row.in_reply_to, row.references):
        return False
    return resubject.tells(resubject.base(row.subject))


def own_mark(row: Message) -> bytes:
    """What tells that there is such an answer: its subject and the month it came in."""
    return _mark(resubject.base(row.subject), _month(row.sort_at))


def marks(row: Message) -> tuple[bytes, ...]:
    """The marks an answer to `row` would have."""
    subject = resubject.base(row.subject)
    if not resubject.tells(subject):
        return ()
    month = _month(row.sort_at)
    return _mark(subject, month), _mark(subject, month + 1)


def _month(moment: datetime) -> int:
    return int(moment.timestamp() // WITHIN.total_seconds())


def _mark(subject: str, month: int) -> bytes:
    # No Message-ID holds a blank, so that none is taken for a mark.
    return sha256(f"subject {month} {subject}".encode()).digest()[: related.DIGEST]


def find(rows: Sequence[Message], marked: Collection[int]) -> dict[int, set[int]]:
    """For places in `rows` the messages that belong with them by subject.

    Rows that answer without saying what look back, rows at the places `marked` look ahead. Reads
    the bytes of what may fit; call it outside any transaction.
    """
    found: dict[int, set[int]] = defaultdict(set)
    for place, row in enumerate(rows):
        if names_nothing(row):
            found[place] |= _fitting(row, row.sort_at - WITHIN, row.sort_at)
        if place in marked:
            found[place] |= _fitting(row, row.sort_at, row.sort_at + WITHIN, answers=True)
    return {place: mates for place, mates in found.items() if mates}


def _fitting(row: Message, since: datetime, until: datetime, *, answers: bool = False) -> set[int]:
    subject = resubject.base(row.subject)
    # The database knows no marks of replies; it only leaves less to look at.
    likely = Message.objects.filter(
        user=row.user_id,
        sort_at__range=(since, until),
        subject__icontains=resubject.rest(row.subject),
    )
    likely = likely.exclude(pk=row.pk).select_related("blob__segment")
    candidates = likely.order_by("-sort_at", "-id")[:MAX_CANDIDATES]
    fitting = [
        one
        for one in candidates
        if resubject.base(one.subject) == subject and (not answers or names_nothing(one))
    ]
    mine = _people(row) if fitting else None
    if mine is None:
        return set()
    return {one.pk for one in fitting if _are_among(mine, _people(one))}


def _are_among(one: _People, other: _People | None) -> bool:
    return other is not None and one.writer in other.everyone and other.writer in one.everyone


def _people(row: Message) -> _People | None:
    """Who wrote a message and to whom; None for what was written to many, or by nobody."""
    try:
        said = mime.summary(next(blobs.stream(row.blob), b""))
    except blobs.BlobUnreadable:
        return None
    writer = said.from_address.casefold()
    if said.is_bulk or said.list_address or not writer:
        return None
    others = _folded([*said.to_addresses, *said.cc_addresses])
    return _People(writer, frozenset({writer, *others}))


def _folded(addresses: Iterable[str]) -> set[str]:
    return {one.casefold() for one in addresses}
