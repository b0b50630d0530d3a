"""TLS the way we always speak it: certificate and name verified, at least version 1.2."""

import hashlib
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from protocols.errors import EncryptionFailed, Hung, MailServerError, Stage, WrongProtocol
from protocols.types import Deadline, Endpoint

if TYPE_CHECKING:
    from protocols.address import AddressPolicy

# OpenSSL's X509_V_ERR_* numbers (openssl/x509_vfy.h).
_NAME_MISMATCH = {62, 64}
_OUT_OF_DATE = {9, 10}


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom we believe: the system's authorities, plus those in `ca_file` (PEM) when given.

    `pin` is the SHA-256 of one certificate, in hex. With it that very certificate is believed,
    whatever its name, its dates and its authority, and no other one is, however good.
    """

    ca_file: str | None = None
    pin: str = ""


@dataclass(frozen=True, slots=True)
class SeenCertificate:
    """What a server's certificate says of itself: nobody known here vouches for any of it.

    `sha256` of the whole certificate in hex; `names` those it is for, the first 20 of them.
    """

    sha256: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime


def context(trust: Trust) -> ssl.SSLContext:
    """A verifying client context, shared by all connections; not to be changed.

    Reading the authorities takes 30 ms and most of a megabyte, so it is done again only when a
    file of them has changed. With a pin, a handshake fails where another certificate is shown.
    """
    if trust.pin:
        return _pinned(trust.pin)
    system = ssl.get_default_verify_paths()
    files = (trust.ca_file, system.cafile, system.capath)
    return _context(trust.ca_file, tuple(_changed(file) for file in files))


@lru_cache(maxsize=4)
def _context(ca_file: str | None, changed: tuple[int, ...]) -> ssl.SSLContext:
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        made.load_verify_locations(cafile=ca_file)
    return made


class _OtherCertificateError(ssl.SSLCertVerificationError):
    """A handshake with a server that showed another certificate than the pinned one."""

    def __init__(self, pin: str, der: bytes) -> None:
        super().__init__("the certificate is not the pinned one")
        self.pin, self.der = pin, der


class _PinnedContext(ssl.SSLContext):
    """Believes one certificate: compared before the handshake is told to be done.

    OpenSSL verifies nothing here. asyncio makes its connections through `sslobject_class`.
    """

    pin = ""

    def compare(self, der: bytes | None) -> None:
        if hashlib.sha256(der or b"").hexdigest() != self.pin:
            raise _OtherCertificateError(self.pin, der or b"")


class _PinnedSocket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        super().do_handshake(block)
        assert isinstance(self.context, _PinnedContext)  # noqa: S101 - made by it alone
        self.context.compare(self.getpeercert(binary_form=True))


class _PinnedObject(ssl.SSLObject):
    def do_handshake(self) -> None:
        super().do_handshake()
        assert isinstance(self.context, _PinnedContext)  # noqa: S101 - made by it alone
        self.context.compare(self.getpeercert(binary_form=True))


@lru_cache(maxsize=64)
def _pinned(pin: str) -> ssl.SSLContext:
    made = _PinnedContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.sslsocket_class, made.sslobject_class = _PinnedSocket, _PinnedObject
    made.pin = pin
    return made


def _changed(file: str | None) -> int:
    """When a file or folder was changed, in nanoseconds; 0 where there is none."""
    try:
        return Path(file).stat().st_mtime_ns if file else 0
    except OSError:
        return 0


def wrap(sock: socket.socket, trust: Trust, host: str, deadline: Deadline) -> ssl.SSLSocket:
    """Do the handshake on a connected socket; raises a `MailServerError`, the socket closed."""
    try:
        sock.settimeout(deadline.remaining())
        return context(trust).wrap_socket(sock, server_hostname=server_name(host))
    except (OSError, ValueError) as error:
        sock.close()
        raise explain(error, host) from None


def describe(sock: socket.socket | ssl.SSLObject | None, deadline: Deadline) -> None:
    """Note version and validity of an encrypted connection, as `protocols.check` reports them."""
    if not isinstance(sock, ssl.SSLSocket | ssl.SSLObject):
        return
    deadline.note("tls_version", (sock.version() or "").replace("TLSv", "TLS "))
    until = (sock.getpeercert() or {}).get("notAfter")
    if isinstance(until, str):  # a pinned certificate is not read by OpenSSL
        ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC)
        deadline.note("valid_until", ends.isoformat())


def shown(sock: socket.socket, host: str, deadline: Deadline) -> bytes:
    """The certificate a server shows, in DER, believing anybody; closes the socket.

    Nothing is sent over it. Raises OSError, ValueError or a `MailServerError`.
    """
    try:
        sock.settimeout(deadline.remaining())
        sock = _credulous().wrap_socket(sock, server_hostname=server_name(host))
        return sock.getpeercert(binary_form=True) or b""
    finally:
        sock.close()


def _credulous() -> ssl.SSLContext:
    """A context that verifies nothing, for looking only."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


