"""An address alone leads to its servers: name servers and web servers of the test, real mail."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from retrieval.models import RetrievalTask
from smtp_accounts.models import SmtpAccount
from standin.dovecot import Dovecot
from standin.smtp import SmtpServer
from tests.retrieval.conftest import Remote
from tests.web import config
from tests.web.names import NameServer
from tests.web.site import Web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("local_internet")]

ADDRESS = "mara@river.test"
SECRET = "a pass word"
CONFIG = "/mail/config-v1.1.xml"


@pytest.fixture
def provider(dovecot: Dovecot, smtp_server: SmtpServer, name_server: NameServer) -> Remote:
    """Mail servers of river.test."""
    dovecot.add_user(ADDRESS, SECRET)
    smtp_server.users[ADDRESS] = SECRET
    name_server.here("imap.river.test", "smtp.river.test")
    return Remote(dovecot, ADDRESS)


def published(dovecot: Dovecot, smtp_server: SmtpServer) -> str:
    return config(
        ("imap", "imap.river.test", dovecot.imaps_port, "SSL"),
        ("smtp", "smtp.river.test", smtp_server.tls_port, "SSL"),
    )


def begin(page: Page, address: str = ADDRESS) -> None:
    page.get_by_role("link", name="New Retrieval Task").click()
    page.get_by_label("Your address there").fill(address)
    page.get_by_role("button", name="Continue").click()


def finish(page: Page) -> None:
    """From the password to the saved task."""
    page.get_by_label("Password", exact=True).fill(SECRET)
    page.get_by_label("Password", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="How to retrieve")).to_be_visible()
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#retrieval")).to_contain_text(ADDRESS)


def test_what_the_domain_publishes_is_all_it_takes(
    page: Page,
    settings_page: Callable[[], None],
    provider: Remote,
    dovecot: Dovecot,
    smtp_server: SmtpServer,
    name_server: NameServer,
    web_server: Web,
    no_barriers: Callable[[], None],
    problems: list[str],
    shot: Callable[..., None],
) -> None:
    name_server.here("autoconfig.river.test")
    web_server.put(f"https://autoconfig.river.test{CONFIG}", published(dovecot, smtp_server))
    provider.fill(range(2))
    settings_page()
    begin(page)
    expect(page.get_by_text("Found by: The settings the domain publishes")).to_be_visible()
    page.get_by_text("How did you find this?").click()
    expect(page.get_by_text("autoconfig.river.test")).to_be_visible()
    no_barriers()
    shot("find-settings-found")
    finish(page)
    task, account = RetrievalTask.objects.get(), SmtpAccount.objects.get()
    assert (task.host, task.port) == ("imap.river.test", dovecot.imaps_port)
    assert (account.host, account.port) == ("smtp.river.test", smtp_server.tls_port)
    assert [one for one in problems if "422" not in one] == []


def test_what_name_servers_say_is_confirmed_first(
    page: Page,
    settings_page: Callable[[], None],
    provider: Remote,
    dovecot: Dovecot,
    smtp_server: SmtpServer,
    name_server: NameServer,
    no_barriers: Callable[[], None],
    shot: Callable[..., None],
) -> None:
    imap, smtp = f"0 1 {dovecot.imaps_port}", f"0 1 {smtp_server.tls_port}"
    name_server.add("_imaps._tcp.river.test", "SRV", f"{imap} imap.river.test.")
    name_server.add("_submissions._tcp.river.test", "SRV", f"{smtp} smtp.river.test.")
    settings_page()
    begin(page)
    expect(page.get_by_role("heading", name="Are these the right servers?")).to_be_visible()
    expect(page.get_by_role("dialog")).to_contain_text("imap.river.test")
    expect(
        page.get_by_text("The mail servers named in the name service (DNS)").first
    ).to_be_visible()
    assert not page.get_by_label("Password", exact=True).is_visible()
    no_barriers()
    shot("find-settings-confirm")
    page.get_by_role("button", name="Use these servers").click()
    finish(page)
    assert RetrievalTask.objects.get().host == "imap.river.test"


def test_usual_names_are_met_by_their_greeting(
    page: Page,
    settings_page: Callable[[], None],
    provider: Remote,
    settings: Settings,
    dovecot: Dovecot,
    smtp_server: SmtpServer,
) -> None:
    settings.CONNECTIVITY_LOOKUP_PORTS += [
        f"imap={dovecot.imaps_port}",
        f"smtps={smtp_server.tls_port}",
    ]
    settings_page()
    begin(page)
    expect(page.get_by_text("Found by: Usual server names")).to_be_visible()
    finish(page)
    assert RetrievalTask.objects.get().host == "imap.river.test"


def test_where_nothing_is_found_the_form_is_there_to_be_filled_in(
    page: Page,
    settings_page: Callable[[], None],
    no_barriers: Callable[[], None],
    shot: Callable[..., None],
) -> None:
    settings_page()
    begin(page)
    expect(page.get_by_text("This provider is not in our list.")).to_be_visible()
    expect(page.get_by_label("Server Address")).to_be_visible()
    page.get_by_text("Where was it looked for?").click()
    expect(page.get_by_text("Usual server names")).to_be_visible()
    no_barriers()
    shot("find-settings-nothing")


def test_a_provider_without_encryption_is_told_as_such(
    page: Page, settings_page: Callable[[], None], shot: Callable[..., None]
) -> None:
    settings_page()
    begin(page, "mara@hal.ne.jp")
    expect(page.get_by_role("heading", name="Are these the right servers?")).to_be_visible()
    expect(page.get_by_text("The provider names this server without encryption.")).to_be_visible()
    shot("find-settings-clear")
    page.get_by_role("button", name="Use these servers").click()
    expect(page.get_by_role("dialog")).to_contain_text("port 110, named without encryption.")
    shot("find-settings-clear-password")
