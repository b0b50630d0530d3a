"""What can go wrong with somebody else's mail server, as one tree of errors.

Foreign exceptions (sockets, TLS, HTTP) become these at the border of this room
and never pass it::

    MailServerError          stage, temporary, cause, public, params, server_line
    ├── NameNotFound         name-not-found    the host name has no address; name-timeout,
    │                        name-unsure       nobody could say
    ├── AddressRefused       address-refused   the guard forbids the address or the port
    ├── ConnectFailed        port-closed, no-answer, unreachable
    ├── Hung                 hung              the server stopped answering within its deadline
    ├── Dropped              dropped           the server closed the connection
    ├── WrongProtocol        wrong-protocol, tls-from-start, no-tls-there
    ├── EncryptionFailed     tls-name, tls-expired, tls-untrusted, tls-failed,
    │                        tls-not-offered, tls-tampered, tls-pin-changed
    ├── LoginRefused         login-refused     the server said no to name or password
    ├── LoginLater           login-later       the server asks us to try again later
    ├── Later                throttled, limited, over-quota, in-use, not-connected: the same,
    │                        with the reason it gave, at sign-in or after it
    ├── TokenExpired         token-expired     an access token ran out or was not accepted
    ├── OAuthRevoked         oauth-revoked     the person has to agree to the access again
    ├── OAuthUnavailable     oauth-unavailable the provider gives out no access token now
    ├── OAuthElsewhere       oauth-elsewhere   the server is not one of the provider's
    ├── OAuthRefused         oauth-refused     the provider said no to a sign-in
    ├── LoginMethod          login-method      no way to sign in that both sides know
    ├── Refused              refused           the server refused a command after sign-in
    ├── ProtocolBroken       protocol          an answer that cannot be understood or trusted
    └── AnswerLost           answer-lost       sent, but the final answer never came (RFC 1047)

`public` is a plain English sentence with named placeholders, filled in from `params`: for
operators.  Screens explain `cause` in the reader's language.  `str()` is for the log.
"""

import binascii
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from protocols.tls import SeenCertificate

SERVER_LINE_LIMIT = 300


class Stage(StrEnum):
    """Where in a conversation with a server something happened."""

    NAME = "name"
    CONNECT = "connect"
    ENCRYPTION = "encryption"
    GREETING = "greeting"
    HELLO = "hello"
    LOGIN = "login"
    FOLDERS = "folders"
    FETCH = "fetch"
    SEND = "send"


# Sentences by cause, in English: what a command of the operator prints.
SENTENCES: Mapping[str, str] = {
    "name-not-found": "No server with the name %(host)s was found. Check the server address.",
    "name-timeout": "The name service did not say in time where %(host)s is.",
    "name-unsure": "The name service could not say where %(host)s is.",
    "address-refused": "The server address %(host)s with port %(port)s cannot be used here.",
    "port-closed": "%(host)s answers, but nothing accepts connections on port %(port)s.",
    "no-answer": "%(host)s did not answer on port %(port)s in time.",
    "unreachable": "%(host)s could not be reached.",
    "hung": "The server stopped answering before it was done.",
    "dropped": "The server closed the connection before it was done.",
    "wrong-protocol": "The server answered, but it does not speak %(wanted)s on this port.",
    "tls-from-start": "This port speaks TLS from the start. Choose SSL for this port.",
    "no-tls-there": "This port does not speak TLS from the start. Choose another port or TLS.",
    "tls-name": "The server's certificate is for another name than %(host)s.",
    "tls-expired": "The server's certificate has expired or is not valid yet.",
    "tls-untrusted": "The server's certificate was not issued by an authority known here.",
    "tls-failed": "An encrypted connection to the server could not be set up.",
    "tls-not-offered": "The server does not offer an encrypted connection on this port.",
    "tls-tampered": "The server answered in clear text where only encryption may follow.",
    "tls-pin-changed": "%(host)s showed the certificate %(seen)s, not the trusted %(pinned)s.",
    "login-refused": "The server did not accept the username and password.",
    "login-later": "The server does not let you sign in right now. Try again later.",
    "throttled": "The server asks for fewer requests.",
    "limited": "The server allows no more connections to this account right now.",
    "over-quota": "The account has used up what its provider allows for now.",
    "in-use": "The mailbox is in use by another program.",
    "not-connected": "The server signed in the account but could not open its mailbox.",
    "token-expired": "The permission to sign in has expired.",
    "oauth-revoked": "The permission to sign in was withdrawn. Sign in to the provider again.",
    "oauth-elsewhere": "%(host)s is not a server of the provider that was signed in at.",
    "oauth-unavailable": "The provider could not renew the permission to sign in right now.",
    "oauth-refused": "The provider ended the sign-in without giving a permission.",
    "feature-off": "This is switched off here.",
    "login-method": "The server offers no way to sign in that can be used here.",
    "refused": "The server refused the request.",
    "protocol": "The server sent an answer that could not be understood.",
    "answer-lost": "The message was sent, but the server's final answer was lost.",
}


