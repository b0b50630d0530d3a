"""One dot-stuffed message off the wire (RFC 1939 section 3), in pieces as large as they come."""

from collections.abc import Iterator

from protocols.body import Body
from protocols.wire import Wire

BODY_CAP = 200 << 20
PIECE = 1 << 20
# A server that ends its own lines with CRLF means a line of its own only so: a lone LF, a dot and
# a lone LF inside a message are text.
_END, _END_OF_LF_SERVER = b"\n.\r\n", b"\n.\n"


def read(wire: Wire, status: bytes, cap: int = BODY_CAP) -> Body:
    """The message that follows a status line, byte for byte, dots unstuffed.

    Lines may be of any length and end as they like.  Raises `ProtocolBroken` above `cap` bytes,
    else what the wire raises.
    """
    end = _END if status.endswith(b"\r\n") else _END_OF_LF_SERVER
    return Body.gather(_pieces(wire, end, cap))


def _pieces(wire: Wire, end: bytes, cap: int) -> Iterator[bytes]:
    # The line break of the status line: a dot right behind it is the first of a line, too.
    wire.unread(b"\n")
    size, first, found = 0, True, False
    while not found:
        piece, found = wire.until(end, PIECE)
        if found:
            piece += b"\n"
        piece = piece.replace(b"\n..", b"\n.")
        if first:
            piece, first = piece[1:], False
        size += len(piece)
        if size > cap:
            raise wire.broken("message too long")
        yield piece