def look_again(
    error: MailServerError,
    kind: str,
    endpoint: Endpoint,
    policy: "AddressPolicy",
    deadline: Deadline,
) -> None:
    """Where a certificate was not believed, note on the error which one it was.

    For that the server is connected to once more; see `protocols.certificates.look`.
    """
    if isinstance(error, EncryptionFailed) and error.cause in UNBELIEVED and not error.certificate:
        error.certificate = _certificates().look(kind, endpoint, policy, deadline)


# Causes for which a server showed a certificate that nobody vouches for.
UNBELIEVED = frozenset({"tls-name", "tls-expired", "tls-untrusted"})


def _certificates() -> Any:
    # Loading a parser of certificates takes 45 ms, and most commands never need one.
    return import_module("protocols.certificates")


def fingerprint(sha256: str) -> str:
    """A hash as other programs show it: pairs of digits with colons."""
    digits = sha256.upper()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def own_name(sock: socket.socket) -> bytes:
    """What we call ourselves: the address literal of RFC 5321 4.1.3, which needs no resolver."""
    own = str(sock.getsockname()[0]).partition("%")[0]
    return (f"[IPv6:{own}]" if ":" in own else f"[{own}]").encode()


def speaks_tls(sock: socket.socket, deadline: Deadline) -> bool:
    """Whether a server that says nothing is waiting for a TLS handshake.  Uses the socket up.

    Nothing is verified and nothing is sent over it: this only finds the right words for a failure.
    """
    try:
        sock.settimeout(deadline.remaining())
        _credulous().wrap_socket(sock).close()
    except (OSError, MailServerError):
        return False
    return True


def explain(error: Exception, host: str) -> MailServerError:
    """Our error for one raised by a TLS handshake."""
    stage = Stage.ENCRYPTION
    if isinstance(error, _OtherCertificateError):
        return _pin_changed(error, host)
    if isinstance(error, ssl.SSLCertVerificationError):
        cause = _certificate_cause(error.verify_code)
        return EncryptionFailed(stage, cause, host=host, reason=error.verify_message or "")
    if isinstance(error, ssl.SSLError) and error.reason in _NOT_TLS:
        return WrongProtocol(stage, "no-tls-there", host=host)
    if isinstance(error, TimeoutError):
        return Hung(stage, host=host)
    temporary = isinstance(error, OSError) and not isinstance(error, ssl.SSLError)
    # OpenSSL's name for it, such as TLSV1_ALERT_PROTOCOL_VERSION.
    reason = str(error.reason or "") if isinstance(error, ssl.SSLError) else ""
    return EncryptionFailed(stage, "tls-failed", temporary=temporary, host=host, reason=reason)


def _pin_changed(error: _OtherCertificateError, host: str) -> EncryptionFailed:
    seen = fingerprint(hashlib.sha256(error.der).hexdigest())
    failed = EncryptionFailed(
        Stage.ENCRYPTION,
        "tls-pin-changed",
        server_line=f"SHA-256 {seen}",
        host=host,
        pinned=fingerprint(error.pin),
        seen=seen,
    )
    failed.certificate = _certificates().read(error.der)
    return failed


# What OpenSSL calls an answer that is no TLS record at all.
_NOT_TLS = {
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
    "UNKNOWN_PROTOCOL",
}


def _certificate_cause(code: int) -> str:
    if code in _NAME_MISMATCH:
        return "tls-name"
    return "tls-expired" if code in _OUT_OF_DATE else "tls-untrusted"


def server_name(host: str) -> str:
    """The name the certificate must bear: without the root dot and the brackets of IPv6."""
    return host.rstrip(".").strip("[]")


def tampered() -> EncryptionFailed:
    """Somebody spoke in clear text where only a handshake may follow."""
    return EncryptionFailed(Stage.ENCRYPTION, "tls-tampered")
