"""Reading what IMAP servers send (RFC 3501), by regular expression and without ever raising.

One malformed line must cost at most itself, so every function answers None for what it cannot
read.  IMAPClient's own parser reads character by character and loses a whole answer to one line.
"""

import re
from collections.abc import Sequence

from imapclient.imap_utf7 import decode as decode_utf7
from imapclient.imap_utf7 import encode as encode_utf7

from protocols.body import Body
from protocols.imap.values import MailboxStatus

MOST_MESSAGES = (1 << 31) - 1
# A response as it came: lines, with the literals between them.
Parts = Sequence[bytes | Body]

# Possessive: what a hostile server sends must cost neither time nor memory to give up on.
QUOTED = rb'"(?:[^"\\]++|\\.)*+"'
_LIST = re.compile(rb"\* (?:LIST|XLIST) \(([^)]*)\) +(NIL|" + QUOTED + rb") +(.*)", re.I | re.S)
_STATUS = re.compile(rb"\* STATUS +(.*)", re.I | re.S)
_NAME = re.compile(rb"(" + QUOTED + rb")|(\{\d+\+?\}\r?\n?)|([^\s(]+)", re.S)
_NUMBERS = re.compile(rb"(MESSAGES|UIDNEXT|UIDVALIDITY) +(\d{1,20})", re.I)
# With those that turn the direction of text: a name must not change what stands beside it.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def sane(number: int) -> int:
    """A number of 32 bits as IMAP has them (RFC 3501 section 9), else 0: not told."""
    return number if number < 1 << 32 else 0


def list_line(parts: Parts) -> tuple[frozenset[str], str | None, bytes] | None:
    """Attributes in lower case, delimiter and raw name of one LIST response."""
    match = _LIST.match(line(parts, 0))
    if match is None:
        return None
    name = _mailbox(match[3], parts)
    if name is None:
        return None
    attributes = frozenset(match[1].decode("ascii", "replace").lower().split())
    delimiter = "" if match[2].upper() == b"NIL" else unquote(match[2]).decode("latin-1")
    # It is kept in the database, which takes no NUL.
    return attributes, delimiter if delimiter and delimiter.isprintable() else None, name[0]


def status_line(parts: Parts) -> tuple[bytes, MailboxStatus] | None:
    """Raw name and numbers of one STATUS response."""
    match = _STATUS.match(line(parts, 0))
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
        return unquote(match[1]), text[match.end() :]
    if match[2] is None:
        return match[3], text[match.end() :]
    literal = parts[1] if len(parts) > 1 else None
    return (literal.read(), line(parts, 2)) if isinstance(literal, Body) else None


def line(parts: Parts, index: int) -> bytes:
    """The text at this place of a response; empty where it has none, or a literal."""
    part = parts[index] if index < len(parts) else b""
    return part if isinstance(part, bytes) else b""


def unquote(quoted: bytes) -> bytes:
    """What a quoted string stands for (RFC 3501 section 4.3)."""
    return re.sub(rb"\\(.)", rb"\1", quoted[1:-1], flags=re.S)


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
