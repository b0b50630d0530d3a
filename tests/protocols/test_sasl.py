"""What travels when an access token is used, and what a server says about one it does not take."""

from __future__ import annotations

import base64

import pytest

from protocols import sasl
from protocols.address import AddressPolicy
from protocols.errors import TokenExpired
from protocols.pop3 import Pop3Source
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.hostile import Expect, Hang, Hostile, Send, Step

TOKEN = "ya29.token-of-somebody"


def coded(text: str) -> bytes:
    return base64.b64encode(text.encode())


@pytest.mark.parametrize(
    ("offered", "mechanism"),
    [
        ({"PLAIN", "OAUTHBEARER", "XOAUTH2"}, "XOAUTH2"),
        ({"PLAIN", "OAUTHBEARER"}, "OAUTHBEARER"),
        ({"PLAIN", "LOGIN"}, ""),
        (set(), ""),
    ],
)
def test_the_mechanism_is_one_the_server_offers(offered: set[str], mechanism: str) -> None:
    assert sasl.chosen(offered) == mechanism


def test_names_are_escaped_where_commas_separate() -> None:
    said = base64.b64decode(sasl.first(sasl.OAUTHBEARER, "a=b,c@example.test", TOKEN)).decode()
    assert said == f"n,a=a=3Db=2Cc@example.test,\1auth=Bearer {TOKEN}\1\1"
    said = base64.b64decode(sasl.first(sasl.XOAUTH2, "a=b,c@example.test", TOKEN)).decode()
    assert said == f"user=a=b,c@example.test\1auth=Bearer {TOKEN}\1\1"


@pytest.mark.parametrize(
    ("challenge", "words"),
    [
        (coded('{"status":"401","schemes":"bearer","scope":"mail"}'), "401 mail"),
        (coded('{"status":"invalid_token"}').decode(), "invalid_token"),
        (coded(f'{{"status":"{TOKEN}"}}'), "•••"),
        (coded('{"status":"a\\r\\nb"}'), "a b"),
        (coded('["status"]'), ""),
        (coded("{" * 900), ""),
        (b"+not base64+", ""),
        (b"", ""),
        (None, ""),
        ("ünsinn", ""),
    ],
)
def test_a_complaint_is_read_whatever_it_is(challenge: bytes | str | None, words: str) -> None:
    assert sasl.complaint(challenge, TOKEN) == words


@pytest.mark.parametrize("refused", [False, True])
def test_pop_tries_the_other_mechanism_where_one_is_unknown(
    loopback: AddressPolicy, trust: Trust, refused: bool
) -> None:
    script: list[Step] = [
        Send(b"+OK ready\r\n"),
        Expect(rb"^AUTH XOAUTH2\r?$", command=False),
        Send(b"-ERR unknown mechanism\r\n"),
        Expect(rb"^AUTH OAUTHBEARER\r?$", command=False),
        Send(b"+ \r\n"),
        Expect(command=False),
    ]
    if refused:
        complaint = coded('{"status":"invalid_token"}')
        script += [Send(b"+ " + complaint + b"\r\n"), Expect(rb"^AQ==\r?$", command=False)]
        script += [Send(b"-ERR [AUTH] no\r\n"), Hang()]
    else:
        script += [Send(b"+OK in\r\n"), Expect(command=False), Send(b"-ERR what\r\n"), Hang()]
    login = Login("mara@provider.test", TOKEN, oauth=True)
    with Hostile(script) as server:
        where = Endpoint("localhost", server.port, Security.NONE)
        if refused:
            with pytest.raises(TokenExpired) as caught:
                Pop3Source.open(where, login, policy=loopback, trust=trust, deadline=4)
            assert caught.value.server_line == "[AUTH] no invalid_token"
        else:
            Pop3Source.open(where, login, policy=loopback, trust=trust, deadline=4).drop()
            assert sasl.first(sasl.OAUTHBEARER, login.username, TOKEN) in server.clear_text
