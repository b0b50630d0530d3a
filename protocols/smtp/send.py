"""One message through one server, with a report for each recipient."""

import asyncio
import queue
import re
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import aiosmtplib

from protocols.address import AddressPolicy
from protocols.errors import AnswerLost, ProtocolBroken, Stage, redact
from protocols.idn import to_ascii
from protocols.smtp.session import STEP, answered, sender_refused, session
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login

# RFC 5321 4.1.2: a dot-string or a quoted string before the @; no spaces, no angle brackets.
_ADDRESS = re.compile(
    r'(?:"(?:[^"\\\x00-\x1f\x7f]|\\[ -~])+"|[^\s<>()\[\]",:;\\@\x00-\x1f\x7f]+)'
    r"@[^\s<>()\",;\\@\x00-\x1f\x7f]+"
)
_LINE_ENDING = re.compile(rb"\r\n|\r|\n")
_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer: three digits and its words, made fit to show."""

    code: int
    text: str

    @property
    def accepted(self) -> bool:
        """Whether the server took it."""
        return 200 <= self.code < 300


@dataclass(frozen=True, slots=True)
class SendReport:
    """What became of each recipient; `final` is the answer to the message, None if none was sent.

    A recipient was served when its reply is 2xx and the final one is too.
    """

    recipients: Mapping[str, Reply]
    final: Reply | None


async def send(
    endpoint: Endpoint,
    login: Login | None,
    *,
    policy: AddressPolicy,
    trust: Trust,
    sender: str,
    recipients: Sequence[str],
    message: bytes,
    before_dot: Callable[[], Awaitable[None] | None] | None = None,
    deadline: float = 300.0,
) -> SendReport:
    """Send one message to all recipients.

    `before_dot` is called once, when at least one recipient and DATA were accepted and before the
    dot that hands the message over: what it commits is known before the server can have it.
    After it only a reply or `AnswerLost` follows; before it any other `MailServerError` means
    that nothing was sent.  What `before_dot` raises ends the session without the dot.

    A refused sender or sign-in raises; a refused recipient is in the report.
    """
    check_addresses(sender, recipients)
    clock = Deadline(deadline, Stage.CONNECT)
    secret = login.password if login else ""
    try:
        async with session(endpoint, login, policy=policy, trust=trust, clock=clock) as client:
            wide = await _envelope(client, sender, recipients, message, secret)
            replies = {each: await _recipient(client, each, wide, secret) for each in recipients}
            taken = any(reply.accepted for reply in replies.values())
            final = await _data(client, message, before_dot, secret) if taken else None
    except _MarkFailed as failed:
        raise failed.reason from None
    return SendReport(replies, final)


class _MarkFailed(Exception):
    """Carries what `before_dot` raised past the translation of foreign errors."""

    def __init__(self, reason: Exception) -> None:
        super().__init__()
        self.reason = reason


def send_sync(
    endpoint: Endpoint,
    login: Login | None,
    *,
    policy: AddressPolicy,
    trust: Trust,
    sender: str,
    recipients: Sequence[str],
    message: bytes,
    before_dot: Callable[[], None] | None = None,
    deadline: float = 300.0,
) -> SendReport:
    """Send one message from synchronous code; see `send`.

    The conversation runs in a thread of its own, while `before_dot` runs in the caller's: a
    database connection belongs to its thread, and Django forbids queries beside an event loop.
    """
    requests: queue.SimpleQueue[Future[None] | None] = queue.SimpleQueue()
    result: Future[SendReport] = Future()

    async def ask() -> None:
        answer: Future[None] = Future()
        requests.put(answer)
        await asyncio.wrap_future(answer)

    def converse() -> None:
        job = send(
            endpoint,
            login,
            policy=policy,
            trust=trust,
            sender=sender,
            recipients=recipients,
            message=message,
            before_dot=ask if before_dot else None,
            deadline=deadline,
        )
        try:
            result.set_result(asyncio.run(job))
        except BaseException as error:  # noqa: BLE001 - handed to the caller, whatever it is
            result.set_exception(error)
        finally:
            requests.put(None)

    thread = threading.Thread(target=converse, name="smtp-send", daemon=True)
    thread.start()
    while (request := requests.get()) is not None:
        _serve(request, before_dot)
    thread.join()
    return result.result()


def _serve(request: Future[None], before_dot: Callable[[], None] | None) -> None:
    try:
        if before_dot is not None:
            before_dot()
        request.set_result(None)
    except BaseException as error:  # noqa: BLE001 - travels through the conversation and back
        request.set_exception(error)


def check_addresses(sender: str, recipients: Sequence[str]) -> None:
    """Refuse what could become a command of its own; the empty sender of a bounce is right."""
    if not recipients or not all(
        map(_ADDRESS.fullmatch, [*recipients, *([sender] if sender else [])])
    ):
        raise ProtocolBroken(Stage.SEND, server_line="unusable address", temporary=False)


async def _envelope(
    client: aiosmtplib.SMTP, sender: str, recipients: Sequence[str], message: bytes, secret: str
) -> bool:
    """MAIL FROM with the extensions this message needs; whether addresses may be UTF-8."""
    wide = client.supports_extension("smtputf8") and not all(
        each.isascii() for each in (sender, *recipients)
    )
    options: list[bytes] = []
    if client.supports_extension("size"):
        options.append(b"SIZE=%d" % len(message))
    if not message.isascii() and client.supports_extension("8bitmime"):
        options.append(b"BODY=8BITMIME")
    if wide:
        options.append(b"SMTPUTF8")
    path = path_of(sender, wide=wide)
    if path is None:
        raise answered(Stage.SEND, 553, "5.6.7 SMTPUTF8 is needed and not offered")
    reply = await client.execute_command(b"MAIL", b"FROM:" + path, *options)
    if reply.code != 250:
        raise sender_refused(reply.code, reply.message, secret)
    return wide


async def _recipient(client: aiosmtplib.SMTP, address: str, wide: bool, secret: str) -> Reply:
    path = path_of(address, wide=wide)
    if path is None:
        return Reply(553, "5.6.7 SMTPUTF8 is needed and not offered")
    reply = await client.execute_command(b"RCPT", b"TO:" + path)
    if reply.code == 421:
        raise answered(Stage.SEND, reply.code, reply.message, secret)
    return Reply(reply.code, redact(reply.message, secret))


def path_of(address: str, *, wide: bool) -> bytes | None:
    """An address in angle brackets; None when only UTF-8 could carry it and may not."""
    if wide or address.isascii():
        return f"<{address}>".encode()
    local, _, domain = address.rpartition("@")
    try:
        return b"<%s@%s>" % (local.encode("ascii"), to_ascii(domain).encode())
    except UnicodeError:
        return None


async def _data(
    client: aiosmtplib.SMTP,
    message: bytes,
    before_dot: Callable[[], Awaitable[None] | None] | None,
    secret: str,
) -> Reply:
    """DATA, the message, the mark, the dot, the answer."""
    ready = await client.execute_command(b"DATA")
    if ready.code != 354:
        return Reply(ready.code, redact(ready.message, secret))
    wire = client.protocol
    if wire is None:
        raise aiosmtplib.SMTPServerDisconnected("gone before the message")
    wire.write(stuffed(message))
    if before_dot is not None:
        try:
            marked = before_dot()
            if marked is not None:
                await marked
        except Exception as error:  # noqa: BLE001 - unwrapped again by `send`
            raise _MarkFailed(error) from None
    try:
        wire.write(b".\r\n")
        reply = await wire.read_response(timeout=STEP * 5)
    except (aiosmtplib.SMTPException, OSError, asyncio.CancelledError) as error:
        raise AnswerLost(Stage.SEND) from error
    return Reply(reply.code, redact(reply.message, secret))


def stuffed(message: bytes) -> bytes:
    """A message as DATA carries it: CRLF only, dots doubled, ended by CRLF (RFC 5321 4.5.2).

    A lone CR or LF inside would let a receiver see the end of the message where there is none.
    """
    text = _LINE_ENDING.sub(b"\r\n", message)
    if not text.endswith(b"\r\n"):
        text += b"\r\n"
    return _DOT.sub(b"..", text)
