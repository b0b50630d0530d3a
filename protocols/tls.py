"""TLS the way we always speak it: certificate and name verified, at least version 1.2."""

import socket
import ssl
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from protocols.errors import EncryptionFailed, Hung, MailServerError, Stage, WrongProtocol
from protocols.types import Deadline

# OpenSSL's X509_V_ERR_* numbers (openssl/x509_vfy.h).
_NAME_MISMATCH = {62, 64}
_OUT_OF_DATE = {9, 10}


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom we believe: the system's authorities, plus those in `ca_file` (PEM) when given."""

    ca_file: str | None = None


def context(trust: Trust) -> ssl.SSLContext:
    """A verifying client context, shared by all connections; not to be changed.

    Reading the authorities takes 30 ms and most of a megabyte, so it is done again only when a
    file of them has changed.
    """
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


def speaks_tls(sock: socket.socket, deadline: Deadline) -> bool:
    """Whether a server that says nothing is waiting for a TLS handshake.  Uses the socket up.

    Nothing is verified and nothing is sent over it: this only finds the right words for a failure.
    """
    probe = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    probe.check_hostname = False
    probe.verify_mode = ssl.CERT_NONE
    try:
        sock.settimeout(deadline.remaining())
        probe.wrap_socket(sock).close()
    except (OSError, MailServerError):
        return False
    return True


def explain(error: Exception, host: str) -> MailServerError:
    """Our error for one raised by a TLS handshake."""
    stage = Stage.ENCRYPTION
    if isinstance(error, ssl.SSLCertVerificationError):
        return EncryptionFailed(stage, _certificate_cause(error.verify_code), host=host)
    if isinstance(error, ssl.SSLError) and error.reason in _NOT_TLS:
        return WrongProtocol(stage, "no-tls-there", host=host)
    if isinstance(error, TimeoutError):
        return Hung(stage, host=host)
    temporary = isinstance(error, OSError) and not isinstance(error, ssl.SSLError)
    return EncryptionFailed(stage, "tls-failed", temporary=temporary, host=host)


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
