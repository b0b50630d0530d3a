"""Finding messages in a mailbox by what their headers say (SEARCH, RFC 3501 section 6.4.4)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from protocols.body import Body
from protocols.errors import Refused, Stage
from protocols.imap import messages, parse, scan
from protocols.imap.arguments import uid_sets
from protocols.imap.channel import Channel
from protocols.imap.parse import Parts
from protocols.imap.values import MailboxStatus

STEP = 20.0
HEADER_CAP = 16_384  # bytes of one header that are looked at
HEADS_CAP = 1_000  # told in answer to one command
ANSWER_CAP = 1 << 20  # bytes at the end of one answer that are looked at
UIDS_CAP = 100_000
_FIELDS = b"BODY.PEEK[HEADER.FIELDS (SUBJECT FROM DATE MESSAGE-ID)]"
# Asked one by one: an OR of them with a literal in each is more than some servers can read.
_KEYS = (b"SUBJECT", b"FROM", b"HEADER Message-ID")
_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_SEARCH = re.compile(rb"\* SEARCH((?: +\d{1,10}+)*+) *\r?\n", re.I)


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for: text in the subject, the sender or the Message-ID, and when it arrived.

    `since` and `before` are days by the server's own clock, the second one not included.
    """

    text: str = ""
    since: date | None = None
    before: date | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """A message and some fields of its header, as they are there."""

    uid: int
    size: int | None
    internal_at: datetime | None
    header: bytes


def look(channel: Channel, raw_name: bytes, sought: Sought) -> tuple[MailboxStatus, list[int]]:
    """Open a mailbox read-only and look there; its numbers and the UIDs found, newest first.

    Raises `Refused` where it does not open or knows none of the questions.
    """
    channel.wire.limit(STEP, Stage.FETCH)
    status = scan.opened(channel, channel.send(b"EXAMINE", raw_name))
    if not status.messages:
        return status, []
    found: set[int] = set()
    refusal: Refused | None = None
    tags = _ask(channel, sought)
    refused = 0
    for tag in tags:
        try:
            for parts in channel.collect(tag):
                if len(found) < UIDS_CAP:
                    found.update(_numbers(parts))
        except Refused as error:
            refusal, refused = error, refused + 1
    if refusal is not None and refused == len(tags):
        raise refusal
    return status, sorted(found, reverse=True)[:UIDS_CAP]


def heads(channel: Channel, uids: Sequence[int]) -> list[Head]:
    """Some header fields of messages in the open mailbox, newest first; raises `Refused`."""
    found: dict[int, Head] = {}
    for text, _ in uid_sets(uids):
        found |= _read(channel, b"UID FETCH %b (UID RFC822.SIZE INTERNALDATE %b)" % (text, _FIELDS))
    return [found[uid] for uid in sorted(found.keys() & set(uids), reverse=True)]


def newest(channel: Channel, raw_name: bytes, most: int) -> tuple[MailboxStatus, list[Head]]:
    """Open a mailbox read-only and read its last messages, newest first; raises `Refused`.

    For servers that cannot search, or not for these letters.
    """
    channel.wire.limit(STEP, Stage.FETCH)
    status = scan.opened(channel, channel.send(b"EXAMINE", raw_name))
    if not status.messages:
        return status, []
    places = max(1, status.messages - most + 1), status.messages
    found = _read(channel, b"FETCH %d:%d (UID RFC822.SIZE INTERNALDATE %b)" % (*places, _FIELDS))
    return status, [found[uid] for uid in sorted(found, reverse=True)[:most]]


def _read(channel: Channel, command: bytes) -> dict[int, Head]:
    """The heads told in answer to a command; no more than anybody asks for at once."""
    channel.wire.limit(STEP, Stage.FETCH)
    found: dict[int, Head] = {}
    for parts in channel.collect(channel.send(command)):
        head = _head(parts) if len(found) < HEADS_CAP else None
        if head is not None:
            found[head.uid] = head
    return found


def _ask(channel: Channel, sought: Sought) -> list[bytes]:
    """Send the questions; their tags."""
    text = sought.text.encode()
    command = b"UID SEARCH" + (b"" if text.isascii() else b" CHARSET UTF-8")
    for key, day in ((b"SINCE", sought.since), (b"BEFORE", sought.before)):
        command += b" %b %b" % (key, _day(day)) if day else b""
    if not text:
        return [channel.send(command)]
    return [channel.send(command + b" " + key, text) for key in _KEYS]


def _day(day: date) -> bytes:
    return b"%d-%b-%04d" % (day.day, _MONTHS[day.month - 1], day.year)


def _numbers(parts: Parts) -> list[int]:
    found = _SEARCH.fullmatch(parse.line(parts, 0))
    told = found[1] if found else b""
    if len(told) > ANSWER_CAP:
        # The newest come last; the first number may be cut.
        told = told[-ANSWER_CAP:].partition(b" ")[2]
    return [number for number in map(int, told.split()) if 0 < number < 1 << 32]


def _head(parts: Parts) -> Head | None:
    meta = messages.fetch_meta(parts)
    if meta is None:
        return None
    header = b""
    for name, _, body in messages.sections(parts):
        if name.startswith(b"HEADER.FIELDS"):
            header = _start(body)
    return Head(meta.uid, meta.size, meta.internal_at, header)


def _start(body: Body) -> bytes:
    return next(body.chunks(HEADER_CAP), b"")
