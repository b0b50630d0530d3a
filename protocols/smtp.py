"""Handing one message to an SMTP server (RFC 5321, RFC 6409)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from protocols.address import AddressPolicy
from protocols.tls import Trust
from protocols.types import Endpoint, Login


@dataclass(frozen=True, slots=True)
class Reply:
    """A server's answer: three digits and its words, made fit to show."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class SendReport:
    """What became of each recipient; `final` is the answer to the message, None if none was sent.

    A recipient was accepted when its reply is 2xx and the final one is too.
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
    before_dot: Callable[[], None] | None = None,
    deadline: float = 300.0,
) -> SendReport:
    """Send one message."""
    raise NotImplementedError


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
    """Send one message from synchronous code; `before_dot` runs in the caller's own thread."""
    raise NotImplementedError
