"""A winmail.dat for tests, written by hand (MS-OXTNEF section 2.1.3)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_SIGNATURE, _VERSION, _CODEPAGE = 0x223E9F78, 0x89006, 0x69007
_SUBJECT, _BODY = 0x18004, 0x2800C
_RENDERING, _TITLE, _DATA = 0x69002, 0x18010, 0x6800F


def _attribute(level: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", sum(data) % 65536)


def winmail(files: Sequence[tuple[str, bytes]], *, text: str = "", subject: str = "") -> bytes:
    """The bytes of a winmail.dat with these files and this body."""
    pieces = [struct.pack("<IH", _SIGNATURE, 1)]
    pieces.append(_attribute(1, _VERSION, struct.pack("<I", 0x10000)))
    pieces.append(_attribute(1, _CODEPAGE, struct.pack("<II", 1252, 0)))
    if subject:
        pieces.append(_attribute(1, _SUBJECT, subject.encode("cp1252") + b"\0"))
    if text:
        pieces.append(_attribute(1, _BODY, text.encode("cp1252") + b"\0"))
    for name, data in files:
        pieces.append(_attribute(2, _RENDERING, b"\x01\0" + b"\xff" * 4 + b"\0" * 8))
        pieces.append(_attribute(2, _TITLE, name.encode("cp1252") + b"\0"))
        pieces.append(_attribute(2, _DATA, data))
    return b"".join([*pieces, b"\0" * 16])
