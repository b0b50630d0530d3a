"""How large a picture is, read from its first bytes: nothing is decoded, nothing raises.

PNG (ISO 15948 section 11.2.2), GIF (89a, section 18), JPEG (T.81 section B.2.2), WebP (RFC 9649).
"""

from __future__ import annotations

from typing import Final

#: Pixels of a picture that is still shown: more is made to hurt whoever decodes it.
MOST: Final = 25_000_000
#: Of a JPEG somebody asks to see: cameras make them so large, and browsers decode them smaller.
PHOTOGRAPH: Final = 120_000_000
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None for what is no PNG, GIF, JPEG or WebP, or is cut off."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _numbers(data, 16, 4, 20) if data[12:16] == b"IHDR" else None
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return _little(data, 6, 8, 2)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    return None


def is_too_large(data: bytes) -> bool:
    """Whether a picture says of itself that it has more pixels than may be decoded."""
    width, height = picture_size(data) or (0, 0)
    return width * height > MOST


def may_be_looked_at(data: bytes) -> bool:
    """Whether a picture somebody asks to see does not say that it has too many pixels."""
    width, height = picture_size(data) or (0, 0)
    return width * height <= (PHOTOGRAPH if data.startswith(b"\xff\xd8\xff") else MOST)


def is_bearable(data: bytes) -> bool:
    """Whether a picture has a size, and one that may be decoded."""
    size = picture_size(data)
    return size is not None and min(size) > 0 and not is_too_large(data)


def _numbers(data: bytes, first: int, length: int, second: int) -> tuple[int, int] | None:
    if len(data) < second + length:
        return None
    return (
        int.from_bytes(data[first : first + length]),
        int.from_bytes(data[second : second + length]),
    )


def _little(
    data: bytes, first: int, second: int, length: int, mask: int = 0xFFFFFF, more: int = 0
) -> tuple[int, int] | None:
    if len(data) < second + length:
        return None
    width, height = (
        int.from_bytes(data[at : at + length], "little") & mask for at in (first, second)
    )
    return width + more, height + more


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        kind = data[at + 1]
        if kind == 0xFF:
            at += 1
        elif kind in _ALONE:
            at += 2
        elif kind in _FRAMES:
            found = _numbers(data, at + 5, 2, at + 7)
            return found and (found[1], found[0])
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4]))
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    kind = data[12:16]
    if kind == b"VP8X":
        return _little(data, 24, 27, 3, more=1)
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return _little(data, 26, 28, 2, 0x3FFF)
    if kind == b"VP8L" and len(data) >= 25 and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None