class MailServerError(Exception):
    """Something a server did, or did not do; see the module for the tree."""

    cause: str = "protocol"
    stage: Stage
    temporary: bool = True

    def __init__(
        self,
        stage: Stage,
        cause: str = "",
        *,
        server_line: str = "",
        temporary: bool | None = None,
        retry_after: float | None = None,
        **params: str | int,
    ) -> None:
        """`server_line` must already be redacted; use `redact`.

        `retry_after` is the server's own wish, in seconds, where it named one.
        """
        super().__init__(cause or self.cause)
        self.stage = stage
        self.cause = cause or self.cause
        self.server_line = server_line
        self.retry_after = retry_after
        self.params: dict[str, str | int] = dict(params)
        if temporary is not None:
            self.temporary = temporary

    @property
    def public(self) -> str:
        """The sentence in English, with its placeholders; fill it with `params`."""
        return SENTENCES[self.cause]

    @property
    def public_params(self) -> Mapping[str, str | int]:
        """The values of the placeholders in `public`."""
        return self.params

    def __str__(self) -> str:
        """One line for the log: stage, cause, and what the server said."""
        said = f": {self.server_line}" if self.server_line else ""
        return f"{self.stage}: {self.cause}{said}"


class NameNotFound(MailServerError):
    """The host name has no address."""

    cause = "name-not-found"


class AddressRefused(MailServerError):
    """The guard forbids this address or this port."""

    cause = "address-refused"
    temporary = False


class ConnectFailed(MailServerError):
    """No TCP connection came about."""

    cause = "unreachable"


class Hung(MailServerError):
    """The server stopped answering within its deadline."""

    cause = "hung"


class Dropped(MailServerError):
    """The server closed the connection in the middle."""

    cause = "dropped"


class WrongProtocol(MailServerError):
    """Another kind of server, or another kind of encryption, lives on this port."""

    cause = "wrong-protocol"
    temporary = False


class EncryptionFailed(MailServerError):
    """TLS could not be set up as asked; nothing secret was sent.

    `certificate` is the one that was not believed, where it is known.
    """

    cause = "tls-failed"
    temporary = False
    certificate: "SeenCertificate | None" = None


class LoginRefused(MailServerError):
    """The server said no to name or password."""

    cause = "login-refused"
    temporary = False


class LoginLater(MailServerError):
    """The server refuses for now: busy, locked, limited."""

    cause = "login-later"


class Later(MailServerError):
    """The server asks for patience and says why; `protocols.hints` reads its words."""

    cause = "throttled"


class TokenExpired(MailServerError):
    """An access token ran out, or was refused where a fresh one may be accepted."""

    cause = "token-expired"


class OAuthRevoked(MailServerError):
    """A provider wants the person to agree again; nothing else helps."""

    cause = "oauth-revoked"
    temporary = False


class OAuthUnavailable(MailServerError):
    """A provider gave no access token, for a reason that may pass."""

    cause = "oauth-unavailable"


class OAuthElsewhere(MailServerError):
    """An access token would have gone to a server that is not its provider's."""

    cause = "oauth-elsewhere"
    temporary = False


class OAuthRefused(MailServerError):
    """A provider said no to a sign-in; `error` is its code (RFC 6749 section 5.2)."""

    cause = "oauth-refused"
    temporary = False

    def __init__(self, error: str, server_line: str) -> None:
        """`server_line` is redacted."""
        super().__init__(Stage.LOGIN, server_line=server_line)
        self.error = error


class LoginMethod(MailServerError):
    """No method of signing in that both sides know, or none safe enough."""

    cause = "login-method"
    temporary = False


class Refused(MailServerError):
    """The server refused a command after sign-in."""

    cause = "refused"


class ProtocolBroken(MailServerError):
    """An answer that cannot be understood; the connection is of no further use."""

    cause = "protocol"


class AnswerLost(MailServerError):
    """The data was sent and no final answer came: delivered or not, nobody can tell (RFC 1047).

    `refused` holds code and words for the recipients that had been turned away before.
    """

    cause = "answer-lost"
    refused: Mapping[str, tuple[int, str]] = {}


_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


BLOT = "•••"
# Shorter secrets turn up in the middle of anything by chance.
_TELLING = 4
_STANDARD = str.maketrans("-_", "+/")
_CODED = re.compile(r"[A-Za-z0-9+/_-]{4,}={0,2}")


def _forms(secret: str) -> set[str]:
    """A secret as it is, and quoted for IMAP, for an address and in hexadecimal."""
    raw = secret.encode()
    return {
        secret,
        secret.replace("\\", "\\\\").replace('"', '\\"'),
        quote(secret),
        quote(secret, safe=""),
        raw.hex(),
        raw.hex().upper(),
    }


def _unless_holding(found: re.Match[str], secret: str) -> str:
    """A run of letters as it is, or blotted out where it is base64 that holds the secret."""
    coded = found[0]
    if len(secret) < _TELLING:
        return coded
    letters = coded.rstrip("=").translate(_STANDARD)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    decoded = binascii.a2b_base64(letters + "=" * (-len(letters) % 4))
    return BLOT if secret.encode() in decoded else coded


def redact(line: bytes | str, *secrets: str, cap: int = 0) -> str:
    """A server's own words made fit to store: no secret, no control characters, one short line.

    Servers do echo what they were sent, so every given secret is blotted out, also in the forms
    it has in commands: quoted, or in the base64 of SASL (RFC 4616). With a `cap` no more of the
    line is looked at, and where it goes on, nothing is kept that may be the beginning of a secret.
    """
    rest = 3 * max((len(each.encode()) for each in secrets), default=0) if len(line) > cap else 0
    line = line[:cap] if cap else line
    text = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for written in _forms(secret):
            text = text.replace(written, BLOT)
        text = _CODED.sub(partial(_unless_holding, secret=secret), text)
    if cap and rest:
        text = text[:-rest]
    return _CONTROLS.sub(" ", text).strip()[:SERVER_LINE_LIMIT]
