"""A signed-in SMTP session: guarded address, encryption as asked, one attempt to sign in."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Iterator

import aiosmtplib

from protocols import address, sasl, tls
from protocols.address import AddressPolicy
from protocols.errors import (
    Dropped,
    EncryptionFailed,
    Hung,
    LoginLater,
    LoginMethod,
    LoginRefused,
    MailServerError,
    ProtocolBroken,
    Refused,
    Stage,
    TokenExpired,
    WrongProtocol,
    redact,
)
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login, Security

STEP = 60.0
#: What aiosmtplib puts before a line without a code: the server has not said it.
_NOT_SAID = "Malformed SMTP response line: "
GREETING = 30.0
CLOSING = 5.0
_TLS_ALERT = b"\x15\x03"
# In this order; one attempt only, because every failed one counts against the user's account.
_METHODS = ("plain", "login", "cram-md5")


@contextlib.asynccontextmanager
async def session(
    endpoint: Endpoint,
    login: Login | None,
    *,
    policy: AddressPolicy,
    trust: Trust,
    clock: Deadline,
) -> AsyncIterator[aiosmtplib.SMTP]:
    """A session ready for MAIL; every foreign error inside becomes a `MailServerError`.

    `clock` bounds everything inside the block too.
    """
    secret = login.password if login else ""
    step = Current(clock)
    client: aiosmtplib.SMTP | None = None
    with translated(step, endpoint, secret):
        try:
            async with asyncio.timeout(clock.remaining()):
                client = await _dial(endpoint, policy, trust, step)
                if login is not None:
                    step.enter(Stage.LOGIN)
                    await _sign_in(client, login)
                step.enter(Stage.SEND)
                yield client
                await _leave(client)
        finally:
            if client is not None:
                client.close()


class Current:
    """Which step a conversation is at."""

    def __init__(self, clock: Deadline) -> None:
        self.clock = clock
        self.stage = Stage.CONNECT

    def enter(self, stage: Stage) -> None:
        """Begin a step; the clock may keep a record of it."""
        self.stage = stage
        self.clock.within(STEP, stage)


async def _dial(
    endpoint: Endpoint, policy: AddressPolicy, trust: Trust, step: Current
) -> aiosmtplib.SMTP:
    sock = await asyncio.to_thread(address.connect, endpoint, policy, step.clock)
    try:
        if endpoint.security is not Security.TLS:
            await asyncio.to_thread(_look, sock, step.clock, endpoint.host)
        name = tls.server_name(endpoint.host)
        client = aiosmtplib.SMTP(
            hostname=name,
            sock=sock,
            use_tls=endpoint.security is Security.TLS,
            start_tls=False,
            tls_context=tls.context(trust),
            local_hostname=tls.own_name(sock).decode(),
            timeout=STEP,
        )
    except BaseException:
        sock.close()
        raise
    encrypted = endpoint.security is Security.TLS
    step.enter(Stage.ENCRYPTION if encrypted else Stage.GREETING)
    await client.connect()
    await client.ehlo()
    if endpoint.security is Security.STARTTLS:
        step.enter(Stage.ENCRYPTION)
        await _start_tls(client)
    tls.describe(client.get_transport_info("ssl_object"), step.clock)
    return client


async def _start_tls(client: aiosmtplib.SMTP) -> None:
    """STARTTLS or nothing; aiosmtplib discards what was sent in clear behind the 220."""
    if not client.supports_extension("starttls"):
        raise EncryptionFailed(Stage.ENCRYPTION, "tls-not-offered")
    try:
        await client.starttls()
    except aiosmtplib.SMTPResponseException:
        raise EncryptionFailed(Stage.ENCRYPTION, "tls-not-offered") from None
    await client.ehlo()


async def _sign_in(client: aiosmtplib.SMTP, login: Login) -> None:
    if login.oauth:
        await _with_token(client, login)
        return
    offered = client.server_auth_methods
    method = next((each for each in _METHODS if each in offered), None)
    if method is None:
        raise LoginMethod(Stage.LOGIN)
    sign_in = {
        "plain": client.auth_plain,
        "login": client.auth_login,
        "cram-md5": client.auth_crammd5,
    }[method]
    await sign_in(login.username, login.password)


async def _with_token(client: aiosmtplib.SMTP, login: Login) -> None:
    """One attempt with an access token; a refused one may be renewed (`protocols.sasl`)."""
    mechanism = sasl.chosen({each.upper() for each in client.server_auth_methods})
    if not mechanism:
        raise LoginMethod(Stage.LOGIN)
    first = sasl.first(mechanism, login.username, login.password)
    reply = await client.execute_command(b"AUTH", mechanism.encode(), first)
    words = ""
    if reply.code == 334:
        words = sasl.complaint(reply.message, login.password)
        reply = await client.execute_command(sasl.dismissal(mechanism))
    if reply.code == 235:
        return
    error = answered(Stage.LOGIN, reply.code, f"{reply.message} {words}".strip(), login.password)
    if isinstance(error, LoginRefused):
        raise TokenExpired(Stage.LOGIN, server_line=error.server_line)
    raise error


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Say goodbye; whatever comes back changes nothing any more."""
    with contextlib.suppress(aiosmtplib.SMTPException, OSError, ValueError):
        await client.quit(timeout=CLOSING)


