"""The dialog of an account, left for one of its addresses and come back to, and deleted in use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from smtp_accounts.models import Draft, OutboxMessage, SmtpAccount
from smtp_accounts.services import accounts, drafts, identities, outbox, signatures
from smtp_accounts.services.accounts import AccountValues
from smtp_accounts.services.signatures import SignatureValues
from standin.certs import TlsFiles
from standin.smtp import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)

Shot = Callable[..., None]


@pytest.fixture
def account(
    user: User, smtp_server: SmtpServer, settings: Settings, tls_files: TlsFiles
) -> SmtpAccount:
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)
    who = "mara@provider.test"
    port = smtp_server.tls_port
    values = AccountValues("Mara Lind", "localhost", port, "ssl", who, True, who, "korrekt-pferd")
    now = timezone.now()
    stored = accounts.save(user=user, values=values, now=now, test=False).account
    assert stored is not None
    return stored


@pytest.fixture
def opened(
    page: Page,
    live_server: LiveServer,
    user: User,
    account: SmtpAccount,
    enter: Callable[[User], None],
) -> Callable[[], None]:
    """Open the dialog of the account on the Connectivity page."""

    def go() -> None:
        enter(user)
        page.goto(live_server.url + reverse("connectivity"))
        page.locator(".smtp").get_by_role("link").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()

    return go


def test_adding_an_address_loses_nothing_that_was_typed(
    page: Page, account: SmtpAccount, opened: Callable[[], None], shot: Shot, problems: list[str]
) -> None:
    """Cancelled or saved, the account's dialog is as it was left, password included."""
    opened()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Display Name").fill("M. Lind")
    dialog.get_by_label("Password", exact=True).fill("another-secret")

    def there_again() -> None:
        expect(dialog.get_by_label("Display Name")).to_have_value("M. Lind")
        expect(dialog.get_by_label("Password", exact=True)).to_have_value("another-secret")

    def add() -> None:
        dialog.get_by_role("button", name="Add an address").click()
        expect(dialog.get_by_role("heading", name="New address")).to_be_visible()

    add()
    dialog.get_by_role("link", name="Cancel").click()
    there_again()
    add()
    dialog.get_by_label("Email Address").fill("studio@provider.test")
    dialog.get_by_role("button", name="Save").last.click()
    expect(dialog.get_by_role("link", name="studio@provider.test")).to_be_visible()
    there_again()
    shot("account-come-back")
    dialog.get_by_role("link", name="Cancel").click()
    expect(dialog).to_have_count(0)
    page.locator(".smtp").get_by_role("link").first.click()
    expect(dialog.get_by_label("Display Name")).to_have_value("Mara Lind")
    expect(dialog.get_by_label("Password", exact=True)).to_have_value("")
    assert problems == []


@pytest.mark.accept("A198")
def test_an_account_with_waiting_mail_is_deleted(
    page: Page,
    live_server: LiveServer,
    user: User,
    account: SmtpAccount,
    opened: Callable[[], None],
    no_barriers: Callable[[], None],
    shot: Shot,
    problems: list[str],
) -> None:
    """It asks who takes its place; the message is a draft again, signed as that address does."""
    mine, local = identities.primary_of(account), identities.local_of(user)
    identities.set_default(user, mine)
    for name, html, who in (("Work", "<p>Studio</p>", mine), ("Short", "<p>Mara</p>", local)):
        values = SignatureValues(name, html, identities=frozenset({who.pk}))
        signatures.save(user=user, values=values)
    mine.refresh_from_db()
    region = signatures.region(mine, "new")
    html = f'<div>Hi</div><div data-signature="{region.signature_id}">{region.html}</div>'
    now = timezone.now()
    written = drafts.DraftValues(
        identity=mine,
        to="bob@elsewhere.test",
        subject="Tide tables",
        html=html,
        send_at=now + timedelta(days=2),
    )
    draft = drafts.save(user=user, key=uuid4(), values=written, version=0, now=now)
    message = outbox.submit(user=user, draft=draft, now=now)
    opened()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("link", name="Delete").click()
    expect(dialog).to_contain_text("It is your Default From Address.")
    expect(dialog).to_contain_text("1 message waits in the outbox; it goes back to Drafts")
    no_barriers()
    shot("account-delete-waiting")
    dialog.get_by_role("button", name="Delete account").click()
    expect(dialog.get_by_text("Choose the address that takes its place.")).to_be_visible()
    dialog.get_by_label("Send from this address instead").select_option(index=1)
    dialog.get_by_role("button", name="Delete account").click()
    expect(page.get_by_text("mara@provider.test is deleted.")).to_be_visible()
    assert OutboxMessage.objects.get(pk=message.pk).state == "cancelled"
    assert identities.for_new(user).send_from.identity == local
    page.goto(live_server.url + reverse("compose-draft", args=[Draft.objects.get().key]))
    expect(page.get_by_label("Subject")).to_have_value("Tide tables")
    words = page.get_by_role("textbox", name="Message", exact=True)
    expect(words).to_contain_text("Mara")
    expect(words).not_to_contain_text("Studio")
    shot("account-deleted-draft")
    assert [one for one in problems if "422" not in one] == []
