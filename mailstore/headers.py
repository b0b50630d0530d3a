"""Header fields of a message (RFC 5322 section 2.2, RFC 2047): capped, linear, never raising."""

import re
from base64 import b64decode
from binascii import Error as BadBase64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from quopri import decodestring

from mailstore.text import decode

MAX_BLOCK = 256 * 1024
MAX_FIELD = 16 * 1024
MAX_FIELDS = 1000
MAX_PRELUDE = 64

_END = re.compile(rb"\r?\n\r?\n|\A\r?\n")
_WORD = re.compile(rb"=\?([!-<>-~]{1,60}?)\?([bBqQ])\?([^?]*)\?=")
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([!-~]{1,60}?)(?:[\s\"';]|\Z)", re.IGNORECASE)
_GAP = re.compile(rb"[ \t\r\n]*")
# Dates as nearly everybody writes them; what may follow the zone is a comment.
_DATE = re.compile(
    rb"(?:[A-Za-z]{3}, +)?(\d{1,2}) +([A-Za-z]{3}) +((?:19|20|21)\d\d)"
    rb" +(\d\d):(\d\d)(?::(\d\d))? +([+-])([01]\d)([0-5]\d)(?= |\Z)"
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        b"jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1
    )
}


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields in their order, names in lower case, values unfolded but not decoded."""

    fields: tuple[tuple[str, bytes], ...]
    truncated: bool = False
    # What the message declares for its text; it may hold for raw fields as well.
    charset: str = ""

    @property
    def names(self) -> frozenset[str]:
        """The names there are; put them aside, they are looked for anew every time."""
        return frozenset(key for key, _value in self.fields)

    def all(self, name: str) -> list[bytes]:
        """Every raw value of a field."""
        return [value for key, value in self.fields if key == name]

    def raw(self, name: str) -> bytes:
        """The first raw value of a field, or nothing."""
        for key, value in self.fields:
            if key == name:
                return value
        return b""

    def text(self, name: str) -> str:
        """The first value of a field, decoded."""
        return words(self.raw(name), self.charset)


def offset(message: bytes) -> int:
    """Where the header begins: some put blank lines or an mbox "From " line before it."""
    start = 0
    while start < MAX_PRELUDE and message[start : start + 1] in (b"\n", b"\r"):
        start += 1
    if message.startswith((b"From ", b">From "), start):
        start = message.find(b"\n", start, start + MAX_FIELD) + 1 or start
    return start


def parse(message: bytes, only: frozenset[bytes] | None = None) -> Headers:
    """The header fields at the beginning of a message; lines that are no fields are skipped.

    With `only`, names in lower case, the others are left out, which is quicker.
    """
    start = offset(message)
    head = message[start : start + MAX_BLOCK + 4]
    end = _END.search(head)
    block = head[: end.start()] if end else head[:MAX_BLOCK]
    fields: list[tuple[str, bytes]] = []
    charset: str | None = None
    seen = 0
    for line in _unfolded(block).split(b"\n"):
        name, colon, value = line.partition(b":")
        key = name.rstrip()
        if not colon or not name or b" " in key or len(name) > 200:
            continue
        if seen >= MAX_FIELDS:
            return Headers(tuple(fields), truncated=True, charset=charset or "")
        seen += 1
        key = key.lower()
        if only is not None and key not in only:
            continue
        value = value[: MAX_FIELD + 2].strip()[:MAX_FIELD]
        if charset is None and key == b"content-type":
            charset = _declared(value)
        fields.append((key.decode("latin-1"), value))
    truncated = end is None and len(message) > MAX_BLOCK
    return Headers(tuple(fields), truncated, charset or "")


def _unfolded(block: bytes) -> bytes:
    """A header block with every field on one line (RFC 5322 section 2.2.3); it has no empty line,
    so that no line end comes to stand before a blank that was not there."""
    if b"\n " not in block and b"\n\t" not in block:
        return block
    block = block.replace(b"\r\n ", b" ").replace(b"\r\n\t", b"\t")
    return block.replace(b"\n ", b" ").replace(b"\n\t", b"\t")


def _declared(content_type: bytes) -> str:
    found = _CHARSET.search(content_type)
    return found[1].decode("ascii") if found else ""


def body_start(message: bytes) -> int:
    """Where the body begins; the whole length if there is none."""
    end = _END.search(message, 0, MAX_BLOCK + 4)
    return end.end() if end else len(message)


def words(value: bytes, charset: str = "") -> str:
    """A field value as text: encoded words (RFC 2047) decoded, other 8-bit as UTF-8.

    What is not UTF-8 is read in `charset`, the one of the message's own text, or as Windows-1252.
    """
    if b"=?" not in value:
        if value.isascii() and b"\x1b" not in value and b"~{" not in value:
            return value.decode("ascii")
        return _eight_bit(value, charset)
    out: list[str] = []
    held, current, at = b"", "", 0
    for found in _WORD.finditer(value):
        # A language may follow the charset (RFC 2231 section 5).
        label = found[1].decode("ascii").partition("*")[0]
        between = value[at : found.start()]
        adjacent = at > 0 and _GAP.fullmatch(between)
        if not adjacent or label.lower() != current:
            # Words that are split inside a character are joined before decoding.
            out.append(decode(held, current) if held else "")
            out.append("" if adjacent else _eight_bit(between, charset))
            held, current = b"", label.lower()
        held += _unpack(found[2], found[3])
        at = found.end()
    out.append(decode(held, current) if held else "")
    out.append(_eight_bit(value[at:], charset))
    return "".join(out)


def _eight_bit(value: bytes, charset: str) -> str:
    if charset and not value.isascii():
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return decode(value, charset)
    return decode(value)


def _unpack(encoding: bytes, data: bytes) -> bytes:
    if encoding in b"qQ":
        return decodestring(data.replace(b" ", b"_"), header=True)
    try:
        return b64decode(data + b"=" * (-len(data) % 4))
    except (BadBase64, ValueError):
        return data


def date(value: bytes) -> datetime | None:
    """A date field (RFC 5322 section 3.3) in UTC, or None where it cannot be read."""
    value = value[:100]
    try:
        found = _common_date(value) or parsedate_to_datetime(value.decode("latin-1"))
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        found = found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if 1900 <= found.year <= 2200 else None


def _common_date(value: bytes) -> datetime | None:
    """The date where it is written as it should be; the library is ten times slower."""
    found = _DATE.match(value)
    month = _MONTHS.get(found[2].lower()) if found else None
    if found is None or month is None:
        return None
    day, year, hour, minute = int(found[1]), int(found[3]), int(found[4]), int(found[5])
    local = datetime(year, month, day, hour, minute, int(found[6] or 0), tzinfo=UTC)
    ahead = timedelta(hours=int(found[8]), minutes=int(found[9]))
    return local + ahead if found[7] == b"-" else local - ahead