def _look(sock: socket.socket, clock: Deadline, host: str) -> None:
    """Look at the greeting without taking it, to tell what kind of server speaks."""
    wait = clock.within(min(GREETING, clock.left() * 0.6), Stage.GREETING)
    try:
        sock.settimeout(wait.remaining())
        first = sock.recv(512, socket.MSG_PEEK)
    except TimeoutError:
        if tls.speaks_tls(sock, clock.within(3, Stage.GREETING)):
            raise WrongProtocol(Stage.ENCRYPTION, "tls-from-start", host=host) from None
        raise Hung(Stage.GREETING) from None
    if not first:
        raise Dropped(Stage.GREETING)
    if first.startswith(_TLS_ALERT):
        raise WrongProtocol(Stage.ENCRYPTION, "tls-from-start", host=host)
    if not first[:1].isdigit():
        raise WrongProtocol(Stage.GREETING, server_line=redact(first), wanted="SMTP")


@contextlib.contextmanager
def translated(step: Current, endpoint: Endpoint, secret: str) -> Iterator[None]:
    """Turn what aiosmtplib, asyncio and ssl raise into our errors, without the secret."""
    try:
        yield
    except MailServerError:
        raise
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        raise explain(error, step.stage, endpoint, secret) from None


def explain(error: Exception, stage: Stage, endpoint: Endpoint, secret: str) -> MailServerError:
    """Our error for a foreign one."""
    root = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
    if isinstance(root, ssl.SSLError):
        return tls.explain(root, endpoint.host)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return answered(stage, error.code, error.message, secret)
    if isinstance(error, TimeoutError):
        return Hung(stage)
    if isinstance(error, OSError):
        # A handshake that ends in a closed connection is a failure of the encryption.
        return Dropped(stage) if stage is not Stage.ENCRYPTION else tls.explain(error, "")
    return ProtocolBroken(stage, temporary=False)


def answered(stage: Stage, code: int, text: str, secret: str = "") -> MailServerError:
    """Our error for a reply that was not the hoped-for one (RFC 5321 4.2.1, RFC 4954 6)."""
    text = text.removeprefix(_NOT_SAID)
    line = redact(f"{code} {text}", secret)
    if code < 200:
        if stage in (Stage.GREETING, Stage.ENCRYPTION):
            return WrongProtocol(Stage.GREETING, server_line=redact(text), wanted="SMTP")
        return ProtocolBroken(stage, server_line=redact(text, secret))
    if stage is Stage.LOGIN:
        if code in (504, 534, 538):
            return LoginMethod(stage, server_line=line, code=code)
        if code < 500:
            return LoginLater(stage, server_line=line, code=code)
        return LoginRefused(stage, server_line=line, code=code)
    if stage in (Stage.GREETING, Stage.ENCRYPTION):
        return LoginLater(Stage.GREETING, server_line=line, code=code)
    return Refused(stage, server_line=line, temporary=code < 500, code=code)


def sender_refused(code: int, text: str, secret: str) -> MailServerError:
    """The same for an answer to MAIL, where only the sender has been named so far."""
    error = answered(Stage.SEND, code, text, secret)
    error.params["reason"] = "MAIL"
    return error
