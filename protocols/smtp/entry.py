"""The way into an SMTP server: greeting, EHLO, STARTTLS, and one attempt to sign in."""

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from protocols import greet, sasl, tls
from protocols.address import AddressPolicy
from protocols.errors import (
    EncryptionFailed,
    Later,
    LoginLater,
    LoginMethod,
    LoginRefused,
    MailServerError,
    ProtocolBroken,
    Stage,
    TokenExpired,
    redact,
)
from protocols.smtp.replies import Reply, ask, read, read_lines, refused, send
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login, Security
from protocols.wire import Wire

STEP = 60.0
CLOSING = 5.0
# In this order; one attempt only, because every failed one counts against the user's account.
_METHODS = ("PLAIN", "LOGIN", "CRAM-MD5")
_NUMBER = re.compile(r"\d{1,15}")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server says it can do, in its answer to EHLO.

    `size` is the largest message it takes, in bytes; 0 where it names none (RFC 1870).
    """

    extensions: frozenset[str] = field(default_factory=frozenset)
    methods: frozenset[str] = field(default_factory=frozenset)
    size: int = 0

    def __contains__(self, extension: str) -> bool:
        """Whether an extension is offered, by its keyword in capitals."""
        return extension in self.extensions

    @property
    def facts(self) -> dict[str, int]:
        """What is worth remembering of it: 1 or 0 by extension in small letters, and the size."""
        kept = ("8BITMIME", "SMTPUTF8", "DSN", "PIPELINING")
        return {"size": self.size, **{name.lower(): int(name in self) for name in kept}}


def enter(
    endpoint: Endpoint,
    login: Login | None,
    *,
    policy: AddressPolicy,
    trust: Trust,
    total: Deadline,
) -> tuple[Wire, Offer]:
    """A connection that is ready for MAIL, and what its server offers.

    Raises a `MailServerError`, the connection closed.
    """
    _check(login)
    wire = greet.dial(endpoint, policy, trust, total)
    try:
        offer = _enter(wire, endpoint, login, trust)
    except BaseException:
        wire.close()
        raise
    return wire, offer


def leave(wire: Wire) -> None:
    """Say goodbye and close; whatever comes back changes nothing any more."""
    if wire.closed:
        return
    try:
        wire.limit(CLOSING, Stage.SEND)
        ask(wire, b"QUIT")
    except MailServerError:
        pass  # it left without a word
    finally:
        wire.close()


def _check(login: Login | None) -> None:
    """Refuse what could mean something else inside the answer of a sign-in."""
    said = f"{login.username}{login.password}" if login else ""
    if any(sign in said for sign in "\0\1\r\n"):
        raise ProtocolBroken(
            Stage.LOGIN, server_line="control character in an argument", temporary=False
        )


def _enter(wire: Wire, endpoint: Endpoint, login: Login | None, trust: Trust) -> Offer:
    _greeted(wire)
    if endpoint.security is Security.STARTTLS:
        offer = _hello(wire)
        wire.limit(STEP, Stage.ENCRYPTION)
        if "STARTTLS" not in offer or ask(wire, b"STARTTLS").code != 220:
            raise EncryptionFailed(Stage.ENCRYPTION, "tls-not-offered")
        greet.upgrade(wire, trust)
    # What was said before the encryption counts for nothing (RFC 3207 section 4.2).
    wire.limit(STEP, Stage.HELLO)
    offer = _hello(wire)
    if login is not None:
        wire.limit(STEP, Stage.LOGIN)
        wire.secret = login.password
        _sign_in(wire, login, offer)
    wire.limit(STEP, Stage.SEND)
    return offer


def _greeted(wire: Wire) -> None:
    try:
        line = greet.greeting(wire, "SMTP")
    except Later as later:
        raise LoginLater(Stage.GREETING, server_line=later.server_line) from None
    if line[3:4] == b"-":
        read_lines(wire)


def _hello(wire: Wire) -> Offer:
    """EHLO, or HELO for a server from before 1995 (RFC 5321 section 3.2)."""
    own = tls.own_name(wire.sock)
    send(wire, b"EHLO " + own)
    code, lines = read_lines(wire)
    if code == 250:
        return _offer([line.decode("ascii", "replace") for line in lines[1:]])
    reply = Reply(code, redact(b" ".join(lines)))
    if code in (500, 501, 502, 504, 550):
        reply = ask(wire, b"HELO " + own)
    if reply.code != 250:
        raise refused(wire.stage, reply)
    return Offer()


def _offer(lines: Sequence[str]) -> Offer:
    extensions: set[str] = set()
    methods: set[str] = set()
    size = 0
    for line in lines:
        name, *words = line.upper().replace("AUTH=", "AUTH ", 1).split() or [""]
        extensions.add(name)
        if name == "AUTH":
            methods.update(words)
        elif name == "SIZE" and words and _NUMBER.fullmatch(words[0]):
            size = int(words[0])
    return Offer(frozenset(extensions), frozenset(methods), size)


def _sign_in(wire: Wire, login: Login, offer: Offer) -> None:
    if login.oauth:
        _with_token(wire, login, offer)
        return
    method = next((each for each in _METHODS if each in offer.methods), None)
    if method is None:
        raise LoginMethod(Stage.LOGIN)
    name, password = login.username.encode(), login.password.encode()
    if method == "PLAIN":
        reply = ask(wire, b"AUTH PLAIN " + base64.b64encode(b"\0" + name + b"\0" + password))
    elif method == "LOGIN":
        reply = _answered(
            wire, b"AUTH LOGIN", [base64.b64encode(each) for each in (name, password)]
        )
    else:
        reply = _challenged(wire, name, password)
    if reply.code != 235:
        raise refused(Stage.LOGIN, reply)


def _answered(wire: Wire, command: bytes, answers: Sequence[bytes]) -> Reply:
    """A command and an answer to each of the questions that follow (334)."""
    reply = ask(wire, command)
    for each in answers:
        if reply.code != 334:
            break
        reply = ask(wire, each)
    return reply


def _challenged(wire: Wire, name: bytes, password: bytes) -> Reply:
    """CRAM-MD5 (RFC 2195): the password itself stays here."""
    send(wire, b"AUTH CRAM-MD5")
    code, lines = read_lines(wire)
    if code != 334:
        return Reply(code, redact(b" ".join(lines), wire.secret))
    try:
        challenge = base64.b64decode(lines[0], validate=True)
    except ValueError:
        raise wire.broken("challenge not in base64") from None
    digest = hmac.new(password, challenge, "md5").hexdigest()
    return ask(wire, base64.b64encode(name + b" " + digest.encode()))


def _with_token(wire: Wire, login: Login, offer: Offer) -> None:
    """One attempt with an access token; a refused one may be renewed (`protocols.sasl`)."""
    mechanism = sasl.chosen(offer.methods)
    if not mechanism:
        raise LoginMethod(Stage.LOGIN)
    first = sasl.first(mechanism, login.username, login.password)
    send(wire, b"AUTH " + mechanism.encode() + b" " + first)
    code, lines = read_lines(wire)
    reply, words = Reply(code, redact(b" ".join(lines), login.password)), ""
    if code == 334:
        words = sasl.complaint(lines[0], login.password)
        send(wire, sasl.dismissal(mechanism))
        reply = read(wire)
    if reply.code == 235:
        return
    error = refused(Stage.LOGIN, Reply(reply.code, f"{reply.text} {words}".strip()))
    if isinstance(error, LoginRefused):
        raise TokenExpired(Stage.LOGIN, server_line=error.server_line)
    raise error
