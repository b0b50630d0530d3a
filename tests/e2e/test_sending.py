"""Adding an account to send through, answering from it, and what the outbox says, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.utils import timezone
from playwright.sync_api import FilePayload, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from filtering.services.deliver import Incoming, deliver
from mailstore.models import FolderRole, Message, Source
from mailstore.services import folders
from protocols.body import Body
from smtp_accounts.models import Draft, OutboxMessage, SmtpAccount
from smtp_accounts.services import accounts, identities, queue, rounds
from smtp_accounts.services.accounts import AccountValues
from standin.certs import TlsFiles
from standin.smtp import SmtpServer
from tests.e2e.writing import words

pytestmark = pytest.mark.django_db(transaction=True)

Enter = Callable[[User], None]
Shot = Callable[..., None]
LETTER = b"""From: Jonas Ekdahl <jonas@harbourline.test>\r
To: Mara Lind <mara@provider.test>\r
Cc: Anneke de Wit <anneke@harbourline.test>, Mara Lind <mara@example.test>\r
Subject: Lease for the Quay Street studio\r
Message-ID: <lease-4@harbourline.test>\r
Date: Thu, 20 Nov 2026 09:38:00 +0100\r
\r
Dear Mara,\r
\r
the meter readings are still missing. Could you send them until Tuesday?\r
\r
Jonas\r
"""


@pytest.fixture(autouse=True)
def trusted(settings: Settings, tls_files: TlsFiles) -> None:
    settings.CONNECTIVITY_CA_FILE = str(tls_files.ca_file)


@pytest.fixture
def account(user: User, smtp_server: SmtpServer) -> SmtpAccount:
    Source.objects.create(user=user, name="Provider", address="mara@provider.test", color=2)
    values = AccountValues(
        "Mara Lind",
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
def letter(user: User) -> Message:
    """A message that came in from the external account."""
    source = Source.objects.filter(user=user).first()
    inbox = folders.special(user, FolderRole.INBOX)
    incoming = Incoming(Body.of(LETTER), inbox, source=source)
    return deliver([incoming], now=timezone.now())[0]


def send_due(after: timedelta = timedelta(seconds=11)) -> None:
    now = timezone.now() + after
    for pk, fence in queue.claim_due(now=now):
        rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: now)


@pytest.mark.accept("A22", "A26", "A31", "A33")
def test_an_account_is_added(
    page: Page,
    live_server: LiveServer,
    user: User,
    smtp_server: SmtpServer,
    enter: Enter,
    shot: Shot,
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    enter(user)
    page.goto(f"{live_server.url}/settings/connectivity/")
    shot("smtp-card-empty")
    page.get_by_role("link", name="New SMTP Account").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Server Port")).to_have_value("25")
    expect(dialog.get_by_text("The password would travel unencrypted.")).to_be_visible()
    shot("smtp-new")
    no_barriers()
    dialog.get_by_label("Server Address").fill("localhost")
    dialog.get_by_label("Encryption").select_option("SSL")
    expect(dialog.get_by_text("The password would travel unencrypted.")).to_be_hidden()
    expect(dialog.get_by_label("Server Port")).to_have_value("25")
    dialog.get_by_role("button", name="Use port 465").click()
    expect(dialog.get_by_label("Server Port")).to_have_value("465")
    # What was typed is offered another one and stays.
    dialog.get_by_label("Server Port").fill(str(smtp_server.tls_port))
    for encryption, port in (("TLS", "587"), ("SSL", "465")):
        dialog.get_by_label("Encryption").select_option(encryption)
        expect(dialog.get_by_role("button", name=f"Use port {port}")).to_be_visible()
        expect(dialog.get_by_label("Server Port")).to_have_value(str(smtp_server.tls_port))
    dialog.get_by_label("Email Address").press_sequentially("mara@provider.test")
    expect(dialog.get_by_label("Username")).to_have_value("mara@provider.test")
    dialog.get_by_label("Password").fill("not this one")
    dialog.get_by_role("button", name="Save").last.click()
    expect(dialog.get_by_text("Sign-in was refused.")).to_be_visible()
    expect(dialog.locator(".stage--bad")).to_contain_text("Sign-in")
    expect(dialog.get_by_label("Server Address")).to_have_value("localhost")
    expect(dialog.get_by_label("Password")).to_have_value("")
    assert not SmtpAccount.objects.exists()
    shot("smtp-refused")
    no_barriers()
    dialog.get_by_label("Password").fill("korrekt-pferd")
    dialog.get_by_role("button", name="Test Connection").click()
    expect(dialog.get_by_text("Everything works.")).to_be_visible()
    expect(dialog.get_by_label("Password")).to_have_value("korrekt-pferd")
    assert not SmtpAccount.objects.exists()
    shot("smtp-works")
    dialog.get_by_role("button", name="Save").last.click()
    expect(page.locator("#smtp .item")).to_contain_text("mara@provider.test")
    assert SmtpAccount.objects.get().user == user
    shot("smtp-card")
    # The camera adds an empty style element over dialogs, which the page's policy refuses.
    found = [one for one in problems if "422" not in one and "inline style" not in one]
    assert found == [], "\n".join(found)


@pytest.mark.accept("A35")
def test_an_answer_leaves_through_the_external_account(
    page: Page,
    live_server: LiveServer,
    user: User,
    account: SmtpAccount,
    letter: Message,
    smtp_server: SmtpServer,
    enter: Enter,
    shot: Shot,
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    enter(user)
    page.goto(f"{live_server.url}/message/{letter.pk}/")
    page.get_by_role("link", name="Reply all").first.click()
    window = page.locator("compose-window")
    expect(window.locator("[data-chosen]")).to_have_text("Mara Lind <mara@provider.test>")
    expect(window.locator("[data-reason]")).to_have_text("because it was sent there")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(window.locator("[data-reason]")).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(window.locator(".chip [data-name]")).to_have_text(["Jonas Ekdahl", "Anneke de Wit"])
    expect(window.locator("[name=cc]")).to_have_value("Anneke de Wit <anneke@harbourline.test>")
    body = words(window)
    expect(body).to_be_focused()
    page.keyboard.type("Hello Jonas,\n\nhere they are.\n")
    expect(window.locator("[data-status]")).to_contain_text("Saved")
    assert Draft.objects.open().get().body.startswith("Hello Jonas,")
    window.locator("[data-from]").click()
    shot("compose-from")
    no_barriers()
    page.keyboard.press("Escape")
    shot("compose-reply")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("The message is on its way as mara@provider.test.")).to_be_visible()
    expect(page.locator("compose-window")).to_have_count(0)
    send_due()
    (taken,) = smtp_server.accepted
    assert taken.sender == "mara@provider.test"
    assert taken.recipients == ("jonas@harbourline.test", "anneke@harbourline.test")
    said = message_from_bytes(taken.raw, policy=default)
    assert said["In-Reply-To"] == "<lease-4@harbourline.test>"
    plain = said.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().startswith("Hello Jonas,\r\n\r\nhere they are.\r\n")
    assert "Jonas Ekdahl wrote:\r\n> Dear Mara,\r\n> \r\n> the meter" in plain.get_content()
    letter.refresh_from_db()
    assert letter.is_answered
    assert Message.objects.filter(user=user, folder__role=FolderRole.SENT).count() == 1
    assert problems == []


def test_undo_send_and_discard_give_the_draft_back(
    page: Page, live_server: LiveServer, user: User, account: SmtpAccount, enter: Enter
) -> None:
    identities.set_default(user, identities.primary_of(account))
    enter(user)
    page.goto(live_server.url)
    page.keyboard.press("c")
    window = page.locator("compose-window")
    expect(window.get_by_label("To", exact=True)).to_be_focused()
    page.keyboard.type("bob@elsewhere.test,")
    window.get_by_label("Subject").fill("Hotel block, a question")
    words(window).fill("Twenty rooms in one house or in two?")
    window.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("button", name="Undo").click()
    expect(window.get_by_label("Subject")).to_have_value("Hotel block, a question")
    assert not OutboxMessage.objects.shown().exists()
    window.get_by_role("button", name="Discard draft").click()
    expect(window).to_have_count(0)
    assert not Draft.objects.open().exists()
    page.get_by_role("button", name="Undo").last.click()
    expect(words(window)).to_have_text("Twenty rooms in one house or in two?")


def test_slips_are_told_at_their_field_and_nothing_is_lost(
    page: Page,
    live_server: LiveServer,
    user: User,
    account: SmtpAccount,
    enter: Enter,
    shot: Shot,
    no_barriers: Callable[[], None],
) -> None:
    identities.set_default(user, identities.primary_of(account))
    enter(user)
    page.goto(live_server.url)
    page.get_by_role("link", name="Compose").first.click()
    window = page.locator("compose-window")
    window.get_by_label("To", exact=True).fill("bob@exmaple, Ruth Okafor <ruth@okafor.test>")
    window.get_by_role("button", name="Cc", exact=True).click()
    words(window).fill("The plan is attached.")
    expect(window.get_by_text("“bob@exmaple” is not a mail address")).to_be_visible()
    window.get_by_role("button", name="Send", exact=True).click()
    expect(window.get_by_text("Not sent yet.")).to_be_visible()
    expect(words(window)).to_have_text("The plan is attached.")
    shot("compose-slip")
    no_barriers()
    window.get_by_role("button", name="Remove bob@exmaple").click()
    window.get_by_role("button", name="Send", exact=True).click()
    expect(window.get_by_text("There is no subject.")).to_be_visible()
    window.get_by_role("button", name="Send anyway").click()
    expect(window.get_by_text("You wrote about an attachment, but none is here.")).to_be_visible()
    pdf = FilePayload(
        name="Meter readings.pdf", mimeType="application/pdf", buffer=b"%PDF" * 50_000
    )
    png = FilePayload(name="Workbench.png", mimeType="image/png", buffer=b"\x89PNG" * 9_000)
    window.locator("input[name=files]").set_input_files([pdf, png])
    expect(window.get_by_text("Meter readings.pdf")).to_be_visible()
    expect(window.locator(".file .help")).to_have_count(2)
    shot("compose-files")
    window.get_by_role("button", name="Remove Workbench.png").click()
    expect(window.locator(".file .help")).to_have_count(1)
    window.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("compose-window")).to_have_count(0)
    assert OutboxMessage.objects.get().subject == ""


def test_two_windows_do_not_overwrite_each_other(
    page: Page, live_server: LiveServer, user: User, account: SmtpAccount, enter: Enter
) -> None:
    enter(user)
    page.goto(live_server.url)
    page.keyboard.press("c")
    window = page.locator("compose-window")
    window.get_by_label("Subject").fill("One")
    expect(window.locator("[data-status]")).to_contain_text("Saved")
    draft = Draft.objects.get()
    Draft.objects.update(subject="Two", version=draft.version + 1)
    window.get_by_label("Subject").fill("Three")
    expect(window.get_by_text("This draft was changed in another window.")).to_be_visible(
        timeout=60_000
    )
    draft.refresh_from_db()
    assert draft.subject == "Two"
    window.get_by_role("button", name="Keep this one").click()
    expect(window.locator("[data-status]")).to_contain_text("Saved")
    draft.refresh_from_db()
    assert draft.subject == "Three"


def test_the_outbox_says_why(
    page: Page,
    live_server: LiveServer,
    user: User,
    account: SmtpAccount,
    smtp_server: SmtpServer,
    enter: Enter,
    shot: Shot,
    no_barriers: Callable[[], None],
) -> None:
    identities.set_default(user, identities.primary_of(account))
    smtp_server.refuse["full@elsewhere.test"] = "552 5.2.2 mailbox full"
    smtp_server.refuse["slow@elsewhere.test"] = "451 4.7.1 please try again later"
    enter(user)
    for to, subject in (
        ("bob@elsewhere.test, full@elsewhere.test", "Photos for the catalogue"),
        ("slow@elsewhere.test", "Ticket for Saturday"),
    ):
        page.goto(f"{live_server.url}/compose/?to={to}&subject={subject}&body=See below")
        page.get_by_role("button", name="Send", exact=True).click()
        page.wait_for_url("**/outbox/")
    expect(page.get_by_text("It goes out in a few seconds.")).to_have_count(2)
    send_due()
    page.goto(f"{live_server.url}/outbox/")
    expect(page.get_by_text("Sent to 1 of 2 recipients by localhost.")).to_be_visible()
    expect(page.get_by_text("552 5.2.2 mailbox full")).to_be_visible()
    expect(page.get_by_text("Next try")).to_be_visible()
    shot("outbox")
    no_barriers()
    page.get_by_role("button", name="Edit and resend").last.click()
    expect(page.locator("compose-window")).to_be_visible()
    shot("compose-page")


def test_without_scripts_a_message_is_written_and_sent(
    browser: object,
    live_server: LiveServer,
    user: User,
    account: SmtpAccount,
    smtp_server: SmtpServer,
    enter: Enter,
    page: Page,
) -> None:
    enter(user)
    cookies = page.context.cookies()
    context = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]  # there is one
    context.add_cookies(cookies)  # type: ignore[arg-type]  # what was read is what is written
    plain = context.new_page()
    plain.set_viewport_size({"width": 390, "height": 844})
    plain.goto(f"{live_server.url}/compose/")
    for name in ("Save and close", "Attach", "Save draft", "Discard draft"):
        box = plain.get_by_role("button", name=name, exact=True).bounding_box()
        assert box, name
        assert box["x"] + box["width"] <= 390, name
    plain.locator("select[name=sender]").select_option("Mara Lind <mara@provider.test>")
    plain.get_by_label("To", exact=True).fill("bob@elsewhere.test")
    plain.get_by_label("Subject").fill("Plain")
    plain.get_by_label("Message", exact=True).fill("Without scripts.")
    plain.locator("input[name=files]").set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": b"abc"}
    )
    plain.get_by_role("button", name="Attach", exact=True).click()
    expect(plain.get_by_text("a.txt")).to_be_visible()
    plain.get_by_role("button", name="Send", exact=True).click()
    expect(plain.get_by_text("It goes out in a few seconds.")).to_be_visible()
    send_due()
    assert b"Without scripts." in smtp_server.accepted[0].raw
    assert b"a.txt" in smtp_server.accepted[0].raw
    context.close()
