"""A compose window in the browser, and the accounts and people it is written with."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from smtp_accounts.models import Identity, Signature, SmtpAccount
from smtp_accounts.services import accounts, correspondents, identities
from smtp_accounts.services.accounts import AccountValues
from standin.certs import TlsFiles
from standin.smtp import SmtpServer
from tests.webmail.samples import Mailbox


@pytest.fixture
def writer_account(
    user: User, smtp_server: SmtpServer, settings: Settings, tls_files: TlsFiles
) -> SmtpAccount:
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)
    values = AccountValues(
        "Mara at work",
        "localhost",
        smtp_server.tls_port,
        "ssl",
        "mara@provider.test",
        True,
        "mara@provider.test",
        "korrekt-pferd",
    )
    stored = accounts.save(user=user, values=values, now=timezone.now(), test=False).account
    assert stored is not None
    return stored


@pytest.fixture
def known_people(user: User, mailbox: Mailbox) -> None:
    """Three people the user has written to."""
    now = timezone.now()
    local = identities.local_of(user)
    for name in ("xenia@okafor.test", "xerxes@harbourline.test", "anna@xenon.test"):
        correspondents.wrote(user, local, [name], now)


@pytest.fixture
def signing(user: User, writer_account: SmtpAccount) -> Identity:
    """A second way to write, with a signature and an address for replies."""
    work = identities.primary_of(writer_account)
    signature = Signature.objects.create(
        user=user, name="Work", html="<div>Mara Lind<br><b>Harbourline</b></div>"
    )
    Identity.objects.filter(pk=work.pk).update(
        signature=signature, reply_to="office@provider.test", description="Only customers"
    )
    return work


def to_field(window: Locator) -> Locator:
    return window.get_by_role("combobox", name="To", exact=True)


def opened(page: Page, live_server: LiveServer) -> Locator:
    page.goto(live_server.url)
    page.keyboard.press("c")
    window = page.locator("compose-window")
    expect(to_field(window)).to_be_focused()
    return window


def chips(window: Locator, row: str = "to") -> Locator:
    return window.locator(f'[data-row="{row}"] .chip [data-name]')


def words(window: Locator) -> Locator:
    """The text, with formatting or without, once the editor has taken the plain field's place."""
    ready = window.locator("[data-editor][data-ready]")
    return ready.get_by_role("textbox", name="Message", exact=True)
