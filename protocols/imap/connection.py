"""Getting in: greeting, STARTTLS and sign-in by IMAPClient over our own wire.

IMAPClient and imaplib do what they are good at, the conversation until sign-in.  Everything they
read and send passes through `Wire`, so deadlines, caps and the judged address hold for them too.
"""

import base64
import imaplib
import re
import ssl
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from protocols import greet, hints
from protocols.address import AddressPolicy
from protocols.errors import (
    Dropped,
    EncryptionFailed,
    LoginLater,
    LoginMethod,
    LoginRefused,
    MailServerError,
    ProtocolBroken,
    Refused,
    Stage,
    TokenExpired,
    redact,
)
from protocols.imap import oauth
from protocols.imap.arguments import quoted, refuse_controls
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login, Security
from protocols.wire import Wire

LITERAL_CAP = 65_536  # before sign-in no server has anything larger to say
OPENING_CAP = 1 << 20  # nor has it much: imaplib keeps every line
STEP = 30.0
WHO = b'ID ("name" "Tributary")'  # some servers want to know whom they serve (RFC 2971)


_TOLD = re.compile(rb"^\[CAPABILITY ([^\]\r\n]*)\]", re.I)


class _WireIMAP4(imaplib.IMAP4):
    """imaplib whose bytes all travel over a `Wire`."""

    def __init__(self, wire: Wire, trust: Trust) -> None:
        self.wire = wire
        self.trust = trust
        self.greeted: bool | None = None  # whether the greeting told the capabilities
        self.entered = b""  # what the server said to a sign-in that went well
        self._heard = 0
        super().__init__()

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        """Nothing to open: the wire is connected."""
        self.host, self.port, self.sock = host, port, self.wire.sock

    def read(self, size: int) -> bytes:
        """A literal of the server's."""
        if size > LITERAL_CAP:
            raise self.wire.broken("literal too long")
        self._hear(size)
        return b"".join(self.wire.pieces(size))

    def readline(self) -> bytes:
        """One line; imaplib insists on CRLF, servers do not."""
        line = self.wire.readline()
        self._hear(len(line))
        return line.rstrip(b"\r\n") + b"\r\n"

    def _hear(self, size: int) -> None:
        self._heard += size
        if self._heard > OPENING_CAP:
            raise self.wire.broken("more than anybody asked for")

    def send(self, data: Any) -> None:
        """To the server."""
        self.wire.send(bytes(data))

    def shutdown(self) -> None:
        """Close without a word."""
        self.wire.close()

    def _get_capabilities(self) -> None:
        """Ask, unless the greeting has told (RFC 3501 7.1): that saves a round trip."""
        told = self.untagged_responses.pop("CAPABILITY", [b""])[-1]
        names = (
            tuple(told.decode("ascii", "replace").upper().split())
            if isinstance(told, bytes)
            else ()
        )
        self.greeted = self.greeted is None and "IMAP4REV1" in names
        if self.greeted:
            self.capabilities = names
        else:
            super()._get_capabilities()  # type: ignore[misc] # imaplib has it, its types do not

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> Any:
        """STARTTLS by our rules, whatever context is offered: nothing buffered, name verified."""
        kind, data = self._simple_command("STARTTLS")
        if kind == "OK":
            greet.upgrade(self.wire, self.trust)
            self.sock = self.wire.sock
            self._tls_established = True
            self._get_capabilities()  # what came in clear is void
        return kind, data

    def _command_complete(self, name: str, tag: bytes) -> Any:
        kind, data = super()._command_complete(name, tag)  # type: ignore[misc] # not in its types
        if kind == "OK" and name in ("LOGIN", "AUTHENTICATE"):
            self.entered = data[-1] or b""
        return kind, data

    def _log(self, line: str) -> None:
        """Keep nothing: imaplib would keep the last commands, passwords too."""


class Session(IMAPClient):  # type: ignore[misc] # IMAPClient carries no types
    """IMAPClient over a wire."""

    def __init__(self, wire: Wire, trust: Trust) -> None:
        self._wire, self._trust = wire, trust
        super().__init__(wire.host, ssl=False)
        self._imap.debug = 0  # IMAPClient sets 5, which formats every line for nobody

    def _create_IMAP4(self) -> _WireIMAP4:  # noqa: N802 - IMAPClient's name
        return _WireIMAP4(self._wire, self._trust)

    def _set_read_timeout(self) -> None:
        """The wire sets its own timeouts."""


def signed_in(
    endpoint: Endpoint, login: Login, policy: AddressPolicy, trust: Trust, total: Deadline
) -> tuple[Wire, frozenset[str]]:
    """A connection that is signed in, and the server's capabilities; closed where that fails."""
    wire = greet.dial(endpoint, policy, trust, total)
    try:
        return wire, enter(wire, login, endpoint.security, trust)
    except BaseException:
        wire.close()
        raise


