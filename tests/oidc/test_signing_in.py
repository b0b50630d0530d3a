"""Signing in at a real provider, and everything that must not work about it."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from connectivity.models import (
    AccountDraft,
    Credential,
    CredentialKind,
    Feature,
    OAuthClient,
    OAuthFlow,
)
from connectivity.services import clients, credentials, features, grants, signing_in
from connectivity.services.signing_in import SignInFailed
from standin.certs import TlsFiles
from standin.hostile import Expect, Hang, Hostile, Send, Step, Tls
from tests.oidc import CALLBACK, PERSON, make_oidc, registered
from tests.oidc.conftest import SESSION, MakeDraft, SignIn
from tests.oidc.provider import CLIENT_ID, CLIENT_SECRET, OidcProvider
from tests.protocols.test_oauth_sign_in import id_token

NOW = timezone.now()


def begin(draft: AccountDraft, session: str = SESSION) -> str:
    return signing_in.begin(
        user=draft.user, draft=draft, session_key=session, redirect_uri=CALLBACK, now=NOW
    )


def finish(user: User, params: dict[str, str], **changed: object) -> AccountDraft:
    given: dict[str, object] = {
        "session_key": SESSION,
        "params": params,
        "redirect_uri": CALLBACK,
        "now": NOW,
    }
    return signing_in.finish(user=user, **(given | changed))  # type: ignore[arg-type] # as given


def failure(user: User, params: dict[str, str], **changed: object) -> SignInFailed:
    with pytest.raises(SignInFailed) as caught:
        finish(user, params, **changed)
    assert not Credential.objects.exists()
    return caught.value


@pytest.mark.accept("A9")
def test_a_sign_in_brings_a_permission(sign_in: SignIn, user: User) -> None:
    draft = sign_in()
    draft.refresh_from_db()
    credential = draft.credential
    assert credential is not None
    assert (credential.user, credential.kind) == (user, CredentialKind.OAUTH)
    grant = credential.grant
    assert grant.address == PERSON
    assert "https://outlook.office.com/IMAP.AccessAsUser.All" in grant.scopes.split()
    assert grant.access_until is not None
    assert grant.access_until > timezone.now() + timedelta(minutes=50)
    assert signing_in.other_address(draft) == ""


def test_what_the_browser_is_sent_with(oauth_client: OAuthClient, make_draft: MakeDraft) -> None:
    asked = parse_qs(urlsplit(begin(make_draft())).query)
    assert asked["response_type"] == ["code"]
    assert asked["client_id"] == [CLIENT_ID]
    assert asked["redirect_uri"] == [CALLBACK]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["login_hint"] == [PERSON]
    assert len(asked["state"][0]) * 6 >= 128
    flow = OAuthFlow.objects.get()
    assert asked["state"][0] not in flow.state_hash
    # The verifier stays here, sealed; only its hash travels.
    assert credentials.unseal(flow) not in begin(make_draft())
    assert credentials.unseal(flow).encode() not in bytes(flow.token)


def test_nothing_secret_is_written_in_the_clear(sign_in: SignIn) -> None:
    draft = sign_in()
    assert draft.credential is not None
    secret = credentials.reveal(draft.credential)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - a name of ours
            rows = str(cursor.fetchall())
            for word in (*secret.split('"')[3::4], CLIENT_SECRET):
                assert word not in rows, table


def test_no_log_names_people_or_secrets(sign_in: SignIn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    draft = sign_in()
    assert draft.credential is not None
    before = credentials.reveal(draft.credential)
    grants.access(draft.credential, now=NOW + timedelta(hours=1))
    draft.credential.refresh_from_db()
    after = credentials.reveal(draft.credential)
    draft.delete()
    grants.sweep(now=NOW + timedelta(hours=2))
    words = [*json.loads(before).values(), *json.loads(after).values(), CLIENT_SECRET, PERSON]
    assert not [word for word in words if word in caplog.text]
    assert "http" not in caplog.text


def test_the_same_answer_does_not_count_twice(
    oauth_client: OAuthClient, oidc: OidcProvider, make_draft: MakeDraft, user: User
) -> None:
    params = oidc.sign_in(begin(make_draft()), PERSON)
    assert finish(user, params).credential is not None
    with pytest.raises(SignInFailed) as caught:
        finish(user, params)
    assert caught.value.cause == "oauth-state"
    assert Credential.objects.count() == 1


@pytest.mark.parametrize("state", ["", "guessed", "x" * 5000, "\0"])
def test_a_state_that_was_never_given_out(
    oauth_client: OAuthClient, make_draft: MakeDraft, user: User, state: str
) -> None:
    begin(make_draft())
    assert failure(user, {"code": "c", "state": state}).cause == "oauth-state"
    assert failure(user, {"code": "c"}).cause == "oauth-state"


def test_a_sign_in_belongs_to_person_session_and_ten_minutes(
    oauth_client: OAuthClient,
    oidc: OidcProvider,
    make_draft: MakeDraft,
    user: User,
    other_user: User,
) -> None:
    params = oidc.sign_in(begin(make_draft()), PERSON)
    assert failure(other_user, params).cause == "oauth-state"
    assert failure(user, params, session_key="another browser").cause == "oauth-state"
    assert failure(user, params, now=NOW + timedelta(minutes=10)).cause == "oauth-state"
    # None of these attempts has used it up.
    assert finish(user, params).credential is not None


def test_a_draft_of_somebody_else_is_no_way_in(
    oauth_client: OAuthClient, make_draft: MakeDraft, user: User, other_user: User
) -> None:
    draft = make_draft(owner=other_user)
    with pytest.raises(ValueError, match="another user"):
        signing_in.begin(
            user=user, draft=draft, session_key=SESSION, redirect_uri=CALLBACK, now=NOW
        )


def test_another_service_cannot_answer(
    oauth_client: OAuthClient, oidc: OidcProvider, make_draft: MakeDraft, user: User
) -> None:
    params = oidc.sign_in(begin(make_draft()), PERSON)
    assert params["iss"] == oidc.issuer
    mixed_up = params | {"iss": "https://evil.example"}
    assert failure(user, mixed_up).cause == "oauth-issuer"
    # It has been answered, if wrongly: the right answer comes too late.
    assert failure(user, params).cause == "oauth-state"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-client"},
        {"aud": ["another-client"]},
        {"aud": {"tributary": 1}},
        {"iss": "https://evil.example"},
        {"nonce": "of another sign-in"},
        {"nonce": None},
    ],
)
def test_an_id_token_of_another_sign_in_is_refused(
    oauth_client: OAuthClient,
    make_draft: MakeDraft,
    tls_files: TlsFiles,
    user: User,
    claims: dict[str, object],
) -> None:
    [state] = parse_qs(urlsplit(begin(make_draft())).query)["state"]
    flow = OAuthFlow.objects.get()
    right = {"aud": CLIENT_ID, "nonce": flow.state_hash, "email": PERSON}
    body = json.dumps({"access_token": "at", "id_token": id_token(right | claims)})
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
    script: list[Step] = [Tls(tls_files.good), Expect(rb"^\r?$"), Send(f"{head}{body}".encode())]
    with Hostile([*script, Hang()]) as server:
        OAuthClient.objects.update(token_url=f"https://localhost:{server.port}/")
        assert failure(user, {"code": "c", "state": state}).cause == "oauth-issuer"


def test_a_code_of_another_sign_in_is_of_no_use(
    oauth_client: OAuthClient, oidc: OidcProvider, make_draft: MakeDraft, user: User
) -> None:
    """A code somebody slipped in fits no verifier of this sign-in (PKCE)."""
    theirs = oidc.sign_in(begin(make_draft()), "eve@provider.test")
    ours = oidc.sign_in(begin(make_draft()), PERSON)
    failed = failure(user, ours | {"code": theirs["code"]})
    assert failed.cause == "oauth-revoked"
    assert failed.draft is not None
    assert theirs["code"] not in failed.server_line


def test_who_declines_is_told_so(
    oauth_client: OAuthClient, oidc: OidcProvider, make_draft: MakeDraft, user: User
) -> None:
    draft = make_draft()
    failed = failure(user, oidc.sign_in(begin(draft), PERSON, agree=False))
    assert (failed.cause, failed.draft) == ("oauth-denied", draft)
    assert "access_denied" in failed.server_line


def test_a_permission_is_missing(
    tls_files: TlsFiles, db: None, make_draft: MakeDraft, user: User
) -> None:
    with make_oidc(tls_files, scopes=frozenset()) as provider:
        registered(provider)
        failed = failure(user, provider.sign_in(begin(make_draft()), PERSON))
    assert failed.cause == "oauth-scope-missing"


def test_somebody_else_signed_in(sign_in: SignIn) -> None:
    draft = sign_in(name="shared-box@provider.test")
    assert signing_in.other_address(draft) == "shared-box@provider.test"


def test_a_provider_that_is_down(
    tls_files: TlsFiles, db: None, make_draft: MakeDraft, user: User
) -> None:
    with make_oidc(tls_files) as provider:
        registered(provider)
        params = provider.sign_in(begin(make_draft()), PERSON)
    assert failure(user, params).cause == "oauth-unavailable"


def test_switched_off_or_not_registered(
    oauth_client: OAuthClient, oidc: OidcProvider, make_draft: MakeDraft, user: User
) -> None:
    draft = make_draft()
    params = oidc.sign_in(begin(draft), PERSON)
    features.set_switch(user.domain, Feature.OAUTH, False)
    with pytest.raises(SignInFailed) as caught:
        begin(draft)
    assert caught.value.cause == "feature-off"
    assert failure(user, params).cause == "oauth-state"
    features.set_switch(user.domain, Feature.OAUTH, True)
    OAuthClient.objects.update(enabled=False)
    assert clients.for_provider("microsoft", user) is None
    assert failure(user, params).cause == "oauth-state"
    OAuthClient.objects.update(enabled=True)
    assert finish(user, params).credential is not None


def test_signing_in_again_replaces_what_nobody_uses(
    oauth_client: OAuthClient, oidc: OidcProvider, make_draft: MakeDraft, user: User
) -> None:
    draft = make_draft()
    for _ in range(2):
        draft = finish(user, oidc.sign_in(begin(draft), PERSON))
    spare = credentials.unused()
    assert draft.credential not in list(spare)
    assert spare.count() == 1


def test_old_sign_ins_are_forgotten(oauth_client: OAuthClient, make_draft: MakeDraft) -> None:
    draft = make_draft()
    for _ in range(signing_in.OPEN_AT_ONCE + 5):
        begin(draft)
    assert OAuthFlow.objects.count() == signing_in.OPEN_AT_ONCE
    assert signing_in.forget_old(now=NOW + timedelta(minutes=15)) == 0
    assert signing_in.forget_old(now=NOW + timedelta(hours=1)) == signing_in.OPEN_AT_ONCE


def test_the_self_test_asks_the_provider(oauth_client: OAuthClient, oidc: OidcProvider) -> None:
    assert clients.self_test(oauth_client, redirect_uri=CALLBACK, now=NOW)
    assert (oauth_client.tested_at, oauth_client.test_cause) == (NOW, "")
    credentials.seal(oauth_client, "an old secret")
    assert not clients.self_test(oauth_client, redirect_uri=CALLBACK, now=NOW)
    assert oauth_client.test_cause == "oauth-client"
    assert "invalid_client" in oauth_client.test_line


def answering(tls_files: TlsFiles, status: str, body: str) -> Hostile:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n"
    said = Send(f"{head}{body}".encode())
    return Hostile([Tls(tls_files.good), Expect(rb"^\r?$"), said, Hang()])


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ('{"error": "unauthorized_client", "error_description": "nobody"}', "oauth-client"),
        ('{"error": "invalid_scope", "error_description": "AADSTS70011: x"}', "oauth-scope"),
    ],
)
def test_the_self_test_asks_for_a_device_code_too(
    oauth_client: OAuthClient, tls_files: TlsFiles, body: str, cause: str
) -> None:
    """Where the service looks at the nonsense of the other question first, as Microsoft does."""
    with answering(tls_files, "400 no", body) as server:
        oauth_client.device_url = f"https://localhost:{server.port}/device"
        oauth_client.save()
        assert not clients.self_test(oauth_client, redirect_uri=CALLBACK, now=NOW)
    assert oauth_client.test_cause == cause


def test_the_self_test_of_a_service_that_is_down(oauth_client: OAuthClient) -> None:
    OAuthClient.objects.update(token_url="https://localhost:1/", device_url="")
    oauth_client.refresh_from_db()
    assert not clients.self_test(oauth_client, redirect_uri=CALLBACK, now=NOW)
    assert oauth_client.test_cause == "oauth-unavailable"
