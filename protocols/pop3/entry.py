"""The way into a maildrop: greeting, STLS, and one of four ways to sign in."""

import hashlib
import re

from protocols import greet, hints, sasl
from protocols.errors import (
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
from protocols.pop3.talk import answer, ask
from protocols.tls import Trust
from protocols.types import Login, Security
from protocols.wire import Wire

STEP = 60.0
# A timestamp must have the shape of a message id: forged ones leak the password (CVE-2007-1558).
_TIMESTAMP = re.compile(rb"<[!-;=?A-~]{1,120}@[!-;=?A-~]{1,120}>")
_LATER = (b"[SYS/TEMP]", b"LOCK", b"BUSY", b"WAIT ", b"TRY AGAIN")
_METHOD = (b"PLAINTEXT AUTHENTICATION DISALLOWED", b"[AUTH] PLAINTEXT", b"MUST ISSUE STLS")


def enter(wire: Wire, login: Login, security: Security, trust: Trust) -> None:
    """Greet, encrypt where asked to, and sign in; raises a `MailServerError`, the wire closed."""
    secrets = [each.encode() for each in (login.username, login.password)]
    if any(byte in each for each in secrets for byte in (b"\0", b"\1", b"\r", b"\n")):
        raise ProtocolBroken(
            Stage.LOGIN, server_line="control character in an argument", temporary=False
        )
    try:
        welcome = greet.greeting(wire, "POP3")
    except LoginLater as later:
        raise hints.error(later.server_line, later.stage) or later from None
    if security is Security.STARTTLS:
        wire.limit(STEP, Stage.ENCRYPTION)
        try:
            ask(wire, b"STLS")
        except Refused:
            raise wire.fail(EncryptionFailed(Stage.ENCRYPTION, "tls-not-offered")) from None
        greet.upgrade(wire, trust)
    wire.limit(STEP, Stage.LOGIN)
    wire.secret = login.password
    try:
        _sign_in(wire, login, welcome)
    except Refused as refusal:
        raise wire.fail(_login_error(refusal.server_line, login)) from None


def _sign_in(wire: Wire, login: Login, welcome: bytes) -> None:
    username, password = login.username.encode(), login.password.encode()
    if login.oauth:
        _with_token(wire, login)
    elif login.apop:
        stamp = _TIMESTAMP.search(welcome)
        if stamp is None:
            raise LoginMethod(Stage.LOGIN, server_line=redact(welcome))
        # MD5 is what RFC 1939 names; the password itself stays here.
        digest = hashlib.md5(stamp[0] + password, usedforsecurity=False).hexdigest()
        ask(wire, b"APOP " + username + b" " + digest.encode())
    else:
        ask(wire, b"USER " + username)
        ask(wire, b"PASS " + password)


def _with_token(wire: Wire, login: Login) -> None:
    """The mechanism the server takes, in two steps (RFC 5034): Microsoft knows no other way.

    A refusal comes as one more challenge, which wants an answer before the -ERR.
    """
    secret = login.password
    for mechanism in sasl.MECHANISMS:
        wire.send(f"AUTH {mechanism}\r\n".encode())
        line = wire.readline()
        if line.startswith(b"+") and not line.startswith(b"+OK"):
            break
        refusal = _not_a_challenge(wire, line, secret)
        if not isinstance(refusal, LoginMethod) or mechanism == sasl.MECHANISMS[-1]:
            raise wire.fail(refusal)
    wire.send(sasl.first(mechanism, login.username, secret) + b"\r\n")
    line = wire.readline()
    if line.startswith(b"+") and not line.startswith(b"+OK"):
        wire.send(sasl.dismissal(mechanism) + b"\r\n")
        try:
            answer(wire)
        except Refused as refused:
            complaint = sasl.complaint(line[1:].strip(), secret)
            refused.server_line = f"{refused.server_line} {complaint}".strip()
            raise
        raise wire.broken("signed in after an error")
    wire.unread(line)
    answer(wire)


def _not_a_challenge(wire: Wire, line: bytes, secret: str) -> MailServerError:
    if not line.startswith(b"-ERR"):
        return wire.broken("no challenge")
    said = redact(line[4:], secret)
    return hints.error(said, Stage.LOGIN) or LoginMethod(Stage.LOGIN, server_line=said)


def _login_error(line: str, login: Login) -> MailServerError:
    hinted = hints.error(line, Stage.LOGIN)
    if hinted is not None:
        return hinted
    said = line.upper().encode()
    if any(word in said for word in _METHOD):
        return LoginMethod(Stage.LOGIN, server_line=line)
    if any(word in said for word in _LATER):
        return LoginLater(Stage.LOGIN, server_line=line)
    return (TokenExpired if login.oauth else LoginRefused)(Stage.LOGIN, server_line=line)
