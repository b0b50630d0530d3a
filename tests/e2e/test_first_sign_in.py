"""The first sign-in, with the keyboard alone, to a confirmed backup address."""

from __future__ import annotations

import email
import re
from collections.abc import Callable
from email.policy import default

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from smtp_accounts.tasks import send_system_mail
from standin.certs import TlsFiles
from standin.smtp import SmtpServer
from tests.conftest import PASSWORD

THERE = "mara@elsewhere.example"
_LINK = re.compile(r"https?://\S+/backup/link/[\w-]+/")


@pytest.fixture
def relay(settings: Settings, smtp_server: SmtpServer, tls_files: TlsFiles) -> SmtpServer:
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)
    port = smtp_server.starttls_port
    settings.RELAY_URL = f"smtp+starttls://mara%40provider.test:korrekt-pferd@localhost:{port}"
    return smtp_server


def mailed(relay: SmtpServer) -> str:
    """What the worker does, and the link in what the mail server took."""
    send_system_mail()
    taken = relay.accepted[-1]
    assert taken.recipients == (THERE,)
    body = email.message_from_bytes(taken.raw, policy=default).get_content()
    found = _LINK.search(body)
    assert found, body
    return found[0]


def tab_to(page: Page, wanted: Locator) -> None:
    """Go on with the Tab key until this has the focus."""
    for _step in range(12):
        if wanted.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    expect(wanted).to_be_focused()


@pytest.mark.accept("A162", "A165", "A166")
def test_from_the_first_sign_in_to_a_confirmed_backup_address(
    page: Page,
    live_server: LiveServer,
    user: User,
    relay: SmtpServer,
    settings: Settings,
    problems: list[str],
    no_barriers: Callable[[], None],
    shot: Callable[..., None],
) -> None:
    settings.SITE_URL = live_server.url
    User.objects.filter(pk=user.pk).update(welcomed_at=None)
    page.goto(live_server.url + "/settings/reading/")
    page.keyboard.type(user.email)
    tab_to(page, page.get_by_label("Password", exact=True))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Welcome, Mara Lind")).to_be_visible()
    no_barriers()
    shot("welcome")
    tab_to(page, page.get_by_label("Backup Email Address"))
    page.keyboard.type(user.email)
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is the address of this account itself.")).to_be_visible()
    tab_to(page, page.get_by_label("Backup Email Address"))
    page.keyboard.press("Control+a")
    page.keyboard.type(THERE)
    tab_to(page, page.get_by_role("button", name="Continue"))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="First steps")).to_be_visible()
    expect(page.get_by_role("link", name="Add an account")).to_be_visible()
    no_barriers()
    shot("first-steps")
    tab_to(page, page.get_by_role("link", name="Go to my mail"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Reading", exact=True)).to_be_visible()

    page.goto(live_server.url + "/settings/account/#backup")
    expect(page.get_by_text("Not confirmed")).to_be_visible()
    page.goto(mailed(relay))
    expect(page).to_have_url(f"{live_server.url}/backup/confirm/")
    no_barriers()
    tab_to(page, page.get_by_role("button", name="Confirm"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Address confirmed")).to_be_visible()
    page.goto(live_server.url + "/settings/account/#backup")
    expect(page.get_by_text("Confirmed", exact=True)).to_be_visible()
    user.refresh_from_db()
    assert user.backup_address == THERE
    assert user.backup_confirmed_at is not None
    assert [one for one in problems if "422" not in one] == []
