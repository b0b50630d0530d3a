"""The pages around a sign-in at a provider, which is a real one on this machine."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Domain, User
from connectivity.drafts import resume_url
from connectivity.models import (
    AccountDraft,
    Credential,
    CredentialKind,
    Feature,
    OAuthClient,
    OAuthFlow,
)
from connectivity.services import features
from standin.certs import TlsFiles
from tests.oidc import make_oidc
from tests.oidc import registered as register
from tests.oidc.provider import CLIENT_ID, OidcProvider

ADDRESS = "mara@outlook.test"
CALLBACK = reverse("oauth-callback")
HX = {"HX-Request": "true"}
Web = Client


@pytest.fixture(scope="module")
def oidc(tls_files: TlsFiles) -> Iterator[OidcProvider]:
    """A provider that knows this site, and the permissions Microsoft's has."""
    with make_oidc(tls_files, f"https://testserver{CALLBACK}") as provider:
        yield provider


@pytest.fixture
def registered(db: None, oidc: OidcProvider, tls_files: TlsFiles, settings: Settings) -> None:
    """This installation is registered there."""
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)
    register(oidc)


@pytest.fixture
def draft(user: User) -> AccountDraft:
    """What somebody typed so far."""
    values = {"tile": "outlook", "host": "outlook.office365.com", "type": "imap",
              "username": ADDRESS, "method": "manual"}  # fmt: skip
    return AccountDraft.objects.create(user=user, kind="retrieval", label=ADDRESS, values=values)


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


def leave(web: Web, draft: AccountDraft) -> str:
    """Begin; the address the browser is sent to."""
    page = web.post(reverse("oauth-start", args=[draft.pk]), secure=True).content.decode()
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    assert found, page
    address = html.unescape(found[1])
    assert f'href="{found[1]}"' in page
    return address


def back(web: Web, brought: dict[str, str]) -> str:
    """Come back; where the browser is sent then."""
    answer = web.get(CALLBACK, brought, secure=True)
    assert answer.status_code == 302, answer.content.decode()
    return str(answer.headers["Location"])


@pytest.mark.usefixtures("registered")
@pytest.mark.accept("A9", "A95")
def test_a_sign_in_goes_there_and_back_and_nothing_is_lost(
    web: Web, oidc: OidcProvider, draft: AccountDraft
) -> None:
    typed = dict(draft.values)
    address = leave(web, draft)
    assert address.startswith(oidc.authorize_url)
    assert "login_hint=mara%40outlook.test" in address
    assert back(web, oidc.sign_in(address, ADDRESS)) == resume_url(draft)
    draft.refresh_from_db()
    assert draft.credential is not None, (draft.cause, draft.server_line)
    assert draft.credential.kind == CredentialKind.OAUTH
    assert draft.credential.grant.address == ADDRESS
    assert (draft.values, draft.cause) == (typed, "")


@pytest.mark.usefixtures("registered")
def test_a_script_is_sent_as_a_whole_page(web: Web, draft: AccountDraft) -> None:
    """A redirect would be refused: forms lead to this site only."""
    answer = web.post(reverse("oauth-start", args=[draft.pk]), secure=True, headers=HX)
    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"].startswith("https://localhost:")
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.usefixtures("registered")
def test_who_does_not_agree_comes_back_to_the_form(
    web: Web, oidc: OidcProvider, draft: AccountDraft
) -> None:
    brought = oidc.sign_in(leave(web, draft), ADDRESS, agree=False)
    assert brought["error"] == "access_denied"
    assert back(web, brought) == resume_url(draft)
    draft.refresh_from_db()
    assert (draft.cause, draft.credential) == ("oauth-denied", None)
    assert draft.values["username"] == ADDRESS


@pytest.mark.usefixtures("registered")
def test_an_administrator_who_has_to_agree_gets_a_text(web: Web, draft: AccountDraft) -> None:
    address = leave(web, draft)
    state = re.search(r"state=([^&]+)", address)
    assert state
    said = "AADSTS65001: The user or administrator has not consented to use the application"
    brought = {"state": state[1], "error": "consent_required", "error_description": said}
    ask = reverse("oauth-ask", args=[draft.pk])
    assert back(web, brought) == ask
    page = web.get(ask, secure=True).content.decode()
    assert f"read and send the mail of {ADDRESS} with Tributary at https://testserver/" in page
    assert CLIENT_ID in page
    assert "AADSTS65001" in page
    assert "What you typed is kept" not in page
    # The address is Microsoft's own where the sign-in is.
    assert "/adminconsent" not in page
    OAuthClient.objects.update(authorize_url="", tenant="contoso.test")
    page = html.unescape(web.get(ask, secure=True).content.decode())
    link = "https://login.microsoftonline.com/contoso.test/adminconsent?client_id=tributary"
    assert link in page


@pytest.mark.usefixtures("registered")
def test_another_account_than_typed_is_asked_about(
    web: Web, oidc: OidcProvider, draft: AccountDraft
) -> None:
    other = reverse("oauth-other", args=[draft.pk])
    assert back(web, oidc.sign_in(leave(web, draft), "otto@outlook.test")) == other
    page = " ".join(web.get(other).content.decode().split())
    assert f"You typed {ADDRESS}, and signed in as otto@outlook.test." in page
    assert web.post(other, {"use": "typed"}).headers["Location"] == resume_url(draft)
    draft.refresh_from_db()
    assert draft.values["username"] == ADDRESS
    assert web.post(other, {"use": "other"}).headers["Location"] == resume_url(draft)
    draft.refresh_from_db()
    assert (draft.values["username"], draft.label) == ("otto@outlook.test",) * 2
    assert web.get(other).headers["Location"] == resume_url(draft)


