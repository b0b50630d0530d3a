"""Identities, signatures, templates and how messages leave, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from smtp_accounts.models import Alignment, Identity, MessageTemplate, Signature, SmtpAccount
from smtp_accounts.services import accounts, identities, signatures
from smtp_accounts.services.accounts import AccountValues
from smtp_accounts.services.signatures import SignatureValues
from standin.certs import TlsFiles
from standin.smtp import SmtpServer
from tests.e2e.conftest import SHOTS, sign_in

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 21, 9, 38, tzinfo=UTC)
Enter = Callable[[User], None]
Shot = Callable[..., None]
Go = Callable[[str], None]
#: One red dot.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c"
    "63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


@pytest.fixture(autouse=True)
def trusted(settings: Settings, tls_files: TlsFiles) -> None:
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)


@pytest.fixture
def go(page: Page, live_server: LiveServer, user: User, enter: Enter) -> Go:
    """Open an address of the site as the signed-in person."""
    enter(user)
    return lambda path: (page.goto(f"{live_server.url}{path}"), None)[1]


@pytest.fixture
def account(user: User, smtp_server: SmtpServer) -> SmtpAccount:
    values = AccountValues(
        "Mara Lindqvist",
        "localhost",
        smtp_server.tls_port,
        "ssl",
        "mara@provider.test",
        True,
        "mara@provider.test",
        "korrekt-pferd",
    )
    stored = accounts.save(user=user, values=values, now=NOW, test=False).account
    assert stored is not None
    return stored


@pytest.mark.accept("A35", "A36")
def test_an_account_gets_a_second_address(
    page: Page,
    user: User,
    go: Go,
    account: SmtpAccount,
    smtp_server: SmtpServer,
    shot: Shot,
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    smtp_server.refuse = {"office@provider.test": "553 5.7.1 Sender address rejected: not owned"}
    words = SignatureValues("Work", "<p>Mara Lindqvist<br>Studio</p>", is_default=True)
    signatures.save(user=user, values=words)
    go("/settings/identities/")
    page.get_by_role("link", name="New address").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Email Address")).to_be_focused()
    no_barriers()
    shot("identity-new")
    dialog.get_by_label("Email Address").fill("office@provider.test")
    dialog.get_by_label("Display Name").fill("Studio Lindqvist")
    dialog.get_by_role("button", name="Save").last.click()
    expect(dialog.get_by_text("Nothing was saved.")).to_be_visible()
    expect(dialog.get_by_label("Display Name")).to_have_value("Studio Lindqvist")
    no_barriers()
    shot("identity-refused")
    dialog.get_by_label("Email Address").fill("studio@provider.test")
    dialog.get_by_role("button", name="Test address").click()
    expect(dialog.get_by_text("localhost takes mail from studio@provider.test.")).to_be_visible()
    shot("identity-tested")
    dialog.get_by_label("Private description").fill("Clients only")
    dialog.get_by_label("Green").check(force=True)
    dialog.get_by_label("Used for").select_option("Work")
    dialog.get_by_role("button", name="Save").last.click()
    row = page.locator(".ident", has_text="studio@provider.test")
    expect(row).to_contain_text("Clients only, sends through localhost")
    expect(row.locator(".dot")).to_have_class("dot a4")
    row.get_by_role("button", name="Make studio@provider.test the Default").click()
    expect(page.get_by_text("New messages start with studio@provider.test.")).to_be_visible()
    expect(page.locator(".ident", has_text="Default From")).to_contain_text("studio@provider.test")
    no_barriers()
    shot("identities")
    studio = Identity.objects.get(user=user, address="studio@provider.test")
    assert identities.for_new(user).send_from.identity == studio
    row = page.locator(".ident", has_text="studio@provider.test")
    row.get_by_role("link", name="Remove studio@provider.test").click()
    expect(dialog).to_contain_text("It is your Default From Address.")
    no_barriers()
    shot("identity-remove")
    dialog.get_by_role("button", name="Remove address").click()
    expect(dialog.get_by_text("Choose the address that takes its place.")).to_be_visible()
    dialog.get_by_label("Send from this address instead").select_option(index=1)
    dialog.get_by_role("button", name="Remove address").click()
    expect(page.get_by_text("studio@provider.test is removed.")).to_be_visible()
    assert not [one for one in problems if "422" not in one]


@pytest.mark.accept("A35")
def test_an_address_that_cannot_send_says_so_and_what_belongs_to_it_is_changed(
    page: Page,
    user: User,
    go: Go,
    account: SmtpAccount,
    shot: Shot,
    no_barriers: Callable[[], None],
) -> None:
    own = identities.primary_of(account)
    Alignment.objects.create(
        identity=own,
        grade="good",
        facts={"domain": "provider.test", "server": "localhost", "relation": "own"},
        checked_at=timezone.now(),
    )
    go("/settings/identities/")
    row = page.locator(".ident", has_text="mara@provider.test")
    expect(row).to_contain_text("Aligned")
    row.get_by_role("link", name="Mara Lindqvist").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Receivers can tell that this address is yours")).to_be_visible()
    expect(dialog.get_by_label("Reply to")).to_be_hidden()
    dialog.get_by_text("Replies and folder").click()
    dialog.get_by_label("Reply to").fill("nobody")
    dialog.get_by_label("Private description").fill("Everyday")
    dialog.get_by_role("button", name="Save").last.click()
    expect(dialog.get_by_text("“nobody” is not a mail address.")).to_be_visible()
    expect(dialog.get_by_label("Private description")).to_have_value("Everyday")
    no_barriers()
    shot("identity-edit")
    dialog.get_by_label("Reply to").fill("office@provider.test")
    dialog.get_by_role("button", name="Save").last.click()
    expect(row).to_contain_text("replies to office@provider.test")
    SmtpAccount.objects.update(cause="login-refused")
    page.reload()
    expect(row).to_contain_text("Cannot send: ")
    expect(row.get_by_role("link", name="See account")).to_be_visible()
    no_barriers()
    shot("identities-broken")


@pytest.mark.accept("A37", "A167")
def test_a_signature_is_written_with_its_picture(
    page: Page,
    user: User,
    go: Go,
    account: SmtpAccount,
    shot: Shot,
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    go("/settings/signatures/")
    expect(page.get_by_text("No signature yet.")).to_be_visible()
    shot("signatures-empty")
    page.get_by_role("link", name="Write a signature").click()
    expect(page.locator("[data-editor][data-ready]")).to_be_visible()
    words = page.get_by_role("textbox", name="Signature")
    words.click()
    page.keyboard.type("Mara Lindqvist")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+b")
    page.keyboard.type("Studio")
    expect(words.locator("b")).to_have_text("Studio")
    page.locator("[data-editor-pick]").set_input_files(
        {"name": "dot.png", "mimeType": "image/png", "buffer": PNG}
    )
    expect(words.locator("img[data-cid]")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Enter a name, for example Work.")).to_be_visible()
    expect(words.locator("b")).to_have_text("Studio")
    expect(words.locator("img[data-cid]")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Work")
    page.get_by_label("mara@provider.test").check()
    no_barriers()
    shot("signature-edit")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("“Work” is saved.")).to_be_visible()
    frame = page.frame_locator("iframe[src]")
    expect(frame.locator("b")).to_have_text("Studio")
    expect(frame.locator("img")).to_be_visible()
    no_barriers()
    shot("signatures")
    kept = Signature.objects.get(user=user)
    own = identities.primary_of(account)
    assert signatures.region(own, "new").text.startswith("Mara Lindqvist\nStudio")
    assert kept.images.count() == 1
    page.get_by_role("link", name="Delete Work").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("mara@provider.test")
    shot("signature-delete")
    dialog.get_by_role("button", name="Delete signature").click()
    expect(page.get_by_text("“Work” is deleted.")).to_be_visible()
    assert not [one for one in problems if "422" not in one]


@pytest.mark.accept("A37")
def test_a_signature_is_written_without_a_script(
    browser: Browser, live_server: LiveServer, user: User, account: SmtpAccount
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    sign_in(context, live_server, user)
    page = context.new_page()
    page.goto(f"{live_server.url}/settings/signatures/new/")
    page.get_by_label("Name", exact=True).fill("Work")
    page.get_by_label("Signature", exact=True).fill("Mara Lindqvist\nStudio")
    page.get_by_label("Add a picture at the end").set_input_files(
        {"name": "dot.png", "mimeType": "image/png", "buffer": PNG}
    )
    expect(page.get_by_role("toolbar")).to_be_hidden()
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / "signature-no-script.png", full_page=True)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The picture is added at the end.")).to_be_visible()
    kept = Signature.objects.get(user=user)
    assert "<div>Mara Lindqvist</div><div>Studio</div>" in kept.html
    assert kept.images.count() == 1
    page.get_by_label("Name", exact=True).fill("Job")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.frame_locator("iframe[src]").locator("img")).to_be_visible()
    assert Signature.objects.get(user=user).html == kept.html
    context.close()


def test_a_template_is_written_by_keyboard_alone(
    page: Page,
    user: User,
    go: Go,
    shot: Shot,
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    go("/settings/templates/")
    shot("templates-empty")
    keys = page.keyboard
    page.get_by_role("link", name="New template").focus()
    keys.press("Enter")
    page.wait_for_url("**/templates/new/")
    expect(page.locator("[data-editor][data-ready]")).to_be_visible()
    page.get_by_label("Name", exact=True).focus()
    keys.type("Viewing")
    keys.press("Tab")
    keys.type("Your visit on Tuesday")
    keys.press("Tab")
    expect(page.get_by_role("textbox", name="Text")).to_be_focused()
    keys.type("Dear ")
    keys.press("Control+i")
    keys.type("guest")
    no_barriers()
    shot("template-edit")
    save = page.get_by_role("button", name="Save", exact=True)
    for _ in range(40):
        if save.evaluate("one => one === document.activeElement"):
            break
        keys.press("Tab")
    expect(save).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_text("“Viewing” is saved.")).to_be_visible()
    no_barriers()
    shot("templates")
    kept = MessageTemplate.objects.get(user=user)
    assert "<i>guest</i>" in kept.html
    assert not problems


@pytest.mark.accept("A167")
def test_how_messages_start_and_leave(
    page: Page,
    user: User,
    go: Go,
    account: SmtpAccount,
    shot: Shot,
    no_barriers: Callable[[], None],
) -> None:
    go("/settings/account/#writing")
    page.get_by_label("Default From Address").select_option(
        label="Mara Lindqvist <mara@provider.test>"
    )
    page.get_by_label("Undo send").select_option("30 seconds")
    page.get_by_label("Write in plain text").check()
    no_barriers()
    shot("settings-writing")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    user.refresh_from_db()
    assert (user.undo_send, user.writes_plain) == (30, True)
    assert identities.for_new(user).send_from.account == account


@pytest.mark.accept("A34", "A198")
def test_an_account_shows_what_belongs_to_it(
    page: Page,
    user: User,
    go: Go,
    account: SmtpAccount,
    shot: Shot,
    no_barriers: Callable[[], None],
) -> None:
    own = identities.primary_of(account)
    Identity.objects.create(user=user, account=account, address="studio@provider.test")
    chosen = SignatureValues("Work", "<p>Mara</p>", identities=frozenset({own.pk}))
    signatures.save(user=user, values=chosen)
    identities.set_default(user, own)
    Alignment.objects.create(
        identity=own,
        grade="good",
        facts={"domain": "provider.test", "server": "localhost", "relation": "own"},
        checked_at=NOW,
    )
    go("/settings/connectivity/#smtp")
    row = page.locator(".smtp")
    expect(row).to_contain_text("2 addresses, Signature: Work")
    shot("smtp-belongings")
    row.get_by_role("link").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Addresses", exact=True)).to_be_visible()
    dialog.get_by_label("At most in 24 hours").fill("400")
    no_barriers()
    shot("smtp-account")
    dialog.get_by_label("At most in 24 hours").fill("none")
    dialog.get_by_role("button", name="Save").last.click()
    expect(dialog.locator("#id_daily_limit_error")).to_be_visible()
    dialog.get_by_role("link", name="Delete").click()
    expect(dialog).to_contain_text("It is your Default From Address.")
    no_barriers()
    shot("smtp-delete")
    dialog.get_by_label("Send from this address instead").select_option(index=1)
    dialog.get_by_role("button", name="Delete account").click()
    expect(page.get_by_text("mara@provider.test is deleted.")).to_be_visible()
    assert not SmtpAccount.objects.exists()
    assert identities.for_new(user).send_from.account is None
