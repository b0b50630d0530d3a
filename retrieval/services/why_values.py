"""What a search for a message on the other server works with, and what it hands out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from mailstore import headers
from protocols.address import AddressPolicy
from protocols.imap.search import Sought
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login
from retrieval.verdicts import Verdict

MOST = 60
SHOWN_CAP = 300  # characters of a header field that are shown


@dataclass(frozen=True, slots=True)
class Item:
    """One message: what is known of its header, where it lies there, and its verdict."""

    subject: str
    sender: str
    at: datetime | None
    size: int | None
    place: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Tools:
    """The way to the server; `total` bounds everything that is done there."""

    endpoint: Endpoint
    login: Login = field(repr=False)
    policy: AddressPolicy
    trust: Trust
    total: Deadline
    now: datetime


@dataclass(slots=True)
class Progress:
    """How far a search got; it is kept where the connection breaks."""

    items: list[Item] = field(default_factory=list)
    more: bool = False
    looked: int = 0
    total: int = 0
    skipped: int = 0

    @property
    def room(self) -> int:
        """How many more messages can be shown."""
        return MOST - len(self.items)


@dataclass(frozen=True, slots=True)
class Fields:
    """A header, decoded and cut to what a list shows."""

    subject: str
    sender: str
    message_id: str
    at: datetime | None


def fields_of(header: bytes) -> Fields:
    """The fields of a header; empty where they are missing or cannot be read."""
    found = headers.parse(header)
    return Fields(
        found.text("subject")[:SHOWN_CAP],
        found.text("from")[:SHOWN_CAP],
        found.text("message-id")[:SHOWN_CAP],
        headers.date(found.raw("date")),
    )


def matches(shown: Fields, wanted: Sought, *, arrived: datetime | None = None) -> bool:
    """Whether a header is what is looked for, as a server's search would have it."""
    text = wanted.text.casefold()
    if not any(text in part.casefold() for part in (shown.subject, shown.sender, shown.message_id)):
        return False
    if wanted.since is None or wanted.before is None:
        return True
    at = arrived or shown.at
    return at is not None and wanted.since <= at.date() < wanted.before
