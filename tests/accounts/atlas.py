"""Makes a small file in the format of MaxMind DB 2.0: one record for all of IPv4."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

TEXT, MAP, UINT32, ARRAY, UINT16 = 2, 7, 6, 11, 5


def write(path: Path, found: Mapping[str, object]) -> Path:
    """A file that says ``found`` of every IPv4 address; IPv6 is not in it."""
    # One node of two records of 24 bits: both sides lead to the data, which begins after the tree
    # and 16 zero bytes; what a record holds counts from the number of nodes.
    leaf = (1 + 16).to_bytes(3, "big")
    about = {
        "node_count": 1,
        "record_size": 24,
        "ip_version": 4,
        "database_type": "Test",
        "languages": ["en"],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1,
        "description": {"en": "Test"},
    }
    body = leaf + leaf + bytes(16) + _value(found) + b"\xab\xcd\xefMaxMind.com" + _value(about)
    path.write_bytes(body)
    return path


def _value(value: object) -> bytes:
    if isinstance(value, str):
        raw = value.encode()
        return _head(TEXT, len(raw)) + raw
    if isinstance(value, int):
        return _head(UINT32, 4) + struct.pack(">I", value)
    if isinstance(value, Mapping):
        return _head(MAP, len(value)) + b"".join(_value(k) + _value(v) for k, v in value.items())
    assert isinstance(value, list)
    return _head(ARRAY, len(value)) + b"".join(_value(one) for one in value)


def _head(kind: int, size: int) -> bytes:
    more = b""
    if size >= 285:
        short, more = 30, struct.pack(">H", size - 285)
    elif size >= 29:
        short, more = 29, bytes([size - 29])
    else:
        short = size
    if kind > 7:
        return bytes([short, kind - 7]) + more
    return bytes([kind << 5 | short]) + more
