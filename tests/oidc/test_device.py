"""Signing in on another device, for installations a provider cannot send a browser back to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from connectivity.models import AccountDraft, OAuthClient, OAuthFlow
from connectivity.services import credentials, signing_in
from connectivity.services.signing_in import SignInFailed
from standin.certs import TlsFiles
from standin.hostile import Expect, Hang, Hostile, Send, Step, Tls
from tests.oidc import PERSON
from tests.oidc.conftest import SESSION, MakeDraft
from tests.oidc.provider import OidcProvider

NOW = timezone.now()
STEP = timedelta(seconds=6)


def begin(draft: AccountDraft) -> OAuthFlow:
    return signing_in.begin_device(user=draft.user, draft=draft, session_key=SESSION, now=NOW)


def poll(draft: AccountDraft, steps: int, session: str = SESSION) -> AccountDraft | None:
    return signing_in.poll_device(
        user=draft.user, draft=draft, session_key=session, now=NOW + steps * STEP
    )


def failure(draft: AccountDraft, steps: int, session: str = SESSION) -> SignInFailed:
    with pytest.raises(SignInFailed) as caught:
        poll(draft, steps, session)
    return caught.value


def test_a_code_is_shown_typed_elsewhere_and_agreed_to(
    oauth_client: OAuthClient, oidc: OidcProvider, make_draft: MakeDraft
) -> None:
    draft = make_draft()
    flow = begin(draft)
    assert flow.user_code
    assert flow.verification_url.startswith(oidc.issuer)
    assert poll(draft, 1) is None
    oidc.agree_on_device(flow.verification_url, flow.user_code, PERSON)
    done = poll(draft, 2)
    assert done is not None
    assert done.credential is not None
    assert done.credential.grant.address == PERSON
    # The code is used up.
    assert failure(draft, 3).cause == "oauth-state"


def test_the_provider_is_asked_no_more_often_than_it_wants(
    oauth_client: OAuthClient, oidc: OidcProvider, make_draft: MakeDraft
) -> None:
    draft = make_draft()
    flow = begin(draft)
    oidc.agree_on_device(flow.verification_url, flow.user_code, PERSON)
    assert poll(draft, 0) is None
    assert poll(draft, 1) is not None


def test_it_belongs_to_one_session_and_ends(
    oauth_client: OAuthClient, make_draft: MakeDraft
) -> None:
    draft = make_draft()
    begin(draft)
    assert failure(draft, 1, "another browser").cause == "oauth-state"
    assert failure(draft, 200).cause == "oauth-state"


def answered(status: str, body: str) -> list[Step]:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return [Expect(rb"^\r?$"), Send(f"{head}{body}".encode()), Hang()]


@pytest.mark.parametrize(
    ("status", "body", "cause"),
    [
        ("400 no", '{"error": "access_denied"}', "oauth-denied"),
        ("400 no", '{"error": "expired_token"}', "oauth-state"),
        ("400 no", '{"error": "invalid_client"}', "oauth-client"),
        ("503 no", "<html>", "oauth-unavailable"),
        ("200 OK", '{"access_token": "a", "scope": "openid"}', "oauth-scope-missing"),
    ],
)
def test_how_it_may_end(
    oauth_client: OAuthClient,
    make_draft: MakeDraft,
    tls_files: TlsFiles,
    status: str,
    body: str,
    cause: str,
) -> None:
    draft = make_draft()
    begin(draft)
    with Hostile([Tls(tls_files.good), *answered(status, body)]) as server:
        oauth_client.token_url = f"https://localhost:{server.port}/"
        oauth_client.save()
        assert failure(draft, 1).cause == cause


def test_a_provider_that_asks_for_patience_gets_it(
    oauth_client: OAuthClient, make_draft: MakeDraft, tls_files: TlsFiles
) -> None:
    draft = make_draft()
    flow = begin(draft)
    with Hostile([Tls(tls_files.good), *answered("400 no", '{"error": "slow_down"}')]) as server:
        oauth_client.token_url = f"https://localhost:{server.port}/"
        oauth_client.save()
        assert poll(draft, 1) is None
        assert poll(draft, 2) is None
        assert len(server.heard) == 1
    flow.refresh_from_db()
    assert flow.interval == 10


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "[]",
        "nonsense",
        '{"device_code": "d", "user_code": "U", "verification_uri": "javascript:alert(1)"}',
        '{"device_code": "d", "user_code": "U", "verification_uri": "http://10.0.0.1/"}',
        '{"device_code": "d e", "user_code": "U", "verification_uri": "https://a.example/"}',
        '{"device_code": "d", "user_code": "U\\n", "verification_uri": "https://a.example/"}',
        '{"device_code":"d","user_code":"U","verification_uri":"https://a.test/","interval":"x"}',
    ],
)
def test_an_answer_that_is_no_code(
    oauth_client: OAuthClient, make_draft: MakeDraft, tls_files: TlsFiles, body: str
) -> None:
    with Hostile([Tls(tls_files.good), *answered("200 OK", body)]) as server:
        oauth_client.device_url = f"https://localhost:{server.port}/"
        oauth_client.save()
        with pytest.raises(SignInFailed) as caught:
            begin(make_draft())
    assert caught.value.cause == "oauth-unavailable"
    assert not OAuthFlow.objects.exists()


def test_a_provider_without_a_device_flow(oauth_client: OAuthClient, make_draft: MakeDraft) -> None:
    OAuthClient.objects.update(device_url="")
    with pytest.raises(SignInFailed) as caught:
        begin(make_draft())
    assert caught.value.cause == "oauth-no-device"


def test_a_provider_is_not_asked_for_codes_without_end(
    oauth_client: OAuthClient, make_draft: MakeDraft, settings: Settings
) -> None:
    settings.CONNECTIVITY_TESTS_PER_HOUR = 2
    draft = make_draft()
    for _ in range(2):
        begin(draft)
    with pytest.raises(SignInFailed) as caught:
        begin(draft)
    assert (caught.value.cause, caught.value.draft) == ("too-many-tests", draft)


def test_the_device_code_is_sealed(
    oauth_client: OAuthClient, make_draft: MakeDraft, user: User
) -> None:
    flow = begin(make_draft())
    assert flow.user == user
    assert credentials.unseal(flow).encode() not in bytes(flow.token)
