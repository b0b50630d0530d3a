"""Small real files to attach: a PNG drawn here, a PDF of one page, a table, a calendar event."""

import struct
import zlib
from datetime import datetime, timedelta


def png(width: int, height: int, color: tuple[int, int, int]) -> bytes:
    """A picture with a soft diagonal shade of one colour."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            light = 0.55 + 0.45 * (x + y) / (width + height)
            rows += bytes(int(part * light) for part in color)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def pdf(title: str) -> bytes:
    """One A4 page with a title in Latin letters."""
    text = title.encode("latin-1", "replace").replace(b"(", b"[").replace(b")", b"]")
    stream = b"BT /F1 22 Tf 72 740 Td (" + text + b") Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, offsets = bytearray(b"%PDF-1.4\n"), list[int]()
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def table() -> bytes:
    """A few rows of comma-separated values."""
    return (
        "roofer,start,scaffolding,total\r\n"
        "Halvard & Daughter,6 October,included,8420.00\r\n"
        "Topside Ltd,20 October,extra,7980.00\r\n"
        "Möller Dach,3 November,included,9150.00\r\n"
    ).encode()


def event(title: str, starts: datetime, organizer: str, attendee: str, uid: str) -> bytes:
    """An invitation (RFC 5545, RFC 5546) to an hour at `starts`, an aware time."""
    stamp = "%Y%m%dT%H%M%SZ"
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Stand-in//Calendar//EN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{(starts - timedelta(days=5)).strftime(stamp)}",
        f"DTSTART:{starts.strftime(stamp)}",
        f"DTEND:{(starts + timedelta(hours=1)).strftime(stamp)}",
        f"SUMMARY:{title}",
        f"ORGANIZER:mailto:{organizer}",
        f"ATTENDEE;RSVP=TRUE:mailto:{attendee}",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return "\r\n".join(lines).encode() + b"\r\n"
