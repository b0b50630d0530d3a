"""The first moments with a server: connect, encrypt, and see whether it is what we came for."""

from protocols import address, hints, tls
from protocols.address import AddressPolicy
from protocols.errors import (
    Dropped,
    Hung,
    LoginLater,
    MailServerError,
    Stage,
    WrongProtocol,
    redact,
)
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Security
from protocols.wire import Wire

GREETING = 30.0
# What the other protocols say first; any of it proves a server of another kind.
STARTS = {"IMAP": b"* ", "POP3": b"+OK", "SMTP": b"220"}
_TLS_ALERT = b"\x15\x03"


def dial(endpoint: Endpoint, policy: AddressPolicy, trust: Trust, total: Deadline) -> Wire:
    """A connected wire, already encrypted when the endpoint speaks TLS from the start."""
    wire = Wire(address.connect(endpoint, policy, total), endpoint.host, total)
    if endpoint.security is Security.TLS:
        wire.limit(GREETING, Stage.ENCRYPTION)
        wire.start_tls(trust)
    return wire


def greeting(wire: Wire, wanted: str) -> bytes:
    """The server's first line, proven to be of the wanted protocol.

    Raises `WrongProtocol` for another kind of server and for one that waits for a TLS handshake,
    `LoginLater` or `Later` for one that is busy, else what the wire raises.
    """
    # A server waiting for TLS says nothing, so keep time to find that out.
    wire.limit(GREETING, Stage.GREETING, share=0.6)
    try:
        line = wire.readline()
    except Hung as hung:
        if not wire.encrypted and wire.waits_for_tls():
            raise WrongProtocol(Stage.ENCRYPTION, "tls-from-start", host=wire.host) from None
        raise wire.fail(hung) from None
    except Dropped:
        if not wire.encrypted and wire.seen.startswith(_TLS_ALERT):
            raise WrongProtocol(Stage.ENCRYPTION, "tls-from-start", host=wire.host) from None
        raise
    if line.startswith(STARTS[wanted]) and not (wanted == "IMAP" and line[2:5] == b"BYE"):
        return line
    raise wire.fail(_unwanted(line, wanted, wire))


def _unwanted(line: bytes, wanted: str, wire: Wire) -> MailServerError:
    if line.startswith(_TLS_ALERT):
        return WrongProtocol(Stage.ENCRYPTION, "tls-from-start", host=wire.host)
    busy = {"IMAP": (b"* BYE",), "POP3": (b"-ERR",), "SMTP": (b"4", b"5")}[wanted]
    if line.startswith(busy):
        said = redact(line)
        return hints.error(said, Stage.GREETING) or LoginLater(Stage.GREETING, server_line=said)
    return WrongProtocol(Stage.GREETING, server_line=redact(line), wanted=wanted)


def upgrade(wire: Wire, trust: Trust) -> None:
    """The handshake after STARTTLS or STLS was agreed to."""
    if wire.buffered:
        raise wire.fail(tls.tampered())
    wire.start_tls(trust)
