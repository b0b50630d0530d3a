"""Pages of a PDF as pictures. Runs only in a child process (`lib.limited`): PDFium is large and
its input hostile. No forms, no scripts, no files beside it: pages are drawn and nothing else."""

import json
import struct
import zlib

import pypdfium2

#: Of a drawn page, in pixels.
WIDTH = 1240
MAX_HEIGHT = 4000
_LEVEL = 3


def count(data: bytes) -> bytes:
    """How many pages there are, as JSON. Raises what the library raises."""
    document = pypdfium2.PdfDocument(data)
    return json.dumps(len(document)).encode()


def page(data: bytes, *, number: int) -> bytes:
    """Page `number`, from 0, as a PNG. Raises what the library raises."""
    document = pypdfium2.PdfDocument(data)
    found = document[number]
    width, height = found.get_size()
    scale = min(WIDTH / max(width, 1.0), MAX_HEIGHT / max(height, 1.0), 8.0)
    bitmap = found.render(scale=scale, rev_byteorder=True, may_draw_forms=False)
    return _png(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride, bitmap.n_channels)


def _png(data: bytes, width: int, height: int, stride: int, channels: int) -> bytes:
    """A picture of 8 bits a channel (RFC 2083)."""
    kept = min(channels, 4)
    rows = [data[at : at + width * kept] for at in range(0, stride * height, stride)]
    body = b"".join(b"\0" + row for row in rows)
    kind = {1: 0, 3: 2, 4: 6}[kept]
    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    pieces = ((b"IHDR", head), (b"IDAT", zlib.compress(body, _LEVEL)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, held) for name, held in pieces)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
