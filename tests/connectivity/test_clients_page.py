"""Where system administrators register this installation with sign-in providers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Role, User
from connectivity.models import Credential, OAuthClient, OAuthGrant
from connectivity.services import authority, credentials
from standin.certs import TlsFiles
from tests.oidc.provider import CLIENT_ID, CLIENT_SECRET, OidcProvider
from tests.waiting import wait_until

INDEX = reverse("oauth-clients")
PAGE = reverse("oauth-client", args=["microsoft"])
REMOVE = reverse("oauth-client-remove", args=["microsoft"])
SECRET = "a canary of a client secret"
# Nothing listens there: the self-test finds nobody, at once.
OWN = {
    "client_id": "11111111-2222",
    "authorize_url": "https://localhost:1/authorize",
    "token_url": "https://localhost:1/token",
    "enabled": "on",
}


@pytest.fixture
def web(make_user: Callable[..., User], client_for: Callable[[User], Client]) -> Client:
    return client_for(make_user("sam@example.test", role=Role.SYSTEM_ADMIN))


def text(web: Client, address: str) -> str:
    answer = web.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("role", [Role.USER, Role.DOMAIN_ADMIN])
def test_nobody_else_finds_them(
    make_user: Callable[..., User], client_for: Callable[[User], Client], role: Role
) -> None:
    web = client_for(make_user("who@example.test", role=role))
    OAuthClient.objects.create(provider="microsoft", client_id="x")
    for address in (INDEX, PAGE, REMOVE):
        assert web.get(address).status_code == 404
    for address in (PAGE, REMOVE, reverse("oauth-client-test", args=["microsoft"])):
        assert web.post(address, OWN).status_code == 404
    assert OAuthClient.objects.get().client_id == "x"


def test_the_page_has_all_that_the_provider_asks_for(web: Client) -> None:
    page = text(web, PAGE)
    assert ">http://testserver/oauth/callback/</textarea>" in page
    for scope in ("IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send", "offline_access"):
        assert scope in page
    assert "Providers accept only https addresses." in page
    secure = web.get(PAGE, secure=True).content.decode()
    assert ">https://testserver/oauth/callback/</textarea>" in secure
    assert "Providers accept only https addresses." not in secure
    assert "https://mail.google.com/" in text(web, reverse("oauth-client", args=["google"]))
    assert web.get(reverse("oauth-client", args=["elsewhere"])).status_code == 404


def test_the_redirect_address_is_the_one_of_the_site(web: Client, settings: Settings) -> None:
    settings.SITE_URL = "https://mail.example.org/"
    assert ">https://mail.example.org/oauth/callback/</textarea>" in text(web, PAGE)


def test_a_secret_is_sealed_never_shown_and_kept_by_an_empty_field(web: Client) -> None:
    page = web.post(PAGE, OWN | {"secret": SECRET}, follow=True).content.decode()
    client = OAuthClient.objects.get()
    assert authority.secret_of(client) == SECRET
    assert SECRET.encode() not in bytes(client.token)
    assert "Saved, but the test failed." in page
    for address in (PAGE, INDEX):
        page = text(web, address)
        assert SECRET not in page
        assert "Test failed" in page
    assert "Stored. Leave it empty to keep it." in text(web, PAGE)
    web.post(PAGE, OWN | {"client_id": "other"})
    client.refresh_from_db()
    assert (client.client_id, authority.secret_of(client)) == ("other", SECRET)
    wrong = web.post(PAGE, {"client_id": "", "secret": SECRET})
    assert wrong.status_code == 422
    assert SECRET not in wrong.content.decode()
    web.post(PAGE, OWN | {"forget_secret": "on"})
    client.refresh_from_db()
    assert authority.secret_of(client) == ""


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"client_id": " "}, "Enter the client ID."),
        ({"tenant": "../evil"}, "Enter a domain name, or the tenant ID."),
        ({"authorize_url": "http://localhost:1/a"}, "Enter a valid URL."),
        ({"authorize_url": "javascript:alert(1)"}, "Enter a valid URL."),
        ({"token_url": ""}, "or neither."),
        ({"authorize_url": ""}, "or neither."),
        (
            {"authorize_url": "", "token_url": "", "issuer": "https://x.test/"},
            "count only together",
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_stored(
    web: Client, values: dict[str, str], words: str
) -> None:
    answer = web.post(PAGE, OWN | values)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not OAuthClient.objects.exists()


def test_a_refused_form_leads_to_its_error_and_asks_for_the_secret_again(web: Client) -> None:
    page = web.post(PAGE, OWN | {"tenant": "../evil", "secret": SECRET}).content.decode()
    assert page.count("autofocus") == 1
    assert 'name="tenant"' in page.split("autofocus")[0].rpartition("<input")[2]
    assert "Enter the client secret once more." in page
    assert SECRET not in page


@pytest.mark.parametrize("name", ["token_url", "device_url", "revoke_url"])
def test_a_stored_secret_goes_to_no_other_host(web: Client, name: str) -> None:
    web.post(PAGE, OWN | {"secret": SECRET})
    before = OAuthClient.objects.values().get()
    moved = OWN | {name: "https://evil.test:1/token"}
    answer = web.post(PAGE, moved)
    assert answer.status_code == 422
    assert "Enter the client secret again" in answer.content.decode()
    assert OAuthClient.objects.values().get() == before
    assert web.post(PAGE, OWN | {name: "https://localhost:1/other"}).status_code == 302
    assert web.post(PAGE, moved | {"secret": "another"}).status_code == 302


def test_permissions_of_people_go_to_no_other_host(web: Client, user: User) -> None:
    web.post(PAGE, OWN | {"secret": SECRET})
    secret = Credential(user=user, kind="oauth", changed_at=datetime.now(UTC))
    credentials.seal(secret, "{}")
    secret.save()
    client = OAuthClient.objects.get()
    OAuthGrant.objects.create(credential=secret, client=client, address="mara@outlook.test")
    answer = web.post(PAGE, OWN | {"token_url": "https://evil.test/token", "secret": "another"})
    assert answer.status_code == 422
    assert "Delete these accounts first." in answer.content.decode()
    client.refresh_from_db()
    assert client.token_url == OWN["token_url"]


def test_the_test_says_what_is_wrong_in_words(web: Client) -> None:
    web.post(PAGE, OWN)
    answer = web.post(
        reverse("oauth-client-test", args=["microsoft"]), headers={"HX-Request": "true"}
    )
    part = " ".join(answer.content.decode().split())
    assert "<html" not in part
    assert "Test failed" in part
    assert "Microsoft" in part
    client = OAuthClient.objects.get()
    assert client.tested_at
    assert client.test_cause
    assert web.get(reverse("oauth-client-test", args=["microsoft"])).status_code == 405
    missing = web.post(reverse("oauth-client-test", args=["google"]))
    assert missing.status_code == 404


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        ({}, "Works", "Microsoft knows this installation."),
        ({"secret": "an old one"}, "Test failed", "does not accept the client ID or the client"),
        ({"client_id": "nobody"}, "Test failed", "does not accept the client ID or the client"),
    ],
)
def test_a_real_service_is_asked_at_once(
    web: Client,
    oidc: OidcProvider,
    settings: Settings,
    tls_files: TlsFiles,
    changes: dict[str, str],
    state: str,
    words: str,
) -> None:
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)
    typed = {
        "client_id": CLIENT_ID,
        "secret": CLIENT_SECRET,
        "authorize_url": oidc.authorize_url,
        "token_url": oidc.token_url,
        "enabled": "on",
    }
    asked = oidc.count("authorization_code")
    page = " ".join(web.post(PAGE, typed | changes, follow=True).content.decode().split())
    assert state in page
    assert words in page
    wait_until(lambda: oidc.count("authorization_code") > asked, "the service was asked")
    assert state in text(web, INDEX)
    assert CLIENT_SECRET not in page


def test_switching_one_off_shows_on_the_list(web: Client) -> None:
    assert text(web, INDEX).count("Not set up") == 2
    web.post(PAGE, {name: OWN[name] for name in OWN if name != "enabled"})
    assert not OAuthClient.objects.get().enabled
    assert "Switched off" in text(web, INDEX)


def test_removing_one_tells_how_many_accounts_live_by_it(web: Client, user: User) -> None:
    client = OAuthClient.objects.create(provider="microsoft", client_id="x")
    secret = Credential(user=user, kind="oauth", changed_at=datetime.now(UTC))
    credentials.seal(secret, "{}")
    secret.save()
    OAuthGrant.objects.create(credential=secret, client=client, address="mara@outlook.test")
    assert "1 account signs in through Microsoft." in text(web, REMOVE)
    page = web.post(REMOVE, follow=True).content.decode()
    assert "Delete it first, or switch this off." in page
    assert OAuthClient.objects.exists()
    secret.delete()
    assert "No account uses them." in text(web, REMOVE)
    page = web.post(REMOVE, follow=True).content.decode()
    assert "Microsoft is removed." in page
    assert not OAuthClient.objects.exists()
    assert web.get(REMOVE).status_code == 404
