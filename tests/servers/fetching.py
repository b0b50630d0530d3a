"""Mailboxes in memory and the FETCH responses about them (RFC 3501 section 7.4.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self

_COMMAND = re.compile(r"(UID )?FETCH ([\d:,*]+) \(?(.*?)\)?$", re.I | re.S)
_BODY = re.compile(r"BODY(?:\.PEEK)?\[([^\]]*)\](?:<(\d+)\.(\d+)>)?", re.I)
DATE = "16-Nov-2026 09:00:00 +0000"


@dataclass
class Box:
    """A mailbox: messages by UID; ``uidnext`` None follows the messages, 0 is never told."""

    messages: dict[int, bytes] = field(default_factory=dict)
    uidvalidity: int = 7
    uidnext: int | None = None
    attributes: str = ""
    flags: str = ""
    delimiter: str = '"/"'
    ids: dict[int, str] = field(default_factory=dict)  # X-GM-MSGID or EMAILID
    dates: dict[int, str] = field(default_factory=dict)  # INTERNALDATE
    sizes: dict[int, int] = field(default_factory=dict)  # RFC822.SIZE where it is a lie
    highest: int = 0  # of all UIDs ever given out

    @property
    def next(self) -> int:
        self.highest = max(self.highest, max(self.messages, default=0))
        return self.highest + 1 if self.uidnext is None else self.uidnext


@dataclass(frozen=True)
class Asked:
    """A FETCH command: which messages, which items."""

    by_uid: bool
    set: str
    items: str

    @classmethod
    def read(cls, text: str) -> Self:
        found = _COMMAND.match(text)
        return cls(bool(found[1]), found[2], found[3]) if found else cls(False, "", "")

    @property
    def form(self) -> str:
        """How a body is asked for: whole, pieces, halves; "" where none is."""
        for section, start, _size in _BODY.findall(self.items):
            if section.upper().startswith("HEADER.FIELDS"):
                continue
            return "pieces" if start else "halves" if section else "whole"
        return ""

    def uids(self, box: Box) -> list[int]:
        """UIDs of the messages meant, rising; `*` is the last one, also in `n:*`."""
        uids = sorted(box.messages)
        numbers = uids if self.by_uid else list(range(1, len(uids) + 1))
        last = numbers[-1] if numbers else 0
        meant: set[int] = set()
        for piece in filter(None, self.set.split(",")):
            ends = [last if end == "*" else int(end) for end in piece.split(":")]
            low, high = min(ends), max(ends)
            meant.update(n for n in numbers if low <= n <= high)
        return [uid for uid, number in zip(uids, numbers, strict=True) if number in meant]


def response(box: Box, uid: int, asked: Asked, *, place: int, withheld: bool) -> bytes:
    """One untagged FETCH with the items asked for, bodies last."""
    raw, items = box.messages[uid], asked.items.upper()
    words = [f"UID {uid}"]
    if "RFC822.SIZE" in items:
        words.append(f"RFC822.SIZE {box.sizes.get(uid, len(raw))}")
    if "INTERNALDATE" in items:
        words.append(f'INTERNALDATE "{box.dates.get(uid, DATE)}"')
    if "FLAGS" in items:
        words.append(f"FLAGS ({box.flags})")
    if uid in box.ids:
        if "X-GM-MSGID" in items:
            words.append(f"X-GM-MSGID {box.ids[uid]}")
        if "EMAILID" in items:
            words.append(f"EMAILID ({box.ids[uid]})")
    text = " ".join(words).encode()
    for section, start, size in _BODY.findall(asked.items):
        text += b" " + _literal(raw, section, start, size, withheld=withheld)
    return b"* %d FETCH (" % place + text + b")\r\n"


def _literal(raw: bytes, section: str, start: str, size: str, *, withheld: bool) -> bytes:
    name = f"BODY[{section}]" + (f"<{start}>" if start else "")
    if withheld and not section.upper().startswith("HEADER.FIELDS"):
        return name.encode() + b" NIL"
    data = part(raw, section)
    if start:
        data = data[int(start) : int(start) + int(size)]
    return f"{name} {{{len(data)}}}\r\n".encode() + data


def misstate(answer: bytes, wrong: int) -> bytes:
    """A response whose last literal says it is so many bytes longer than it is."""
    *_, found = re.finditer(rb"\] \{(\d+)\}\r\n|> \{(\d+)\}\r\n", answer)
    length = int(found[1] or found[2]) + wrong
    return answer[: found.start() + 2] + b"{%d}\r\n" % length + answer[found.end() :]


def part(raw: bytes, section: str) -> bytes:
    """A section of a message: all, header, text or some header fields."""
    head, blank, body = raw.partition(b"\r\n\r\n")
    match section.upper().split(" ")[0]:
        case "":
            return raw
        case "HEADER":
            return head + blank
        case "TEXT":
            return body
    wanted = {name.upper().encode() for name in section.partition("(")[2].rstrip(")").split()}
    fields = re.findall(rb"(?m)^[^\r\n]+(?:\r\n[ \t][^\r\n]*)*", head)
    kept = [each for each in fields if each.partition(b":")[0].upper() in wanted]
    return b"".join(each + b"\r\n" for each in kept) + b"\r\n"
