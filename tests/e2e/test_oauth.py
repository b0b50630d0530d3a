"""Signing in at a provider, in a browser: registering, signing in, and what may go wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import Role, User
from connectivity import providers
from connectivity.models import CredentialKind, OAuthGrant
from connectivity.providers import Server
from mailstore.models import Message
from retrieval.models import RetrievalTask
from smtp_accounts.models import SmtpAccount
from standin.certs import TlsFiles
from standin.dovecot import Dovecot
from standin.smtp import SmtpServer
from tests.e2e import test_connectivity
from tests.e2e.conftest import sign_in
from tests.e2e.tasks import row
from tests.oidc import make_oidc, registered, token_dovecot
from tests.oidc.provider import OidcProvider
from tests.retrieval.conftest import Remote

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "mara@outlook.com"
Shot = Callable[..., None]
worker = test_connectivity.worker


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """The provider's certificate is that of the test authority, which no browser knows."""
    return {**browser_context_args, "ignore_https_errors": True}


@pytest.fixture(scope="module")
def microsoft(live_server: LiveServer, tls_files: TlsFiles) -> Iterator[OidcProvider]:
    """A sign-in service that knows this site."""
    with make_oidc(tls_files, live_server.url + reverse("oauth-callback")) as provider:
        yield provider


@pytest.fixture(scope="module")
def mailbox_there(
    server_folder: Path, tls_files: TlsFiles, microsoft: OidcProvider
) -> Iterator[Dovecot]:
    """A mail server that takes the service's tokens, and nothing else."""
    server = token_dovecot(server_folder / "browser-oauth", tls_files, microsoft)
    with server:
        server.add_user(ADDRESS, "a password nobody knows")
        yield server


@pytest.fixture
def outlook(
    mailbox_there: Dovecot,
    microsoft: OidcProvider,
    tls_files: TlsFiles,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Remote]:
    """The tile of Outlook.com, with servers of this computer in the place of its own."""
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)
    registered(microsoft)
    with SmtpServer({}, tls=tls_files.good, owner=microsoft.owner) as smtp:
        imap = Server("localhost", mailbox_there.imaps_port)
        pop = Server("localhost", mailbox_there.pop3s_port)
        sending = Server("localhost", smtp.tls_port)
        here = tuple(
            replace(one, imap=imap, pop=pop, smtp=sending) if one.key == "outlook" else one
            for one in providers.PROVIDERS
        )
        monkeypatch.setattr(providers, "PROVIDERS", here)
        monkeypatch.setitem(providers._OWNERS, "localhost", "Microsoft")
        for name in ("by_key", "by_address", "by_host"):
            monkeypatch.setattr(getattr(providers, name), "__defaults__", (here,))
        yield Remote(mailbox_there, ADDRESS)


def sign_in_there(page: Page, name: str = ADDRESS) -> None:
    """The pages of the service, as the person sees them."""
    page.locator("input[name=login]").fill(name)
    page.locator("input[name=password]").fill("only the provider sees this")
    page.get_by_role("button", name="Sign-in").click()


