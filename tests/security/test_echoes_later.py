"""Servers that repeat the password long after sign-in give nothing away either."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from protocols.address import AddressPolicy
from protocols.errors import MailServerError
from protocols.imap import ImapSource
from protocols.imap.idle import Idler
from protocols.pop3 import Pop3Source
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.hostile import Expect, Hang, Hostile, Send, Step
from tests.security.test_echoes import ECHOES
from tests.security.test_secrets import CANARY, leaks

LOGIN = Login("mara", CANARY)
ENTERED: list[Step] = [
    Send(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] ready\r\n"),
    Expect(b"AUTHENTICATE"),
    Send(b"%TAG% OK [CAPABILITY IMAP4rev1 IDLE] in\r\n"),
    Expect(b"EXAMINE"),
]
LET_IN: list[Step] = [
    Send(b"+OK ready\r\n"),
    *(Expect(b"USER"), Send(b"+OK go on\r\n"), Expect(b"PASS"), Send(b"+OK in\r\n")),
    *(Expect(b"CAPA"), Send(b"+OK\r\nUIDL\r\n.\r\n"), Expect(b"LIST")),
]
OPENED = Send(b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 4] x\r\n%TAG% OK done\r\n")


def said(
    script: list[Step],
    open_source: Callable[..., ImapSource | Idler | Pop3Source],
    act: Callable[..., object],
    policy: AddressPolicy,
) -> MailServerError:
    """The error that ends what is done with this server."""
    with Hostile([*script, Hang()]) as server, pytest.raises(MailServerError) as caught:
        endpoint = Endpoint("127.0.0.1", server.port, Security.NONE)
        act(open_source(endpoint, LOGIN, policy=policy, trust=Trust()))
    return caught.value


@pytest.mark.parametrize("echo", ECHOES[:4], ids=range(4))
@pytest.mark.parametrize("ends", [b"%TAG% NO I know ", b"* BYE I know "], ids=["no", "bye"])
def test_a_refused_command(loopback: AddressPolicy, ends: bytes, echo: bytes) -> None:
    script = [*ENTERED, Send(ends + echo + b"\r\n")]
    error = said(script, ImapSource.open, lambda source: source.examine(b"INBOX"), loopback)
    assert "I know" in error.server_line
    assert not leaks(error.server_line + str(error))


@pytest.mark.parametrize("echo", ECHOES[:4], ids=range(4))
def test_the_end_of_waiting(loopback: AddressPolicy, echo: bytes) -> None:
    # Cut in the middle, half a secret would be left.
    words = b"* BYE I know " + b"x" * 270 + b" " + echo + b"\r\n"
    script = [*ENTERED, OPENED, Expect(b"IDLE"), Send(b"+ go on\r\n" + words)]
    error = said(script, Idler.open, lambda idler: idler.start(), loopback)
    assert "I know" in error.server_line
    assert not leaks(error.server_line + str(error))
    assert CANARY[:6] not in error.server_line


@pytest.mark.parametrize("length", [30, 3_000, 9_000])
@pytest.mark.parametrize("ends", [b"%TAG% NO ", b"* BYE "], ids=["no", "bye"])
def test_a_line_full_of_it(loopback: AddressPolicy, ends: bytes, length: int) -> None:
    """Tokens are long: where a line is cut, half of one would not be known again."""
    token = "".join(map(str, range(1000, 9000)))[:length]
    words = ends + b"I know " + token.encode() * (20_000 // length) + b"\r\n"
    with (
        Hostile([*ENTERED, Send(words), Hang()]) as server,
        pytest.raises(MailServerError) as caught,
    ):
        login = Login("mara", token)
        endpoint = Endpoint("127.0.0.1", server.port, Security.NONE)
        ImapSource.open(endpoint, login, policy=loopback, trust=Trust()).examine(b"INBOX")
    assert not any(token[at : at + 6] in caught.value.server_line for at in range(length - 5))


@pytest.mark.parametrize("echo", ECHOES[:4], ids=range(4))
def test_a_refused_listing(loopback: AddressPolicy, echo: bytes) -> None:
    script = [*LET_IN, Send(b"-ERR I know " + echo + b"\r\n")]
    error = said(script, Pop3Source.open, lambda source: source.listing(), loopback)
    assert "I know" in error.server_line
    assert not leaks(error.server_line + str(error))