@pytest.mark.usefixtures("registered")
def test_an_account_that_is_mended_keeps_its_address(
    web: Web, oidc: OidcProvider, draft: AccountDraft
) -> None:
    AccountDraft.objects.filter(pk=draft.pk).update(target_id=1)
    other = back(web, oidc.sign_in(leave(web, draft), "otto@outlook.test"))
    assert "Use otto@outlook.test" not in web.get(other).content.decode()
    web.post(other, {"use": "other"})
    draft.refresh_from_db()
    assert draft.values["username"] == ADDRESS


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("trouble", ["late", "twice", "session", "state", "nothing"])
def test_a_sign_in_that_is_over_leads_to_what_waits(
    web: Web, oidc: OidcProvider, draft: AccountDraft, user: User, trouble: str,
    client_for: Callable[[User], Client],
) -> None:  # fmt: skip
    brought = oidc.sign_in(leave(web, draft), ADDRESS)
    if trouble == "late":
        OAuthFlow.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    elif trouble == "twice":
        back(web, brought)
    elif trouble == "session":
        web = client_for(user)
    elif trouble == "state":
        brought["state"] = "somebody else's"
    else:
        brought = {}
    answer = web.get(CALLBACK, brought, secure=True)
    assert answer.status_code == 200
    page = " ".join(answer.content.decode().split())
    assert "This sign-in is over" in page
    assert f'href="{resume_url(draft)}"' in page
    assert Credential.objects.count() == (trouble == "twice")


@pytest.mark.usefixtures("registered")
def test_a_stranger_cannot_finish_it(
    web: Web,
    oidc: OidcProvider,
    draft: AccountDraft,
    other_user: User,
    client_for: Callable[[User], Client],
) -> None:
    brought = oidc.sign_in(leave(web, draft), ADDRESS)
    answer = client_for(other_user).get(CALLBACK, brought, secure=True)
    page = answer.content.decode()
    assert "This sign-in is over" in page
    assert ADDRESS not in page
    draft.refresh_from_db()
    assert draft.credential is None


@pytest.mark.usefixtures("registered")
def test_a_code_on_another_device(web: Web, oidc: OidcProvider, draft: AccountDraft) -> None:
    page = reverse("oauth-device", args=[draft.pk])
    # Nobody is sent back to a site without https: the code comes by itself.
    assert web.post(reverse("oauth-start", args=[draft.pk])).headers["Location"] == page
    flow = OAuthFlow.objects.get()
    shown = web.get(page).content.decode()
    assert f">{flow.user_code}</output>" in shown
    assert flow.verification_url in shown
    OAuthFlow.objects.update(next_at=None)
    assert web.post(page, headers=HX).status_code == 204
    OAuthFlow.objects.update(next_at=None)
    assert "Not yet." in web.post(page, follow=True).content.decode()
    oidc.agree_on_device(flow.verification_url, flow.user_code, ADDRESS)
    OAuthFlow.objects.update(next_at=None)
    done = web.post(page, headers=HX)
    assert done.headers["HX-Redirect"] == resume_url(draft)
    draft.refresh_from_db()
    assert draft.credential is not None, (draft.cause, draft.server_line)
    assert web.get(page).headers["Location"] == resume_url(draft)


@pytest.mark.usefixtures("registered")
@pytest.mark.accept("A6")
def test_switched_off_every_page_names_the_administrator(
    web: Web, draft: AccountDraft, domain: Domain, oidc: OidcProvider,
    make_user: Callable[..., User],
) -> None:  # fmt: skip
    brought = oidc.sign_in(leave(web, draft), ADDRESS)
    make_user("ada@example.test", role="domain-admin", display_name="Ada Admin")
    features.set_switch(domain, Feature.OAUTH, enabled=False)
    for name in ("oauth-start", "oauth-device", "oauth-other"):
        answer = web.post(reverse(name, args=[draft.pk]), secure=True)
        assert answer.status_code == 403
        assert "Ada Admin" in answer.content.decode()
    assert web.get(CALLBACK, brought, secure=True).status_code == 403
    draft.refresh_from_db()
    assert draft.credential is None


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("how", ["code", ""])
def test_nobody_makes_us_ask_without_end(
    web: Web, draft: AccountDraft, settings: Settings, how: str
) -> None:
    settings.CONNECTIVITY_TESTS_PER_HOUR = 1
    start = reverse("oauth-start", args=[draft.pk])
    web.post(start, {"how": how}, secure=True)
    again = web.post(start, {"how": how}, secure=True)
    assert again.headers["Location"] == resume_url(draft)
    draft.refresh_from_db()
    assert draft.cause == "too-many-tests"
    assert OAuthFlow.objects.count() == 1


def test_without_a_registration_the_form_says_so(web: Web, draft: AccountDraft) -> None:
    answer = web.post(reverse("oauth-start", args=[draft.pk]), secure=True)
    assert answer.headers["Location"] == resume_url(draft)
    draft.refresh_from_db()
    assert draft.cause == "oauth-unregistered"
    assert web.get(reverse("oauth-ask", args=[draft.pk])).status_code == 404


def test_an_administrator_who_agreed_is_told_so(web: Web) -> None:
    for said, words in (("True", "was given. People can sign in"), ("False", "was not given")):
        page = web.get(CALLBACK, {"admin_consent": said, "tenant": "x"}, follow=True)
        assert words in page.content.decode()