def agree(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def to_the_provider(page: Page) -> None:
    """From the Connectivity page, by the tile, to the provider."""
    page.get_by_role("link", name="New Retrieval Task").click()
    page.get_by_role("link", name="Outlook.com").click()
    expect(page.get_by_role("heading", name="Sign in at Microsoft")).to_be_visible()
    page.get_by_label("Email Address").fill(ADDRESS)
    page.get_by_role("button", name="Continue to Microsoft").click()
    expect(page.locator("input[name=login]")).to_be_visible()


@pytest.mark.accept("A9", "A94", "A95")
def test_an_account_is_added_without_a_password(
    page: Page,
    settings_page: Callable[[], None],
    outlook: Remote,
    live_server: LiveServer,
    worker: None,
    shot: Shot,
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    outlook.fill(range(1, 4))
    settings_page()
    page.get_by_role("link", name="New Retrieval Task").click()
    page.get_by_role("link", name="Outlook.com").click()
    expect(page.get_by_role("heading", name="Sign in at Microsoft")).to_be_visible()
    expect(page.locator("input[type=password]")).to_have_count(0)
    shot("oauth-before")
    no_barriers()
    page.get_by_label("Email Address").fill(ADDRESS)
    page.get_by_role("button", name="Continue to Microsoft").click()
    sign_in_there(page)
    agree(page)
    expect(page.get_by_text(f"Signed in as {ADDRESS}.")).to_be_visible()
    expect(page.locator("input[type=password]")).to_have_count(0)
    shot("oauth-signed-in")
    no_barriers()
    page.get_by_label("Add as root level folders").check()
    page.get_by_role("button", name="Test Connection").click()
    expect(page.locator("#outcome")).to_contain_text("Everything works.")
    assert not RetrievalTask.objects.exists()
    shot("oauth-tested")
    page.get_by_role("button", name="Save").last.click()
    expect(row(page, "Outlook")).to_contain_text("3 new")
    task = RetrievalTask.objects.get()
    assert task.credential.kind == CredentialKind.OAUTH
    assert SmtpAccount.objects.get().credential == task.credential
    page.goto(live_server.url + "/")
    expect(page.get_by_text("Letter 3").first).to_be_visible()
    assert Message.objects.filter(folder__role="inbox").count() == 3
    # The pages of the service want fonts from elsewhere.
    assert [text for text in problems if not text.startswith("Failed to load")] == []


def test_a_refused_permission_leads_back_and_is_explained(
    page: Page,
    settings_page: Callable[[], None],
    outlook: Remote,
    shot: Shot,
    no_barriers: Callable[[], None],
) -> None:
    settings_page()
    to_the_provider(page)
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_text("The permission was not given").first).to_be_visible()
    expect(page.get_by_label("Email Address")).to_have_value(ADDRESS)
    shot("oauth-denied")
    no_barriers()
    page.get_by_role("button", name="Continue to Microsoft").click()
    sign_in_there(page)
    agree(page)
    expect(page.get_by_text(f"Signed in as {ADDRESS}.")).to_be_visible()
    assert not RetrievalTask.objects.exists()


def test_an_administrator_has_to_agree(
    page: Page,
    settings_page: Callable[[], None],
    outlook: Remote,
    live_server: LiveServer,
    shot: Shot,
    no_barriers: Callable[[], None],
) -> None:
    """What Microsoft brings back then; no service here can be made to say it."""
    states: list[str] = []
    page.on(
        "request", lambda one: states.extend(parse_qs(urlsplit(one.url).query).get("state", []))
    )
    settings_page()
    to_the_provider(page)
    said = {
        "state": states[0],
        "error": "consent_required",
        "error_description": "AADSTS65001: The user or administrator has not consented to use "
        "the application with ID '11111111-2222-3333-4444-555555555555'.",
    }
    page.goto(f"{live_server.url}{reverse('oauth-callback')}?{urlencode(said)}")
    expect(page.get_by_role("heading", name="An administrator has to agree")).to_be_visible()
    expect(page.locator("#request-text")).to_have_value(re.compile(f"mail of {ADDRESS}"))
    shot("oauth-ask")
    no_barriers()
    page.get_by_role("link", name="Back to the settings").click()
    expect(page.get_by_text("An administrator has to agree").first).to_be_visible()
    page.goto(f"{live_server.url}{reverse('oauth-callback')}?{urlencode(said)}")
    expect(page.get_by_role("heading", name="This sign-in is over")).to_be_visible()
    shot("oauth-over")
    no_barriers()
    page.get_by_role("link", name=ADDRESS).click()
    expect(page.get_by_label("Email Address")).to_have_value(ADDRESS)


def test_a_browser_without_scripts_goes_there_and_back(
    browser: Browser,
    live_server: LiveServer,
    user: User,
    outlook: Remote,
    shot: Shot,
) -> None:
    context = browser.new_context(java_script_enabled=False, ignore_https_errors=True)
    sign_in(context, live_server, user)
    page = context.new_page()
    page.goto(live_server.url + reverse("retrieval-new"))
    page.get_by_role("link", name="Outlook.com").click()
    page.get_by_label("Email Address").fill(ADDRESS)
    page.get_by_role("button", name="Continue to Microsoft").click()
    sign_in_there(page)
    agree(page)
    expect(page.get_by_text(f"Signed in as {ADDRESS}.")).to_be_visible()
    context.close()


def test_another_account_is_asked_about(
    page: Page,
    settings_page: Callable[[], None],
    outlook: Remote,
    shot: Shot,
    no_barriers: Callable[[], None],
) -> None:
    settings_page()
    to_the_provider(page)
    sign_in_there(page, "mara.private@outlook.com")
    agree(page)
    expect(page.get_by_role("heading", name="Which account?")).to_be_visible()
    shot("oauth-other")
    no_barriers()
    page.get_by_role("button", name="Use mara.private@outlook.com").click()
    expect(page.get_by_text("Signed in as mara.private@outlook.com.")).to_be_visible()


def test_a_code_for_another_device(
    page: Page,
    settings_page: Callable[[], None],
    outlook: Remote,
    microsoft: OidcProvider,
    shot: Shot,
    no_barriers: Callable[[], None],
) -> None:
    settings_page()
    page.get_by_role("link", name="New Retrieval Task").click()
    page.get_by_role("link", name="Outlook.com").click()
    page.get_by_label("Email Address").fill(ADDRESS)
    page.get_by_role("button", name="Use a code").click()
    expect(page.locator("#user-code")).to_contain_text("-")
    code = page.locator("#user-code").inner_text()
    shot("oauth-device")
    no_barriers()
    address = page.get_by_role("link", name="https://").get_attribute("href") or ""
    microsoft.agree_on_device(address, code, ADDRESS)
    expect(page.get_by_text(f"Signed in as {ADDRESS}.")).to_be_visible()


def test_a_permission_that_ended_is_given_again_in_the_row(
    page: Page,
    settings_page: Callable[[], None],
    outlook: Remote,
    worker: None,
    shot: Shot,
) -> None:
    """Repair in place (A94): one button, and the same task goes on."""
    settings_page()
    to_the_provider(page)
    sign_in_there(page)
    agree(page)
    page.get_by_role("button", name="Save").last.click()
    expect(row(page, "Outlook")).to_contain_text("next at")
    task = RetrievalTask.objects.get()
    OAuthGrant.objects.update(dead_since=timezone.now(), access_until=None, cause="oauth-revoked")
    RetrievalTask.objects.update(state="needs-password", cause="oauth-revoked", next_at=None)
    outlook.fill(range(7, 9))
    page.reload()
    expect(row(page, "Outlook").get_by_role("button", name="Sign in")).to_be_visible()
    shot("oauth-lost")
    row(page, "Outlook").get_by_role("button", name="Sign in").click()
    agree(page)  # the person is still signed in there, as most people are
    expect(row(page, "Outlook")).to_contain_text("2 new")
    task.refresh_from_db()
    assert (RetrievalTask.objects.count(), task.state) == (1, "ok")
    assert Message.objects.count() == len(outlook.read())


def test_a_system_administrator_registers_with_a_provider(
    page: Page,
    live_server: LiveServer,
    make_user: Callable[..., User],
    enter: Callable[[User], None],
    shot: Shot,
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    enter(make_user("sam@example.test", role=Role.SYSTEM_ADMIN, display_name="Sam System"))
    page.goto(live_server.url + reverse("settings"))
    page.get_by_role("link", name="Sign-in providers").click()
    expect(page.get_by_text("Not set up").first).to_be_visible()
    shot("oauth-clients")
    no_barriers()
    page.get_by_role("link", name="Microsoft").click()
    expect(page.get_by_label("Redirect URI")).to_have_value(
        live_server.url + reverse("oauth-callback")
    )
    shot("oauth-client-new")
    no_barriers()
    page.get_by_label("Client ID").fill("11111111-2222-3333-4444-555555555555")
    page.get_by_label("Client secret", exact=True).fill("a client secret")
    page.get_by_text("A sign-in service of your own").click()
    page.get_by_label("Authorization address").fill("https://localhost:1/authorize")
    page.get_by_label("Token address").fill("https://localhost:1/token")
    page.get_by_role("button", name="Save and test").click()
    expect(page.get_by_text("Saved, but the test failed.")).to_be_visible()
    expect(page.locator("#client-state")).to_contain_text("Test failed")
    shot("oauth-client-failed")
    no_barriers()
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("#client-state")).to_contain_text("Test failed")
    page.get_by_role("link", name="Remove").click()
    expect(page.get_by_text("No account uses them.")).to_be_visible()
    shot("oauth-client-remove")
    page.get_by_role("button", name="Remove Microsoft").click()
    expect(page.get_by_text("Microsoft is removed.")).to_be_visible()
    assert not problems
