"""What travels when an access token is used, and what a server says about one it does not take."""

from __future__ import annotations

import base64

import pytest

from protocols import sasl

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
