"""Commands and their answers (RFC 1939 section 3)."""

from collections.abc import Iterator

from protocols.errors import Refused, redact
from protocols.wire import Wire

ENTRIES_CAP = 1_000_000


def ask(wire: Wire, command: bytes) -> bytes:
    """Send one command and read its first line; raises `Refused` for -ERR."""
    wire.send(command + b"\r\n")
    return answer(wire)


def answer(wire: Wire) -> bytes:
    """The first line of an answer; raises `Refused` for -ERR, `ProtocolBroken` for nonsense."""
    line = wire.readline()
    if line.startswith(b"+OK"):
        return line
    if line.startswith(b"-ERR"):
        raise Refused(wire.stage, server_line=redact(line[4:], wire.secret))
    raise wire.broken("neither +OK nor -ERR")


def lines(wire: Wire) -> Iterator[bytes]:
    """The lines of a listing up to the one with nothing but a dot."""
    number = 0
    while (line := wire.readline()).rstrip(b"\r\n") != b".":
        number += 1
        if number > ENTRIES_CAP:
            raise wire.broken("listing too long")
        yield line
