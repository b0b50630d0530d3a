"""ClamAV's daemon, asked whether a message carries a virus (clamd(8), INSTREAM)."""

import re
import struct
from collections.abc import Iterable

from protocols.daemons import Place, dial
from protocols.errors import Refused, Stage, redact
from protocols.types import Deadline
from protocols.wire import Wire

#: Bytes of a message; the daemon's own limit is StreamMaxLength, 25 MB in its older versions.
MAX_MESSAGE = 25 * 1024 * 1024
_PIECE = 65_536
_ANSWER_CAP = 1024
_FOUND = re.compile(r"stream: (?P<name>[!-~]{1,200}) FOUND")


def ask(pieces: Iterable[bytes], place: Place, *, deadline: float) -> str:
    """The name of the virus in a message that comes in pieces, empty where there is none.

    Raises a `MailServerError`; `Refused` where the daemon looked and could not tell.
    """
    total = Deadline(deadline)
    wire = dial(place, total)
    try:
        wire.limit(total.left(), Stage.SEND)
        wire.send(b"zINSTREAM\0", more=True)
        for piece in pieces:
            for at in range(0, len(piece), _PIECE):
                part = piece[at : at + _PIECE]
                wire.send(struct.pack(">I", len(part)) + part)
        # Length 0 ends the stream.
        wire.send(struct.pack(">I", 0))
        wire.limit(total.left(), Stage.FETCH)
        return _virus(_answer(wire))
    finally:
        wire.close()


def ping(place: Place, *, deadline: float) -> None:
    """Raises a `MailServerError` unless the daemon answers."""
    wire = dial(place, Deadline(deadline))
    try:
        wire.limit(deadline, Stage.FETCH)
        wire.send(b"zPING\0")
        if _answer(wire) != "PONG":
            raise wire.broken("no ClamAV")
    finally:
        wire.close()


def _answer(wire: Wire) -> str:
    said, ended = wire.until(b"\0", _ANSWER_CAP)
    if not ended:
        raise wire.broken("an answer without end")
    return said.decode("utf-8", "replace").strip()


def _virus(said: str) -> str:
    if said == "stream: OK":
        return ""
    found = _FOUND.fullmatch(said)
    if found is None:
        raise Refused(Stage.FETCH, server_line=redact(said))
    return found["name"]
