"""Codes, devices and withdrawals at sign-in services that answer as they like."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from protocols import oauth
from protocols.address import AddressPolicy
from protocols.errors import AddressRefused, MailServerError, OAuthRefused, OAuthUnavailable
from protocols.oauth import Party
from protocols.tls import Trust
from tests.protocols.test_oauth import GRANT, Provider
from tests.protocols.test_oauth import provider as provider  # noqa: PLC0414 - a fixture

CODE, VERIFIER, SECRET = "code-from-the-browser", "v" * 64, "s3cret-of-the-client"


@pytest.fixture
def party(loopback: AddressPolicy, trust: Trust) -> Party:
    return Party("tributary", SECRET, loopback, trust, 5)


def exchange(provider: Provider, party: Party) -> oauth.Token:
    url = f"https://localhost:{provider.server_port}/token"
    return oauth.exchange(
        url, party, code=CODE, verifier=VERIFIER, redirect_uri="https://here.test/back"
    )


def failure(ask: Callable[[], object]) -> MailServerError:
    with pytest.raises(MailServerError) as caught:
        ask()
    for secret in (CODE, VERIFIER, SECRET):
        assert secret not in f"{caught.value!r} {caught.value} {caught.value.server_line}"
    return caught.value


def id_token(claims: object) -> str:
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none"}, claims, "")
    )


def test_a_code_is_exchanged_with_its_verifier(provider: Provider, party: Party) -> None:
    claims = {"email": "mara@provider.test", "iss": "https://provider.test"}
    answer = {"access_token": "at", "refresh_token": "rt", "id_token": id_token(claims)}
    provider.body = json.dumps(answer).encode()
    token = exchange(provider, party)
    assert (token.access, token.refresh, token.claims) == ("at", "rt", claims)
    assert "mara" not in repr(token)
    [(_, form)] = provider.asked
    assert form == {
        "grant_type": ["authorization_code"],
        "code": [CODE],
        "code_verifier": [VERIFIER],
        "redirect_uri": ["https://here.test/back"],
        "client_id": ["tributary"],
        "client_secret": [SECRET],
    }


def test_a_client_without_a_secret_sends_none(
    provider: Provider, loopback: AddressPolicy, trust: Trust
) -> None:
    exchange(provider, Party("tributary", "", loopback, trust, 5))
    [(_, form)] = provider.asked
    assert form["client_id"] == ["tributary"]
    assert "client_secret" not in form


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "a.b.c",
        "a.!!!.c",
        f"a.{'e30' * 9000}.c",
        7,
        None,
        id_token(["email"]),
        "..",
        "a.W10.c",
    ],
)
def test_an_id_token_that_is_none_names_nobody(
    provider: Provider, party: Party, token: object
) -> None:
    provider.body = json.dumps({"access_token": "at", "id_token": token}).encode()
    assert exchange(provider, party).claims == {}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, {"error": "invalid_grant", "error_description": f"{CODE} is {SECRET}"}, OAuthRefused),
        (401, {"error": "invalid_client"}, OAuthRefused),
        (200, {"error": "invalid_grant"}, OAuthUnavailable),
        (400, {"error": "temporarily_unavailable"}, OAuthUnavailable),
        (400, {"error": ["x"] * 50}, OAuthRefused),
        (500, {"error": "server_error"}, OAuthUnavailable),
        (302, {}, OAuthUnavailable),
        (200, {}, OAuthUnavailable),
        (200, {"access_token": ""}, OAuthUnavailable),
        (200, {"access_token": "a\nb"}, OAuthUnavailable),
        (200, {"access_token": {"a": 1}}, OAuthUnavailable),
        (200, {"access_token": "a", "token_type": "DPoP"}, OAuthUnavailable),
        (200, ["access_token"], OAuthUnavailable),
        (204, {"access_token": "a"}, OAuthUnavailable),
    ],
)
def test_an_exchange_that_fails(
    provider: Provider,
    party: Party,
    status: int,
    body: object,
    expected: type[MailServerError],
) -> None:
    provider.status, provider.body = status, json.dumps(body).encode()
    if status == 204:
        provider.body = b""
    assert isinstance(failure(lambda: exchange(provider, party)), expected)


def test_where_the_browser_goes() -> None:
    url = oauth.authorization_url(
        "https://provider.test/auth?tenant=x",
        client_id="a b&c",
        redirect_uri="https://here.test/back?a=b",
        scopes=frozenset({"mail", "openid"}),
        state="st&te",
        verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        extra={"login_hint": "mara+x@provider.test", "prompt": ""},
    )
    asked = parse_qs(urlsplit(url).query, strict_parsing=True)
    assert asked == {
        "tenant": ["x"],
        "response_type": ["code"],
        "client_id": ["a b&c"],
        "redirect_uri": ["https://here.test/back?a=b"],
        "scope": ["mail openid"],
        "state": ["st&te"],
        # RFC 7636 appendix B has the pair.
        "code_challenge": ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
        "code_challenge_method": ["S256"],
        "login_hint": ["mara+x@provider.test"],
    }


@pytest.mark.parametrize(("status", "fails"), [(200, False), (400, True), (503, True)])
def test_a_permission_is_withdrawn(
    provider: Provider, party: Party, status: int, fails: bool
) -> None:
    provider.status, provider.body = status, b""
    url = f"https://localhost:{provider.server_port}/revoke"

    def revoke() -> None:
        oauth.revoke(url, party, token="1//refresh-me")

    if fails:
        failure(revoke)
    else:
        revoke()
    [(_, form)] = provider.asked
    assert form["token"] == ["1//refresh-me"]
    assert form["token_type_hint"] == ["refresh_token"]
    assert form["client_secret"] == [SECRET]


def test_a_device_is_told_where_to_go(provider: Provider, party: Party) -> None:
    url = f"https://localhost:{provider.server_port}/device"
    provider.body = json.dumps(
        {
            "device_code": "device-code",
            "user_code": "ABCD-EFGH",
            "verification_url": "https://provider.test/device",
            "expires_in": 99999,
            "interval": "0",
        }
    ).encode()
    device = oauth.device_begin(url, party, scopes=frozenset({"mail", "openid"}))
    assert (device.user_code, device.interval, device.expires_in) == ("ABCD-EFGH", 1, 3600)
    assert "device-code" not in repr(device)
    assert provider.asked[0][1]["scope"] == ["mail openid"]
    provider.status, provider.body = 400, b'{"error": "authorization_pending"}'
    error = failure(lambda: oauth.device_poll(url, party, code="device-code"))
    assert isinstance(error, OAuthRefused)
    assert error.error == "authorization_pending"
    provider.status, provider.body = 200, GRANT
    assert oauth.device_poll(url, party, code="device-code").access == "at-1"
    assert provider.asked[-1][1]["grant_type"] == [oauth.DEVICE_GRANT]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
NAMES = "access_token refresh_token token_type expires_in scope id_token error error_description"
NAMES += " device_code user_code verification_uri interval expires_at"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    status=st.sampled_from([200, 400, 401, 503]),
    answer=st.dictionaries(st.sampled_from(NAMES.split()), ANYTHING, max_size=6) | ANYTHING,
)
@example(status=200, answer={"expires_in": [None]})
@example(status=200, answer={"expires_in": float("inf")})
@example(status=200, answer={"expires_at": {}})
def test_whatever_is_answered_ends_in_a_value_or_an_error_of_ours(
    provider: Provider, party: Party, status: int, answer: object
) -> None:
    provider.status, provider.body = status, json.dumps(answer).encode()
    url = f"https://localhost:{provider.server_port}/"
    for ask in (
        lambda: exchange(provider, party),
        lambda: oauth.device_poll(url, party, code=CODE),
        lambda: oauth.device_begin(url, party, scopes=frozenset({"mail"})),
    ):
        with contextlib.suppress(MailServerError):
            ask()


@pytest.mark.parametrize("url", ["http://localhost/", "https://10.0.0.1/", "", "https://a@b/"])
def test_only_public_addresses_are_asked(trust: Trust, url: str) -> None:
    party = Party("tributary", SECRET, AddressPolicy(), trust, 5)
    for ask in (
        lambda: oauth.exchange(url, party, code=CODE, verifier=VERIFIER, redirect_uri=""),
        lambda: oauth.revoke(url, party, token="t"),
        lambda: oauth.device_begin(url, party, scopes=frozenset()),
        lambda: oauth.device_poll(url, party, code="c"),
    ):
        assert isinstance(failure(ask), AddressRefused)
