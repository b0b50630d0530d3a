"""Commands and their answers (RFC 1939 section 3)."""

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


def lines(wire: Wire) -> list[bytes]:
    """The lines of a listing up to the one with nothing but a dot."""
    found: list[bytes] = []
    while (line := wire.readline()).rstrip(b"\r\n") != b".":
        found.append(line)
        if len(found) > ENTRIES_CAP:
            raise wire.broken("listing too long")
    return found
