"""What is known of Microsoft's and Google's sign-in services, and what is asked of them."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from accounts.models import User
from connectivity import providers
from connectivity.models import AccountDraft, Feature, OAuthClient
from connectivity.oauth_providers import OAUTH_PROVIDERS, granted, kind_of
from connectivity.services import authority, clients, credentials, features, signing_in
from connectivity.services.clients import Registration

NOW = timezone.now()
OUTLOOK = "https://outlook.office.com/"
BACK = "https://mail.example.test/connectivity/oauth/callback/"


def register(key: str = "microsoft", **values: str) -> OAuthClient:
    made = Registration(client_id="an-id", secret="a secret", **values)  # type: ignore[arg-type] # str
    return clients.register(provider=key, values=made, now=NOW)


def asked(client: OAuthClient) -> tuple[str, dict[str, list[str]]]:
    url = authority.authorization_url(
        client,
        redirect_uri=BACK,
        state="state",
        verifier="v" * 43,
        nonce="nonce",
        login_hint="mara@outlook.com",
    )
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}", parse_qs(parts.query)


@pytest.mark.accept("A9")
def test_microsoft_is_asked_for_mail_and_for_keeping_it(db: None) -> None:
    place, form = asked(register())
    assert place == "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"
    assert set(form["scope"][0].split()) == {
        f"{OUTLOOK}IMAP.AccessAsUser.All",
        f"{OUTLOOK}POP.AccessAsUser.All",
        f"{OUTLOOK}SMTP.Send",
        "offline_access",
        "openid",
        "email",
    }
    assert form["prompt"] == ["select_account"]
    assert form["login_hint"] == ["mara@outlook.com"]
    assert form["redirect_uri"] == [BACK]


def test_google_is_asked_for_mail_and_for_keeping_it(db: None) -> None:
    place, form = asked(register("google"))
    assert place == "https://accounts.google.com/o/oauth2/v2/auth"
    assert set(form["scope"][0].split()) == {"https://mail.google.com/", "openid", "email"}
    assert (form["access_type"], form["prompt"]) == (["offline"], ["consent"])


def test_an_organisation_has_addresses_of_its_own(db: None) -> None:
    found = authority.addresses(register(tenant="harbour.example"))
    base = "https://login.microsoftonline.com/harbour.example/oauth2/v2.0"
    assert (found.authorize, found.token) == (f"{base}/authorize", f"{base}/token")
    assert (found.device, found.revoke, found.issuer) == (f"{base}/devicecode", "", "")


def test_a_service_of_ones_own_has_nothing_of_the_known_one(db: None) -> None:
    own = register(authorize_url="https://id.example/auth", token_url="https://id.example/token")
    found = authority.addresses(own)
    assert (found.authorize, found.token) == ("https://id.example/auth", "https://id.example/token")
    assert (found.device, found.revoke, found.issuer) == ("", "", "")


@pytest.mark.parametrize("key", OAUTH_PROVIDERS)
def test_every_address_is_encrypted(key: str) -> None:
    known = OAUTH_PROVIDERS[key]
    assert known.key == key
    for url in (known.authorize_url, known.token_url, known.register_url):
        assert url.startswith("https://")
    for url in (known.device_url, known.revoke_url, known.issuer):
        assert not url or url.startswith("https://")
    assert set(known.permissions) == {"imap", "pop", "smtp"}


def test_every_tile_names_a_service_that_is_known() -> None:
    named = {one.oauth for one in providers.PROVIDERS if one.oauth}
    assert named == set(OAUTH_PROVIDERS)


@pytest.mark.parametrize(
    ("scopes", "kind", "expected"),
    [
        ("", "imap", True),  # all that was asked for (RFC 6749 section 5.1)
        (f"{OUTLOOK}IMAP.AccessAsUser.All openid", "imap", True),
        (f"{OUTLOOK.upper()}imap.accessasuser.all", "imap", True),
        ("IMAP.AccessAsUser.All", "imap", True),
        (f"{OUTLOOK}IMAP.AccessAsUser.All", "pop", False),
        (f"{OUTLOOK}IMAP.AccessAsUser.All", "smtp", False),
        (f"{OUTLOOK}SMTP.Send", "smtp", True),
        ("openid email", "imap", False),
        ("https://evil.example/IMAP.AccessAsUser.All", "imap", False),
    ],
)
def test_what_was_granted_is_looked_at(scopes: str, kind: str, expected: bool) -> None:
    assert granted(OAUTH_PROVIDERS["microsoft"], frozenset(scopes.split()), kind) is expected


@pytest.mark.parametrize(
    ("values", "room", "kind"),
    [
        ({"type": "imap"}, "retrieval", "imap"),
        ({"type": "pop"}, "retrieval", "pop"),
        ({"type": ["pop"]}, "retrieval", "imap"),
        ({}, "retrieval", "imap"),
        ({"type": "pop"}, "smtp", "smtp"),
    ],
)
def test_what_an_account_is_for(values: dict[str, object], room: str, kind: str) -> None:
    assert kind_of(values, room) == kind


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"tile": "outlook"}, "microsoft"),
        ({"tile": "gmail", "host": "outlook.office365.com"}, "google"),
        ({"host": "outlook.office365.com"}, "microsoft"),
        ({"username": "mara@hotmail.com"}, "microsoft"),
        ({"tile": "tributary", "host": "outlook.office365.com"}, "microsoft"),
        ({"host": "imap.harbour.example", "username": "mara@harbour.example"}, ""),
        ({}, ""),
    ],
)
def test_which_service_an_account_wants(user: User, values: dict[str, str], key: str) -> None:
    draft = AccountDraft(user=user, kind="retrieval", values=values)
    assert signing_in.provider_key(draft) == key


def test_a_client_is_kept_sealed_and_changed(user: User) -> None:
    client = register()
    assert b"a secret" not in bytes(client.token)
    assert authority.secret_of(client) == "a secret"
    assert "secret" not in repr(client) + repr(Registration("an-id", secret="hush"))
    # Sealed for its row alone: copied to another provider's it does not open.
    other = register("google")
    OAuthClient.objects.filter(pk=other.pk).update(key_id=client.key_id, token=client.token)
    other.refresh_from_db()
    with pytest.raises(credentials.CredentialError):
        authority.secret_of(other)
    kept = clients.register(provider="microsoft", values=Registration("new-id"), now=NOW)
    assert (kept.pk, kept.client_id, authority.secret_of(kept)) == (client.pk, "new-id", "a secret")
    public = clients.register(provider="microsoft", values=Registration("x", secret=""), now=NOW)
    assert authority.secret_of(public) == ""
    with pytest.raises(ValueError, match="nobody"):
        clients.register(provider="nobody", values=Registration("x"), now=NOW)


def test_who_may_sign_in_with_it(user: User) -> None:
    assert clients.for_provider("microsoft", user) is None
    client = register()
    assert clients.for_provider("microsoft", user) == client
    assert clients.for_provider("google", user) is None
    assert clients.for_provider("", user) is None
    features.set_switch(None, Feature.OAUTH, False)
    assert clients.for_provider("microsoft", user) is None
    assert clients.remove(client)
    assert not OAuthClient.objects.exists()
