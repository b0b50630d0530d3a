"""Listing mailboxes and how far each goes, in as few round trips as the server allows."""

import contextlib
import re
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from protocols.errors import Refused, Stage
from protocols.imap import parse, roles
from protocols.imap.channel import Channel
from protocols.imap.parse import Parts
from protocols.imap.values import MailboxStatus, RemoteMailbox

STEP = 60.0  # seconds an answer may take
LONGEST = 600.0  # and all of them: a server may look into every mailbox before it tells
PIPELINED = 20
NAME_CAP = 1000
FOLDERS_CAP = 20_000
NAMESPACE_CAP = 8_192  # bytes of the answer that are looked at
_ITEMS = b" (MESSAGES UIDNEXT UIDVALIDITY)"
_NOT_SELECTABLE = {"\\noselect", "\\nonexistent"}
# NIL, or a list of lists: ((prefix delimiter extension...)...)
_LISTS = re.compile(rb'NIL|\((?:\((?:"(?:[^"\\]|\\.)*"|[^()"]|\([^()]*\))*\))+\)', re.I)
_PREFIX = re.compile(rb'\(("(?:[^"\\]|\\.)*") (?:NIL|"[^"]*")')


def list_folders(channel: Channel, capabilities: frozenset[str]) -> list[RemoteMailbox]:
    """Every mailbox of the user's own, roles and status included where they can be had."""
    until = time.monotonic() + LONGEST
    _be_patient(channel, until)
    # Both questions travel at once; on a slow line each round trip is felt.
    spaces = channel.send(b"NAMESPACE", more=True) if "NAMESPACE" in capabilities else None
    listing = channel.send(_command(capabilities))
    foreign = _foreign(channel, spaces) if spaces else ()
    boxes: dict[bytes, RemoteMailbox] = {}
    status: dict[bytes, MailboxStatus] = {}
    for parts in _listed(channel, listing, capabilities, until):
        if _numbers(parts, status):
            continue
        box = _mailbox(parts)
        if box is not None and not box.raw_name.startswith(foreign) and len(boxes) < FOLDERS_CAP:
            boxes.setdefault(_key(box.raw_name), box)
    # A server that lists nothing, for whatever reason, has an INBOX all the same (RFC 3501 5.1).
    boxes.setdefault(b"INBOX", RemoteMailbox(b"INBOX", "INBOX", None, "inbox", True, None))
    missing = [box for key, box in boxes.items() if box.selectable and key not in status]
    status.update(_ask(channel, missing, until))
    listed = [replace(box, status=status.get(key)) for key, box in boxes.items()]
    return roles.guess(listed)


_PLAIN = b'LIST "" "*"'


def _command(capabilities: frozenset[str]) -> bytes:
    """LIST with everything at once (RFC 5819, RFC 6154), or the plain one."""
    if "LIST-STATUS" not in capabilities:
        return _PLAIN
    wanted = b"SPECIAL-USE STATUS" if "SPECIAL-USE" in capabilities else b"STATUS"
    return _PLAIN + b" RETURN (" + wanted + _ITEMS + b")"


def _be_patient(channel: Channel, until: float) -> None:
    channel.wire.limit(max(0.0, min(STEP, until - time.monotonic())), Stage.FOLDERS)


def _listed(
    channel: Channel, tag: bytes, capabilities: frozenset[str], until: float
) -> Iterator[Parts]:
    try:
        for parts in channel.collect(tag):
            _be_patient(channel, until)
            yield parts
    except Refused:
        if _command(capabilities) == _PLAIN:
            raise
        # Offered, yet refused: the plain form is always there.
        _be_patient(channel, until)
        yield from channel.collect(channel.send(_PLAIN))


def _numbers(parts: Parts, into: dict[bytes, MailboxStatus]) -> bool:
    """Whether this is a STATUS response; what it tells is kept as far as there is room."""
    told = parse.status_line(parts)
    if told is not None and len(into) < FOLDERS_CAP and len(told[0]) <= NAME_CAP:
        into[_key(told[0])] = told[1]
    return told is not None


def _mailbox(parts: Parts) -> RemoteMailbox | None:
    line = parse.list_line(parts)
    if line is None:
        return None
    attributes, delimiter, raw = line
    if not raw or len(raw) > NAME_CAP or any(byte < 32 for byte in raw):
        return None
    name = parse.readable_name(raw)
    selectable = not attributes & _NOT_SELECTABLE
    return RemoteMailbox(raw, name, delimiter, roles.said(attributes, raw), selectable, None)


def _ask(channel: Channel, boxes: list[RemoteMailbox], until: float) -> dict[bytes, MailboxStatus]:
    """STATUS of many mailboxes, several on their way at a time; ghosts answer NO and are left."""
    waiting: deque[tuple[bytes, RemoteMailbox]] = deque()
    found: dict[bytes, MailboxStatus] = {}
    for box in boxes:
        _be_patient(channel, until)
        waiting.append((channel.send(b"STATUS", box.raw_name, rest=_ITEMS, more=True), box))
        if len(waiting) >= PIPELINED:
            _answer(channel, waiting, found)
    while waiting:
        _be_patient(channel, until)
        _answer(channel, waiting, found)
    return found


def _answer(
    channel: Channel,
    waiting: deque[tuple[bytes, RemoteMailbox]],
    found: dict[bytes, MailboxStatus],
) -> None:
    tag, _ = waiting.popleft()
    try:
        for parts in channel.collect(tag):
            _numbers(parts, found)
    except Refused:
        return  # a name that is listed and does not exist is an answer, not a failure


def _foreign(channel: Channel, tag: bytes) -> tuple[bytes, ...]:
    """Prefixes of other people's and shared mailboxes (RFC 2342), which are not ours to copy."""
    found: tuple[bytes, ...] = ()
    with contextlib.suppress(Refused):
        for parts in channel.collect(tag):
            line = parse.line(parts, 0)
            if line.upper().startswith(b"* NAMESPACE "):
                found = _others(line)
    return found


def _others(line: bytes) -> tuple[bytes, ...]:
    """What is left of a NAMESPACE answer after its first list, the personal one."""
    lists = _LISTS.findall(line[len(b"* NAMESPACE ") : NAMESPACE_CAP])
    prefixes = (name[1:-1] for each in lists[1:] for name in _PREFIX.findall(each))
    return tuple(prefix for prefix in prefixes if prefix)


def _key(raw: bytes) -> bytes:
    """INBOX is the one name without regard to case (RFC 3501 5.1)."""
    return b"INBOX" if raw.upper() == b"INBOX" else raw
