"""The Date field of a message. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import format_datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# As a whole, with the lines it is folded into.
_DATE = re.compile(rb"(?im)^Date:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*")
_END = b"\r\n\r\n"


def zone(name: str) -> ZoneInfo:
    """A person's time zone; UTC where the name is not known (any more)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def field(date: datetime) -> str:
    """The Date field of RFC 5322 section 3.3, without its line end."""
    return f"Date: {format_datetime(date)}"


def redated(pieces: Iterable[bytes], date: datetime) -> Iterator[bytes]:
    """A message of ours with another Date; every other byte is as it was.

    Only the header is looked into, and only as much of the message held as it takes to find its
    end.
    """
    pieces = iter(pieces)
    head = b""
    for piece in pieces:
        head += piece
        if _END in head:
            break
    fields, end, rest = head.partition(_END)
    line = f"{field(date)}\r\n".encode()
    # A lambda, because a replacement's backslashes would mean something.
    yield _DATE.sub(lambda _: line, fields + b"\r\n", count=1) + end[2:] + rest
    yield from pieces
