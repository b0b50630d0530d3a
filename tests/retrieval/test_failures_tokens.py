"""Known failures 18 and 19: token endpoints in trouble, and tokens that were withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from protocols import oauth
from protocols.address import AddressPolicy
from protocols.errors import MailServerError, OAuthRevoked, OAuthUnavailable
from protocols.tls import Trust
from retrieval.retry import Standing, Verdict, after_failure
from standin.certs import TlsFiles
from standin.hostile import Drop, Expect, Hang, Hostile, Send, Step, Tls

NOW = timezone.now()
MAIL = "https://mail.google.com/"
SILENT: list[Step] = [Expect(), Hang()]


def http(status: str, body: str = "", *headers: str) -> list[Step]:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", body]
    return [Expect(rb"^\r?$"), Send("\r\n".join(head).encode()), Hang()]


def refreshed(
    script: list[Step],
    policy: AddressPolicy,
    trust: Trust,
    files: TlsFiles,
    deadline: float = 60,
) -> None:
    """Ask for a token where this is answered."""
    with Hostile([Tls(files.good), *script]) as server:
        oauth.refresh(
            f"https://localhost:{server.port}/token",
            client_id="tributary",
            client_secret="client secret",
            refresh_token="refresh token",
            policy=policy,
            trust=trust,
            scope=MAIL,
            deadline=deadline,
        )


def verdicts(error: MailServerError, *, chance: float) -> Iterator[Verdict]:
    """What becomes of a task that meets this again and again, for a day."""
    standing = Standing(1, automatic=True, fail_count=0, refused_count=0, failing_since=None)
    now = NOW
    while now < NOW + timedelta(days=1):
        verdict = after_failure(
            standing,
            cause=error.cause,
            interval=600,
            now=now,
            chance=chance,
            retry_after=error.retry_after,
        )
        yield verdict
        assert verdict.next_at is not None
        assert verdict.next_at - now >= timedelta(seconds=15)
        now = verdict.next_at
        standing = Standing(
            1, True, verdict.fail_count, verdict.refused_count, verdict.failing_since, error.cause
        )


@pytest.mark.parametrize("chance", [0.0, 0.99])
@pytest.mark.parametrize(
    "script",
    [
        http("429 Too Many Requests", '{"error": "rate_limit"}', "Retry-After: 120"),
        http("500 Oops", "<html>"),
        http("503 Service Unavailable"),
        http("400 Bad Request", '{"error": "temporarily_unavailable"}'),
        http("401 Unauthorized", '{"error": "invalid_client"}'),
        http("200 OK", "not json"),
        http("302 Found", "", "Location: https://elsewhere.test/"),
        SILENT,
        [Expect(), Drop()],
    ],
    ids=["429", "500", "503", "busy", "client", "unparseable", "redirect", "silent", "dropped"],
)
def test_row_18_token_endpoint_in_trouble(
    loopback: AddressPolicy,
    trust: Trust,
    tls_files: TlsFiles,
    script: list[Step],
    chance: float,
) -> None:
    """None of this is a wrong password: a day of it asks nobody, and never loops tightly."""
    deadline = 0.5 if script == SILENT else 60
    with pytest.raises(OAuthUnavailable) as caught:
        refreshed(script, loopback, trust, tls_files, deadline)
    assert caught.value.temporary
    asked = list(verdicts(caught.value, chance=chance))
    assert {verdict.state for verdict in asked} == {"backoff"}
    assert {verdict.refused_count for verdict in asked} == {0}


def test_row_18_wish_of_the_endpoint(
    loopback: AddressPolicy, trust: Trust, tls_files: TlsFiles
) -> None:
    script = http("429 Too Many Requests", "", "Retry-After: 600")
    with pytest.raises(OAuthUnavailable) as caught:
        refreshed(script, loopback, trust, tls_files)
    first = next(verdicts(caught.value, chance=0.5))
    assert first.next_at == NOW + timedelta(seconds=660)


@pytest.mark.parametrize(
    "script",
    [
        http("400 Bad Request", '{"error": "invalid_grant", "error_description": "revoked"}'),
        http("400 Bad Request", '{"error": "interaction_required"}'),
        http("200 OK", '{"access_token": "t", "token_type": "Bearer", "scope": "openid email"}'),
    ],
    ids=["dead token", "interaction", "without mail"],
)
def test_row_19_refresh_token_died(
    loopback: AddressPolicy, trust: Trust, tls_files: TlsFiles, script: list[Step]
) -> None:
    """Only the person can mend this, so the person is asked at once; then one probe a day."""
    with pytest.raises(OAuthRevoked) as caught:
        refreshed(script, loopback, trust, tls_files)
    first = next(verdicts(caught.value, chance=0.5))
    assert first.state == "needs-password"
    assert first.next_at == NOW + timedelta(days=1)
