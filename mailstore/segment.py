"""The file format of message bodies: one header per file, one self-describing record per body.

A record names its own hash and sizes, so the index in the database can be rebuilt from the files
alone. Integers are big-endian.

    file    magic "TribSeg1"
    record  magic "TRec", codec (1 byte), SHA-256 (32), size (8), stored size (8), payload
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from backports import zstd

FILE_MAGIC = b"TribSeg1"
RECORD = struct.Struct(">4sB32sQQ")
RECORD_MAGIC = b"TRec"
ZSTD = 1
LEVEL = 1
PIECE = 262_144


class DamagedRecord(Exception):
    """The bytes on disk are not what was written there."""


@dataclass(frozen=True, slots=True)
class Record:
    """Where one body lies in a segment; `stored_size` excludes the record header."""

    sha256: bytes
    size: int
    offset: int
    stored_size: int


def start(file: BinaryIO) -> None:
    """Write the file header."""
    file.write(FILE_MAGIC)


def append(file: BinaryIO, sha256: bytes, size: int, chunks: Iterable[bytes]) -> Record:
    """Write one body at the end of `file`, compressed piece by piece.

    Raises DamagedRecord if the chunks do not add up to `size`.
    """
    offset = file.tell()
    if size <= PIECE:
        # Small bodies, nearly all, are written in one go without seeking back.
        data = b"".join(chunks)
        if len(data) != size:
            raise DamagedRecord("body is not as long as it said")
        payload = zstd.compress(data, LEVEL)
        file.write(RECORD.pack(RECORD_MAGIC, ZSTD, sha256, size, len(payload)))
        file.write(payload)
        return Record(sha256, size, offset, len(payload))
    file.write(RECORD.pack(RECORD_MAGIC, ZSTD, sha256, size, 0))
    packer = zstd.ZstdCompressor(level=LEVEL)
    # With the size in the frame the reader can allocate once.
    packer.set_pledged_input_size(size)
    stored = seen = 0
    for chunk in chunks:
        seen += len(chunk)
        stored += file.write(packer.compress(chunk))
    if seen != size:
        raise DamagedRecord("body is not as long as it said")
    stored += file.write(packer.flush())
    end = file.tell()
    file.seek(offset)
    file.write(RECORD.pack(RECORD_MAGIC, ZSTD, sha256, size, stored))
    file.seek(end)
    return Record(sha256, size, offset, stored)


def _header(file: BinaryIO) -> tuple[bytes, int, int] | None:
    head = file.read(RECORD.size)
    if not head:
        return None
    if len(head) < RECORD.size:
        raise DamagedRecord("record header cut short")
    magic, codec, sha256, size, stored = RECORD.unpack(head)
    if magic != RECORD_MAGIC or codec != ZSTD:
        raise DamagedRecord("no record here")
    return sha256, size, stored


def _inflate(file: BinaryIO, stored: int) -> Iterator[bytes]:
    unpacker = zstd.ZstdDecompressor()
    left = stored
    while not unpacker.eof:
        piece = b""
        if unpacker.needs_input:
            piece = file.read(min(PIECE, left))
            left -= len(piece)
            if not piece:
                raise DamagedRecord("record cut short")
        try:
            out = unpacker.decompress(piece, PIECE)
        except zstd.ZstdError as error:
            raise DamagedRecord("record does not decompress") from error
        if out:
            yield out
    if left or unpacker.unused_data:
        raise DamagedRecord("record is shorter than it says")


def stream(file: BinaryIO, offset: int, sha256: bytes) -> Iterator[bytes]:
    """The body recorded at `offset`, checked against its hash.

    The last piece is given out only after the whole is known to be right. Raises DamagedRecord.
    """
    file.seek(offset)
    header = _header(file)
    if header is None or header[0] != sha256:
        raise DamagedRecord("another record lies here")
    _, size, stored = header
    digest, seen, held = hashlib.sha256(), 0, b""
    for piece in _inflate(file, stored):
        seen += len(piece)
        if seen > size:
            raise DamagedRecord("record is longer than it says")
        digest.update(piece)
        if held:
            yield held
        held = piece
    if seen != size or digest.digest() != sha256:
        raise DamagedRecord("bytes do not match their hash")
    if held:
        yield held


def scan(file: BinaryIO) -> Iterator[Record]:
    """Every record of a segment in order, headers only. Raises DamagedRecord where it is torn."""
    file.seek(0)
    if file.read(len(FILE_MAGIC)) != FILE_MAGIC:
        raise DamagedRecord("not a segment")
    while True:
        offset = file.tell()
        header = _header(file)
        if header is None:
            return
        sha256, size, stored = header
        yield Record(sha256, size, offset, stored)
        file.seek(stored, 1)