def enter(wire: Wire, login: Login, security: Security, trust: Trust) -> frozenset[str]:
    """Take a dialled wire through greeting, STARTTLS and sign-in; the capabilities after it.

    No byte of the login is sent before TLS where the security asks for it.
    """
    username = refuse_controls(login.username.encode(), Stage.LOGIN)
    password = refuse_controls(login.password.encode(), Stage.LOGIN)
    try:
        session = _greet(wire, security, trust)
        wire.secret = login.password
        wire.limit(STEP, Stage.LOGIN)
        _sign_in(session, username, password, login)
        return _after(session)
    except (imaplib.IMAP4.error, IMAPClientError) as error:
        raise wire.fail(_explain(error, wire, login)) from None
    except (UnicodeError, ValueError, IndexError, TypeError):
        # imaplib and IMAPClient trip over answers they did not foresee.
        raise wire.broken("answer not understood") from None


def _greet(wire: Wire, security: Security, trust: Trust) -> Session:
    line = greet.greeting(wire, "IMAP")
    if line[2:9].upper() == b"PREAUTH":
        # Signed in before we said who we are: on a clear connection that hides a stripped STARTTLS.
        if security is Security.STARTTLS:
            raise wire.fail(EncryptionFailed(Stage.ENCRYPTION, "tls-tampered"))
        raise wire.fail(LoginMethod(Stage.LOGIN))
    wire.unread(line)
    session = Session(wire, trust)
    if security is Security.STARTTLS:
        wire.limit(STEP, Stage.ENCRYPTION)
        if session._imap.greeted and not session.has_capability("STARTTLS"):
            session._imap._get_capabilities()
        if not session.has_capability("STARTTLS"):
            raise wire.fail(EncryptionFailed(Stage.ENCRYPTION, "tls-not-offered"))
        try:
            session.starttls()
        except (imaplib.IMAP4.error, IMAPClientError):
            raise wire.fail(EncryptionFailed(Stage.ENCRYPTION, "tls-not-offered")) from None
    return session


def _sign_in(session: Session, username: bytes, password: bytes, login: Login) -> None:
    """PLAIN where it is offered (it carries any character), else LOGIN (RFC 4616, RFC 4959)."""
    imap = session._imap
    if login.oauth:
        oauth.sign_in(imap, _offered(session), login.username, login.password)
        return
    if session.has_capability("AUTH=PLAIN"):
        if not session.has_capability("SASL-IR"):
            session.plain_login(login.username, login.password)
            return
        blob = base64.b64encode(b"\0" + username + b"\0" + password)
        kind, data = imap._simple_command("AUTHENTICATE", "PLAIN", blob)
    elif session.has_capability("LOGINDISABLED"):
        raise session._wire.fail(LoginMethod(Stage.LOGIN))
    else:
        secret = quoted(password)
        if secret is None:
            imap.literal = password
        name = quoted(username) or b'"' + username + b'"'
        kind, data = imap._simple_command("LOGIN", name, secret)
    if kind != "OK":
        raise imaplib.IMAP4.error((data[-1] or b"").decode("utf-8", "replace"))
    imap.state = "AUTH"


def _offered(session: Session) -> frozenset[str]:
    told = (each.decode("ascii", "replace") for each in session.capabilities())
    # They are kept in the database, which takes no NUL.
    return frozenset(each for each in told if each.isprintable())


def _after(session: Session) -> frozenset[str]:
    """Capabilities change with sign-in: asked for again, unless the answer to it told them.

    What was told before that answer is never believed: proxies report what they can themselves.
    """
    told = _TOLD.search(session._imap.entered)
    names = tuple(told[1].upper().split()) if told else ()
    session._cached_capabilities = names if b"IMAP4REV1" in names else session._do_capabilites()
    return _offered(session)


# Response codes of RFC 5530 and what free text servers use instead.
_LATER = (
    "[UNAVAILABLE]",
    "[SERVERBUG]",
    "TEMPORAR",
    "TRY AGAIN",
    "TOO MANY",
    "RATE LIMIT",
    "NOT CONNECTED",
)
_METHOD = ("[PRIVACYREQUIRED]", "LOGINDISABLED", "PLAINTEXT AUTHENTICATION DISALLOWED")


def login_error(text: str, login: Login) -> MailServerError:
    """The error for a refused sign-in, by what the server said (RFC 5530)."""
    line, upper = redact(text, login.password), text.upper()
    if any(word in upper for word in _METHOD):
        return LoginMethod(Stage.LOGIN, server_line=line)
    hint = hints.error(line, Stage.LOGIN)
    if hint is not None:
        return hint
    if any(word in upper for word in _LATER):
        return LoginLater(Stage.LOGIN, server_line=line)
    if login.oauth:
        # Tokens live for an hour; whether the permission itself is gone shows at the next renewal.
        return TokenExpired(Stage.LOGIN, server_line=line)
    return LoginRefused(Stage.LOGIN, server_line=line)


def _explain(error: Exception, wire: Wire, login: Login) -> MailServerError:
    text = str(error)
    if isinstance(error, oauth.NotOfferedError):
        return LoginMethod(Stage.LOGIN)
    if isinstance(error, imaplib.IMAP4.abort):
        said = redact(text, login.password)
        if "BYE" in text or "[" in text:
            return hints.error(said, wire.stage) or LoginLater(wire.stage, server_line=said)
        return Dropped(wire.stage) if "EOF" in text else ProtocolBroken(wire.stage)
    if wire.stage is Stage.LOGIN:
        return login_error(text, login)
    return Refused(wire.stage, server_line=redact(text, login.password))
