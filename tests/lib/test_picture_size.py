"""Sizes are read from the first bytes of a picture, and never by decoding it."""

from __future__ import annotations

import os
import struct

import pytest

from lib.picture_size import is_bearable, may_be_looked_at, picture_size
from tests.webmail.samples import picture


def jpeg(width: int, height: int) -> bytes:
    comment = b"\xff\xfe" + struct.pack(">H", 6) + b"\xff\xc0ab"
    frame = b"\xff\xff\xc2" + struct.pack(">HBHH", 17, 8, height, width)
    return b"\xff\xd8" + b"\xff\xe0" + struct.pack(">H", 16) + bytes(14) + comment + frame


def webp(kind: bytes, rest: bytes) -> bytes:
    return b"RIFF" + bytes(4) + b"WEBP" + kind + bytes(4) + rest


KNOWN = {
    picture(120, 60): (120, 60),
    b"GIF89a" + struct.pack("<HH", 300, 7): (300, 7),
    jpeg(640, 480): (640, 480),
    webp(b"VP8X", bytes(4) + (799).to_bytes(3, "little") + (599).to_bytes(3, "little")): (800, 600),
    webp(b"VP8 ", bytes(3) + b"\x9d\x01\x2a" + struct.pack("<HH", 0x4000 | 90, 40)): (90, 40),
    webp(b"VP8L", b"\x2f" + (9 | (19 << 14)).to_bytes(4, "little")): (10, 20),
}


@pytest.mark.parametrize("data", KNOWN)
def test_sizes(data: bytes) -> None:
    assert picture_size(data) == KNOWN[data]
    assert is_bearable(data)


def test_nothing_raises() -> None:
    for data in [*KNOWN, b"<svg width=1 height=1>", b"", b"\xff\xd8\xff" * 1000]:
        for end in range(min(len(data), 60)):
            assert picture_size(data[:end]) in (None, picture_size(data))
            picture_size(data[:end] + os.urandom(20))


def test_what_would_take_all_memory_is_not_borne() -> None:
    assert not is_bearable(b"GIF89a" + struct.pack("<HH", 60_000, 60_000))
    assert not is_bearable(jpeg(5001, 5000))
    assert is_bearable(jpeg(5000, 5000))
    assert not is_bearable(jpeg(0, 5000))
    assert not is_bearable(b"no picture")


def test_photographs_may_be_larger_where_somebody_asks_for_them() -> None:
    assert may_be_looked_at(jpeg(12_000, 9_000))
    assert not may_be_looked_at(jpeg(60_000, 60_000))
    assert not may_be_looked_at(picture(1, 1)[:16] + struct.pack(">II", 30_000, 30_000))
    assert may_be_looked_at(b"\x89PNG\r\n\x1a\ncut off")
