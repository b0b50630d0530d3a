"""Reading a certificate nobody known here vouches for, so that a person can judge it.

Its parser takes a while to load: `protocols.tls` reaches this module only when it is needed.
"""

import contextlib
import hashlib

from cryptography import x509

from protocols import address, greet, tls
from protocols.address import AddressPolicy
from protocols.errors import MailServerError, Stage, redact
from protocols.tls import SeenCertificate
from protocols.types import Deadline, Endpoint, Security
from protocols.wire import Wire

# Bytes of a certificate, and how many of its names are shown.
LARGEST, NAMES = 65_536, 20
_STEP = 10.0
_LINES = 100
_ASKED = {"imap": b"A1 STARTTLS\r\n", "pop": b"STLS\r\n", "smtp": b"STARTTLS\r\n"}
_AGREED = {"imap": b"A1 OK", "pop": b"+OK", "smtp": b"220 "}
_SPOKEN = {"imap": "IMAP", "pop": "POP3", "smtp": "SMTP"}


def read(der: bytes) -> SeenCertificate | None:
    """What a certificate says of itself (RFC 5280); None where it cannot be read."""
    if not 0 < len(der) <= LARGEST:
        return None
    try:
        parsed = x509.load_der_x509_certificate(der)
        return SeenCertificate(
            sha256=hashlib.sha256(der).hexdigest(),
            subject=redact(parsed.subject.rfc4514_string()),
            issuer=redact(parsed.issuer.rfc4514_string()),
            names=_names(parsed),
            not_before=parsed.not_valid_before_utc,
            not_after=parsed.not_valid_after_utc,
        )
    except (ValueError, TypeError, OverflowError, x509.UnsupportedGeneralNameType):
        return None


def _names(parsed: x509.Certificate) -> tuple[str, ...]:
    """The names and addresses it is for; none where they cannot be read."""
    with contextlib.suppress(ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        found = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = found.get_values_for_type(x509.DNSName)
        addresses = found.get_values_for_type(x509.IPAddress)
        return tuple(redact(str(name)) for name in (*names, *addresses))[:NAMES]
    return ()


def look(
    kind: str, endpoint: Endpoint, policy: AddressPolicy, total: Deadline
) -> SeenCertificate | None:
    """The certificate a server shows, on a connection of its own over which nothing is sent.

    Whoever answers is believed for as long as the handshake lasts. `kind` is imap, pop or smtp;
    None where there is none to be had within the deadline.
    """
    try:
        clock = Deadline(min(_STEP, total.remaining()), Stage.ENCRYPTION)
        wire = Wire(address.connect(endpoint, policy, clock), endpoint.host, clock)
        try:
            if endpoint.security is Security.STARTTLS:
                _ask_for_tls(kind, wire)
            return read(tls.shown(wire.sock, endpoint.host, clock))
        finally:
            wire.close()
    except (MailServerError, OSError, ValueError):
        return None


def _ask_for_tls(kind: str, wire: Wire) -> None:
    """The few words before a handshake on a clear port; raises where the server does not agree."""
    line = greet.greeting(wire, _SPOKEN[kind])
    if kind == "smtp":
        _until(wire, line, b"220 ")
        wire.send(b"EHLO " + tls.own_name(wire.sock) + b"\r\n")
        _until(wire, wire.readline(), b"250 ")
    wire.send(_ASKED[kind])
    _until(wire, wire.readline(), _AGREED[kind])
    if wire.buffered:
        raise wire.fail(tls.tampered())


def _until(wire: Wire, line: bytes, wanted: bytes) -> None:
    """Read on to the line that ends an answer; untagged lines of IMAP and ``250-`` pass."""
    for _ in range(_LINES):
        if line.startswith(wanted):
            return
        if not line.startswith((b"* ", wanted[:3] + b"-")):
            break
        line = wire.readline()
    raise wire.broken("no leave to encrypt")
