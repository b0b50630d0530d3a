"""How much lies in an account, and how much may: what a check tells beside the counts."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocols.errors import Refused, Stage
from protocols.imap import parse
from protocols.imap.channel import Channel
from protocols.imap.parse import Parts
from protocols.imap.values import RemoteMailbox

PATIENCE = 3.0  # seconds for all of it: nobody waits for this
BOXES_CAP = 500
# Above that asking every message for its size is no longer cheap.
MESSAGES_CAP, EXAMINED_CAP = 2_000, 20
_SIZE = re.compile(rb"\* STATUS .*\bSIZE +(\d{1,19})", re.I | re.S)
_ONE = re.compile(rb"\bRFC822\.SIZE +(\d{1,19})", re.I)
# RFC 9208 section 4.2.1: in units of 1,024 octets.
_QUOTA = re.compile(rb"\* QUOTA .*\bSTORAGE +(\d{1,16}) +(\d{1,16})", re.I | re.S)


@dataclass(frozen=True, slots=True)
class Extent:
    """Bytes in all mailboxes, and of the quota used and allowed; None where nobody told."""

    size: int | None = None
    used: int | None = None
    limit: int | None = None


def extent(
    channel: Channel, capabilities: frozenset[str], boxes: Sequence[RemoteMailbox]
) -> Extent:
    """Ask in as few commands as the server allows, within `PATIENCE` seconds.

    Raises a `MailServerError` where that was not enough; the connection is closed then.
    """
    channel.wire.limit(PATIENCE, Stage.FOLDERS)
    filled = [box for box in boxes if box.selectable and (box.status is None or _count(box))]
    used, limit = _quota(channel) if _knows_quota(capabilities) else (None, None)
    return Extent(_size(channel, capabilities, filled), used, limit)


def _count(box: RemoteMailbox) -> int:
    return box.status.messages if box.status else 0


def _knows_quota(capabilities: Iterable[str]) -> bool:
    return any(each == "QUOTA" or each.startswith("QUOTA=RES-STORAGE") for each in capabilities)


def _quota(channel: Channel) -> tuple[int | None, int | None]:
    try:
        answers = channel.run(b"GETQUOTAROOT", b"INBOX")
    except Refused:
        return None, None
    for parts in answers:
        found = _QUOTA.match(parse.line(parts, 0))
        if found is not None and int(found[2]):
            return int(found[1]) * 1024, int(found[2]) * 1024
    return None, None


def _size(
    channel: Channel, capabilities: frozenset[str], boxes: Sequence[RemoteMailbox]
) -> int | None:
    if "STATUS=SIZE" in capabilities and len(boxes) <= BOXES_CAP:
        return _told(channel, boxes)
    if len(boxes) <= EXAMINED_CAP and sum(map(_count, boxes)) <= MESSAGES_CAP:
        return _added_up(channel, boxes)
    return None


def _told(channel: Channel, boxes: Sequence[RemoteMailbox]) -> int | None:
    """By STATUS=SIZE (RFC 8438), all questions on their way at once."""
    tags = [
        channel.send(b"STATUS", box.raw_name, rest=b" (SIZE)", more=index + 1 < len(boxes))
        for index, box in enumerate(boxes)
    ]
    sizes: list[int] = []
    for tag in tags:
        try:
            sizes += _numbers(_SIZE, channel.collect(tag))
        except Refused:
            continue  # a name that is listed and does not exist
    return sum(sizes) if len(sizes) == len(boxes) else None


def _added_up(channel: Channel, boxes: Sequence[RemoteMailbox]) -> int | None:
    total = 0
    try:
        for box in boxes:
            channel.run(b"EXAMINE", box.raw_name)
            if _count(box):  # some servers answer BAD in an empty mailbox
                total += sum(_numbers(_ONE, channel.run(b"FETCH 1:* (RFC822.SIZE)")))
    except Refused:
        return None
    return total


def _numbers(pattern: re.Pattern[bytes], answers: Iterable[Parts]) -> list[int]:
    # What comes after a name that was sent as a literal stands in the third part.
    texts = (parse.line(parts, 0) + parse.line(parts, 2) for parts in answers)
    found = map(pattern.search, texts)
    return [int(match[1]) for match in found if match is not None]
