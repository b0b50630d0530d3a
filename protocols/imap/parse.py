"""Reading what IMAP servers send (RFC 3501), by regular expression and without ever raising.

One malformed line must cost at most itself, so every function answers None for what it cannot
read.  IMAPClient's own parser reads character by character and loses a whole answer to one line.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

from imapclient.imap_utf7 import decode as decode_utf7
from imapclient.imap_utf7 import encode as encode_utf7

from protocols.body import Body
from protocols.imap.values import MailboxStatus, RemoteMeta

MOST_MESSAGES = (1 << 31) - 1
MOST_BYTES = 1 << 60  # fits every database; a size is a hint only
# A response as it came: lines, with the literals between them.
Parts = Sequence[bytes | Body]

_QUOTED = rb'"(?:[^"\\]|\\.)*"'
_LIST = re.compile(rb"\* (?:LIST|XLIST) \(([^)]*)\) +(NIL|" + _QUOTED + rb") +(.*)", re.I | re.S)
_STATUS = re.compile(rb"\* STATUS +(.*)", re.I | re.S)
_NAME = re.compile(rb"(" + _QUOTED + rb")|(\{\d+\+?\}\r?\n?)|([^\s(]+)", re.S)
_NUMBERS = re.compile(rb"(MESSAGES|UIDNEXT|UIDVALIDITY) +(\d{1,20})", re.I)
_FETCH = re.compile(rb"\* (\d{1,10}) FETCH \(", re.I)
_BODY_QUOTED = re.compile(rb"BODY\[\] (" + _QUOTED + rb")", re.I | re.S)
_BODY_LITERAL = re.compile(rb"BODY\[\] ~?\{\d+\}\r?\n$", re.I)
_UID = re.compile(rb"[ (]UID (\d{1,10})", re.I)
_SIZE = re.compile(rb"[ (]RFC822\.SIZE (\d{1,19})", re.I)
_FLAGS = re.compile(rb"[ (]FLAGS \(([^)]*)\)", re.I)
_DATE = re.compile(rb'[ (]INTERNALDATE "([^"]*)"', re.I)
_SERVER_ID = re.compile(rb"[ (](?:X-GM-MSGID (\d{1,20})|EMAILID \(([^()\s]{1,255})\))", re.I)
_INTERNAL = re.compile(
    r" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d{2}):(\d{2}):(\d{2})(?: ([+-])(\d{2})(\d{2}))?"
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def sane(number: int) -> int:
    """A number of 32 bits as IMAP has them (RFC 3501 section 9), else 0: not told."""
    return number if number < 1 << 32 else 0


def list_line(parts: Parts) -> tuple[frozenset[str], str | None, bytes] | None:
    """Attributes in lower case, delimiter and raw name of one LIST response."""
    match = _LIST.match(_line(parts, 0))
    if match is None:
        return None
    name = _mailbox(match[3], parts)
    if name is None:
        return None
    attributes = frozenset(match[1].decode("ascii", "replace").lower().split())
    delimiter = None if match[2].upper() == b"NIL" else _unquote(match[2]).decode("latin-1")
    return attributes, delimiter or None, name[0]


def status_line(parts: Parts) -> tuple[bytes, MailboxStatus] | None:
    """Raw name and numbers of one STATUS response."""
    match = _STATUS.match(_line(parts, 0))
    name = _mailbox(match[1], parts) if match else None
    if name is None:
        return None
    numbers = {key.upper(): int(value) for key, value in _NUMBERS.findall(name[1])}
    if not numbers:
        return None
    return name[0], MailboxStatus(
        sane(numbers.get(b"UIDVALIDITY", 0)),
        sane(numbers.get(b"UIDNEXT", 0)),
        min(numbers.get(b"MESSAGES", 0), MOST_MESSAGES),
    )


def _mailbox(text: bytes, parts: Parts) -> tuple[bytes, bytes] | None:
    """The name at the start of `text`, and the text after it."""
    match = _NAME.match(text)
    if match is None:
        return None
    if match[1] is not None:
        return _unquote(match[1]), text[match.end() :]
    if match[2] is None:
        return match[3], text[match.end() :]
    literal = parts[1] if len(parts) > 1 else None
    return (literal.read(), _line(parts, 2)) if isinstance(literal, Body) else None


def fetch_meta(parts: Parts) -> RemoteMeta | None:
    """What a FETCH response tells beside the body; None without a UID."""
    text = _attributes(parts)
    uid = _UID.search(text) if text else None
    if text is None or uid is None:
        return None
    size, flags, date = _SIZE.search(text), _FLAGS.search(text), _DATE.search(text)
    ident = _SERVER_ID.search(text)
    return RemoteMeta(
        uid=int(uid[1]),
        size=min(int(size[1]), MOST_BYTES) if size else None,
        internal_at=internal_date(date[1].decode("ascii", "replace")) if date else None,
        flags=frozenset(flags[1].decode("utf-8", "replace").split()) if flags else frozenset(),
        server_id=(ident[1] or ident[2]).decode("ascii", "replace") if ident else "",
    )


def fetch_body(parts: Parts) -> Body | None:
    """The BODY[] of a FETCH response; None for NIL, for none, and for an empty one."""
    for before, part in pairwise(parts):
        if isinstance(part, Body) and isinstance(before, bytes) and _BODY_LITERAL.search(before):
            return part if part.size else None
    match = _BODY_QUOTED.search(_line(parts, 0))
    text = _unquote(match[1]) if match else b""
    return Body.of(text) if text else None


def whole(parts: Parts) -> bool:
    """Whether a FETCH response ends as one must: what a wrong literal length breaks first."""
    last = parts[-1]
    return isinstance(last, bytes) and last.rstrip(b"\r\n ").endswith(b")")


def _attributes(parts: Parts) -> bytes | None:
    """The text of a FETCH response with everything quoted or literal in its body left out."""
    first = _line(parts, 0)
    if not _FETCH.match(first):
        return None
    rest = b" ".join(part for part in parts[1:] if isinstance(part, bytes))
    return _BODY_QUOTED.sub(b"", first) + b" " + rest


def _line(parts: Parts, index: int) -> bytes:
    part = parts[index] if index < len(parts) else b""
    return part if isinstance(part, bytes) else b""


def _unquote(quoted: bytes) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", quoted[1:-1], flags=re.S)


def internal_date(text: str) -> datetime | None:
    """An INTERNALDATE as an aware time; None for NIL, 00-Jan-0000 and their like."""
    match = _INTERNAL.fullmatch(text.strip())
    if match is None:
        return None
    day, month, year, hour, minute, second = match.groups()[:6]
    offset = timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0))
    try:
        return datetime(
            int(year),
            _MONTHS[month.lower()],
            int(day),
            int(hour),
            int(minute),
            min(int(second), 59),  # leap seconds exist
            tzinfo=timezone(-offset if match[7] == "-" else offset),
        ).astimezone(UTC)
    except (ValueError, KeyError, OverflowError):
        return None


def readable_name(raw: bytes) -> str:
    """A mailbox name for people: modified UTF-7, else UTF-8, what is broken replaced."""
    try:
        text: str = raw.decode() if max(raw, default=0) > 127 else decode_utf7(raw)
        text.encode()  # half a surrogate pair fails here
    except (ValueError, IndexError):
        text = raw.decode("utf-8", "replace") if max(raw, default=0) > 127 else raw.decode("ascii")
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def wire_name(name: str) -> bytes:
    """A mailbox name as it travels: modified UTF-7 (RFC 3501 5.1.3)."""
    return bytes(encode_utf7(name))
