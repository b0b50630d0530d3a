"""Reading FETCH responses (RFC 3501 section 7.4.2) without ever raising.

Most responses of most servers have one plain form, which a single pattern takes in; everything
else is looked at item by item, in whatever order the items come.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from itertools import pairwise

from protocols.body import Body
from protocols.imap.parse import QUOTED, Parts, line, unquote
from protocols.imap.values import RemoteMeta

MOST_BYTES = 1 << 60  # fits every database; a size is a hint only
MESSAGE_ID_CAP = 998  # the longest line RFC 5322 allows
FLAGS_CAP = 100  # of one message
# All repeats are possessive: giving up on a hostile line costs no second look at it.
_ITEM = (
    rb"(?:UID (\d{1,10}+)|RFC822\.SIZE (\d{1,19}+)|INTERNALDATE \"([^\"\r\n]{0,64}+)\""
    rb"|FLAGS \(([^()\r\n]{0,8192}+)\)|X-GM-MSGID (\d{1,20}+)|EMAILID \(([!-'*-~]{1,255}+)\))"
)
_START = rb"\* \d{1,10}+ FETCH \("
# A whole response without a literal, and one up to the literal of the body; the groups are the
# values in the order of the pattern.
PLAIN = re.compile(_START + rb"(?:" + _ITEM + rb" ?)++\)\r\n", re.I)
_WITH_BODY = re.compile(_START + rb"(?:" + _ITEM + rb" ?)++BODY\[\] \{\d{1,19}+\}\r\n", re.I)
_ANY = re.compile(rb"(?<=[ (])" + _ITEM, re.I)
_FETCH = re.compile(_START, re.I)
_SECTION = rb"BODY\[([^\]\r\n]{0,200}+)\](?:<(\d{1,19}+)>)? "
_BEFORE_LITERAL = re.compile(_SECTION + rb"~?\{\d+\}\r?\n$", re.I)
_IN_QUOTES = re.compile(_SECTION + rb"(" + QUOTED + rb")", re.I | re.S)
_INTERNAL = re.compile(
    r" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d{2}):(\d{2}):(\d{2})(?: ([+-])(\d{2})(\d{2}))?",
    re.ASCII,
)
_MESSAGE_ID = re.compile(rb"message-id:\s*+([^\r\n]*)", re.I)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
Section = tuple[bytes, int | None, Body]


def fetch_meta(parts: Parts) -> RemoteMeta | None:
    """What a FETCH response tells beside the body; None without a UID."""
    first = line(parts, 0)
    whole_form = _WITH_BODY.fullmatch(first) if len(parts) == 3 else None
    if whole_form is not None and parts[2] == b")\r\n":
        return from_groups(whole_form.groups())
    if not _FETCH.match(first):
        return None
    rest = b" ".join(part for part in parts[1:] if isinstance(part, bytes))
    found: list[bytes | None] = [None] * _ANY.groups
    for item in _ANY.finditer(_IN_QUOTES.sub(b" ", first) + b" " + rest):
        for place, value in enumerate(item.groups()):
            found[place] = value if found[place] is None else found[place]
    return from_groups(tuple(found), message_id(parts))


def from_groups(groups: tuple[bytes | None, ...], ident: bytes = b"") -> RemoteMeta | None:
    """The values of `PLAIN`; None without a UID."""
    uid, size, date, flags, gmail, email = groups
    if uid is None:
        return None
    return RemoteMeta(
        int(uid),
        None if size is None else min(int(size), MOST_BYTES),
        None if date is None else internal_date(date.decode("ascii", "replace")),
        frozenset() if flags is None else _flags(flags),
        (gmail or email or b"").decode("ascii", "replace"),
        ident,
    )


@lru_cache(maxsize=256)
def _flags(text: bytes) -> frozenset[str]:
    words = text.decode("utf-8", "replace").split()
    if len(words) > FLAGS_CAP:
        words.sort(key=lambda word: not word.startswith("\\"))  # those of the system first
    return frozenset(words[:FLAGS_CAP])


def sections(parts: Parts) -> Iterator[Section]:
    """Every BODY[section]<origin> of a FETCH response; NIL and what is absent do not appear."""
    for before, part in pairwise(parts):
        if isinstance(part, Body) and isinstance(before, bytes):
            name = _BEFORE_LITERAL.search(before, max(0, len(before) - 300))
            if name is not None:
                yield name[1].upper(), int(name[2]) if name[2] else None, part
    for text in parts:
        if isinstance(text, bytes):
            for found in _IN_QUOTES.finditer(text):
                origin = int(found[2]) if found[2] else None
                yield found[1].upper(), origin, Body.of(unquote(found[3]))


def message_id(parts: Parts) -> bytes:
    """The Message-ID in a response that carries that field of the header, else b""."""
    for name, _, body in sections(parts):
        if name.startswith(b"HEADER.FIELDS"):
            unfolded = re.sub(rb"\r?\n(?=[ \t])", b"", next(body.chunks(65_536), b""))
            found = _MESSAGE_ID.match(unfolded)
            return found[1].strip()[:MESSAGE_ID_CAP] if found else b""
    return b""


def whole(parts: Parts) -> bool:
    """Whether a FETCH response goes on and ends as one must.

    What follows a literal tells whether its announced length was right.
    """
    follow = parts[2::2]
    last = parts[-1]
    return (
        all(isinstance(each, bytes) and each[:1] in (b" ", b")") for each in follow)
        and isinstance(last, bytes)
        and last.rstrip(b"\r\n ").endswith(b")")
    )


def internal_date(text: str) -> datetime | None:
    """An INTERNALDATE as an aware time; None for NIL, 00-Jan-0000 and their like."""
    if len(text) == 26 and (month := _MONTHS.get(text[3:6].lower())):
        iso = (
            f"{text[7:11]}-{month:02}-{text[:2]}T{text[12:20]}{text[21:24]}:{text[24:]}"
            if _INTERNAL.fullmatch(text)
            else ""
        )
        try:
            return datetime.fromisoformat(iso).astimezone(UTC)
        except (ValueError, OverflowError):
            pass  # a leap second, or no date at all
    return _slowly(text)


def _slowly(text: str) -> datetime | None:
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
