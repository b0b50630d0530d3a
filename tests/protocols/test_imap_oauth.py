"""Signing in with access tokens, and what a refused one leads to."""

import base64
import re

import pytest

from protocols.address import AddressPolicy
from protocols.errors import Later, LoginMethod, MailServerError, TokenExpired
from protocols.imap import ImapSource
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.hostile import Expect, Hang, Hostile, Send, Step
from tests.protocols.scripted import CAPS

TOKEN = "ya29.canary-token~of/letters+" + "x" * 60
LOGIN = Login("mara@provider.test", TOKEN, oauth=True)
XOAUTH2 = f"user=mara@provider.test\x01auth=Bearer {TOKEN}\x01\x01".encode()
BEARER = f"n,a=mara@provider.test,\x01auth=Bearer {TOKEN}\x01\x01".encode()
COMPLAINT = base64.b64encode(b'{"status":"400","schemes":"Bearer","scope":"https://mail"}')
DONE: list[Step] = [Send(b"%TAG% OK in\r\n"), Expect(b"CAPABILITY"), Send(CAPS % b""), Hang()]


def greeting(offered: bytes) -> list[Step]:
    return [Send(b"* OK ready\r\n"), Expect(b"CAPABILITY"), Send(CAPS % offered)]


def meet(server: Hostile, policy: AddressPolicy, trust: Trust) -> ImapSource:
    endpoint = Endpoint("localhost", server.port, Security.NONE)
    return ImapSource.open(endpoint, LOGIN, policy=policy, trust=trust, deadline=4)


def sent(server: Hostile) -> list[bytes]:
    """What was decoded from the base64 in each line."""
    found = re.findall(rb"(?:^| )([A-Za-z0-9+/=]{40,})\r\n", server.clear_text, re.M)
    return [base64.b64decode(each) for each in found]


@pytest.mark.parametrize(
    ("offered", "first"),
    [
        (b"AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER", XOAUTH2),
        (b"AUTH=PLAIN AUTH=OAUTHBEARER", BEARER),
    ],
)
@pytest.mark.parametrize("initial", [True, False])
def test_the_token_travels_with_the_command_or_after_it(
    loopback: AddressPolicy, trust: Trust, offered: bytes, first: bytes, initial: bool
) -> None:
    script = greeting(offered + (b" SASL-IR" if initial else b""))
    script.append(Expect(b"AUTHENTICATE"))
    if not initial:
        script += [Send(b"+ \r\n"), Expect(command=False)]
    with Hostile([*script, *DONE]) as server:
        meet(server, loopback, trust).close()
        assert sent(server) == [first]
        assert b"mara" not in server.clear_text


@pytest.mark.parametrize(
    ("offered", "dismissal"),
    [(b"AUTH=XOAUTH2 SASL-IR", b"\r\n"), (b"AUTH=OAUTHBEARER SASL-IR", b"AQ==\r\n")],
)
@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (b"NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", TokenExpired),
        (b"NO AUTHENTICATE failed.", TokenExpired),
        (b"BAD User is authenticated but not connected.", Later),
        (b"NO echo " + TOKEN.encode(), TokenExpired),
    ],
)
def test_a_refused_token_is_to_be_renewed_and_never_shown(
    loopback: AddressPolicy,
    trust: Trust,
    offered: bytes,
    dismissal: bytes,
    refusal: bytes,
    expected: type[MailServerError],
) -> None:
    """The server explains itself in a challenge and says no only after that was answered."""
    script = [*greeting(offered), Expect(b"AUTHENTICATE"), Send(b"+ " + COMPLAINT + b"\r\n")]
    answer: list[Step] = [Expect(command=False), Send(b"%TAG% " + refusal + b"\r\n"), Hang()]
    with Hostile([*script, *answer]) as server:
        with pytest.raises(expected) as caught:
            meet(server, loopback, trust)
        assert server.clear_text.endswith(b"\r\n" + dismissal)
    assert TOKEN not in str(caught.value) + repr(caught.value) + caught.value.server_line


def test_a_server_that_takes_no_tokens_gets_none(loopback: AddressPolicy, trust: Trust) -> None:
    with Hostile([*greeting(b"AUTH=PLAIN"), Hang()]) as server:
        with pytest.raises(LoginMethod):
            meet(server, loopback, trust)
        assert b"AUTHENTICATE" not in server.clear_text


def test_a_token_that_runs_out_on_the_way_is_told_apart(
    loopback: AddressPolicy, trust: Trust
) -> None:
    farewell = b"* BYE Session invalidated - AccessTokenExpired\r\n"
    script = [*greeting(b"AUTH=XOAUTH2 SASL-IR"), Expect(b"AUTHENTICATE"), *DONE[:-1]]
    with Hostile([*script, Expect(b"EXAMINE"), Send(farewell), Hang()]) as server:
        source = meet(server, loopback, trust)
        with pytest.raises(TokenExpired):
            source.examine(b"INBOX")
