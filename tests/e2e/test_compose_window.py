"""The compose window around its editor: people, senders, times, several windows at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from filtering.services.deliver import Incoming, deliver
from mailstore.models import FolderRole
from mailstore.services import folders
from protocols.body import Body
from smtp_accounts.models import Draft, Identity, OutboxMessage, Signature, SmtpAccount
from smtp_accounts.services import accounts, correspondents, identities
from smtp_accounts.services.accounts import AccountValues
from standin.certs import TlsFiles
from standin.smtp import SmtpServer
from tests.webmail.samples import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)

Shot = Callable[..., None]
QUESTION = b"""From: Ruth Okafor <ruth@okafor.test>\r
To: Mara Lind <mara@example.test>\r
Subject: A question\r
Message-ID: <question@okafor.test>\r
\r
Twenty rooms in one house or in two?\r
"""
Check = Callable[[], None]


@pytest.fixture
def account(
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
def people(user: User, mailbox: Mailbox) -> None:
    """Three people the user has written to."""
    now = timezone.now()
    local = identities.local_of(user)
    for name in ("xenia@okafor.test", "xerxes@harbourline.test", "anna@xenon.test"):
        correspondents.wrote(user, local, [name], now)


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


def test_recipients_become_chips(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    shot: Shot,
    no_barriers: Check,
    problems: list[str],
) -> None:
    window = opened(page, live_server)
    to_field(window).fill('"Okafor, Ruth" <ruth@okafor.test>; bob@exmaple; jonas@harbourline.test,')
    expect(chips(window)).to_have_text(["Okafor, Ruth", "bob@exmaple", "jonas@harbourline.test"])
    expect(window.get_by_text("its domain needs a dot")).to_be_visible()
    shot("window-chips")
    no_barriers()
    # The same person again is one person; one who is in To is not put into Cc as well.
    to_field(window).fill("RUTH@okafor.test,mara@example.test,")
    expect(chips(window)).to_have_count(4)
    expect(chips(window).last).to_have_text("mara@example.test (you)")
    page.keyboard.press("Control+Shift+C")
    copy = window.get_by_role("combobox", name="Cc", exact=True)
    expect(copy).to_be_focused()
    copy.fill("ruth@okafor.test,")
    expect(chips(window, "cc")).to_have_count(0)
    expect(window.locator("[data-announce]")).to_have_text("ruth@okafor.test is in To already.")
    # Pasted lines become chips of their own.
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.setData("text", "a@one.test\\nTwo <b@two.test>\\r\\nc@three.test");
          const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
          document.activeElement.dispatchEvent(event);
        }"""
    )
    expect(chips(window, "cc")).to_have_text(["a@one.test", "Two", "c@three.test"])
    assert problems == []


def test_chips_are_walked_changed_moved_and_removed_by_keys(
    page: Page, live_server: LiveServer, mailbox: Mailbox, no_barriers: Check, shot: Shot
) -> None:
    window = opened(page, live_server)
    page.keyboard.type("a@one.test,b@two.test,c@three.test,")
    page.keyboard.press("ArrowLeft")
    chip = window.locator(".chip")
    expect(chip.nth(2)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Delete")
    expect(chips(window)).to_have_text(["a@one.test", "c@three.test"])
    expect(chip.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(to_field(window)).to_have_value("c@three.test")
    page.keyboard.type("charlotte@three.test,")
    expect(chips(window)).to_have_text(["a@one.test", "charlotte@three.test"])
    page.keyboard.press("Backspace")
    expect(chip.nth(1)).to_be_focused()
    page.keyboard.press(" ")
    menu = window.get_by_role("menu")
    expect(menu.get_by_role("menuitem", name="Edit")).to_be_focused()
    shot("window-chip-menu")
    no_barriers()
    menu.get_by_role("menuitem", name="Move to Bcc").press("Enter")
    expect(chips(window, "bcc")).to_have_text(["charlotte@three.test"])
    expect(window.locator("[name=to]")).to_have_value("a@one.test")
    window.locator('[data-row="to"] .chip').drag_to(window.locator('[data-row="bcc"]'))
    expect(chips(window, "bcc")).to_have_count(2)
    expect(chips(window)).to_have_count(0)


def test_people_are_suggested(
    page: Page,
    live_server: LiveServer,
    people: None,
    user: User,
    shot: Shot,
    no_barriers: Check,
    problems: list[str],
) -> None:
    window = opened(page, live_server)
    field = to_field(window)
    page.keyboard.type("xe")
    listbox = window.get_by_role("listbox", name="People")
    expect(listbox.get_by_role("option")).to_have_count(3)
    expect(field).to_have_attribute("aria-expanded", "true")
    first = listbox.get_by_role("option").first
    expect(first).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", first.get_attribute("id") or "")
    expect(listbox.locator("mark").first).to_have_text("xe")
    shot("window-people")
    no_barriers()
    page.keyboard.press("Escape")
    expect(listbox).to_be_hidden()
    expect(window).to_have_count(1)
    page.keyboard.type("n")
    expect(listbox.get_by_role("option")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    chosen = listbox.locator("[aria-selected=true]").get_attribute("data-address") or ""
    page.keyboard.press("Tab")
    expect(chips(window)).to_have_text([chosen])
    expect(field).to_be_focused()
    # Who is there already is not offered again; who is not wanted is never offered again.
    page.keyboard.type("xe")
    expect(listbox.get_by_role("option")).to_have_count(2)
    gone = listbox.locator("[aria-selected=true]").get_attribute("data-address") or ""
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("Shift+Delete")
    expect(listbox.get_by_role("option")).to_have_count(1)
    assert gone not in [one.address for one in correspondents.suggest(user, "xe")]
    listbox.get_by_role("option").click()
    expect(chips(window)).to_have_count(2)
    assert problems == []


def test_many_recipients_fold(
    page: Page, live_server: LiveServer, mailbox: Mailbox, shot: Shot
) -> None:
    page.goto(live_server.url)
    window = opened(page, live_server)
    to_field(window).fill(",".join(f"person{n}@group.test" for n in range(45)) + ",")
    expect(chips(window)).to_have_count(45)
    window.get_by_label("Subject").focus()
    expect(chips(window)).to_have_count(10)
    more = window.get_by_role("button", name="and 35 more")
    expect(more).to_be_visible()
    shot("window-many")
    more.click()
    expect(chips(window)).to_have_count(45)


@pytest.fixture
def signed(user: User, account: SmtpAccount) -> Identity:
    """A second way to write, with a signature and an address for replies."""
    work = identities.primary_of(account)
    signature = Signature.objects.create(
        user=user, name="Work", html="<div>Mara Lind<br><b>Harbourline</b></div>"
    )
    Identity.objects.filter(pk=work.pk).update(
        signature=signature, reply_to="office@provider.test", description="Only customers"
    )
    return work


def test_another_sender_brings_what_is_its_own(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    signed: Identity,
    shot: Shot,
    no_barriers: Check,
    problems: list[str],
) -> None:
    window = opened(page, live_server)
    body = window.get_by_role("textbox", name="Message")
    body.fill("Dear Ruth,")
    button = window.locator("[data-from]")
    button.click()
    listbox = window.get_by_role("listbox", name="Send From")
    expect(listbox.get_by_role("option")).to_have_count(2)
    expect(listbox).to_contain_text("Only customers, sends through localhost")
    shot("window-from")
    no_barriers()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(button).to_be_focused()
    expect(body.locator("[data-signature]")).to_contain_text("Harbourline")
    expect(window.get_by_text("Replies go to office@provider.test")).to_be_visible()
    toast = page.locator("#toasts")
    expect(toast).to_contain_text("Now from mara@provider.test")
    shot("window-from-changed")
    expect(window.locator("[data-status]")).to_contain_text("Saved", timeout=10_000)
    kept = Draft.objects.get()
    assert (kept.identity_id, kept.is_by_hand) == (signed.pk, True)
    toast.get_by_role("button", name="Undo").click()
    expect(body.locator("[data-signature]")).to_have_count(0)
    expect(body).to_contain_text("Dear Ruth,")
    expect(window.get_by_text("Replies go to")).to_be_hidden()
    expect(window.locator("[data-status]")).to_contain_text("Saved", timeout=10_000)
    kept.refresh_from_db()
    assert (kept.identity_id == signed.pk, kept.is_by_hand) == (False, False)
    assert problems == []


def test_a_message_goes_out_later(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    account: SmtpAccount,
    user: User,
    shot: Shot,
    no_barriers: Check,
    problems: list[str],
) -> None:
    identities.set_default(user, identities.primary_of(account))
    window = opened(page, live_server)
    page.keyboard.type("bob@elsewhere.test,")
    window.get_by_label("Subject").fill("For tomorrow")
    window.locator("summary[aria-label='More ways to send']").click()
    shot("window-later")
    no_barriers()
    window.get_by_role("button", name="Tomorrow morning").click()
    expect(window.get_by_text("Goes out")).to_be_visible()
    send = window.get_by_role("button", name="Send later", exact=True)
    expect(send).to_be_focused()
    shot("window-later-chosen")
    expect(window.locator("[data-status]")).to_contain_text("Saved", timeout=10_000)
    send.click()
    expect(page.get_by_text("The message goes out")).to_be_visible()
    message = OutboxMessage.objects.get()
    assert message.is_scheduled
    assert message.not_before - timezone.now() > timedelta(hours=1)
    page.get_by_role("button", name="Undo").click()
    expect(window.get_by_text("Goes out")).to_be_visible()
    window.get_by_role("button", name="Send at once after all").click()
    expect(window.get_by_role("button", name="Send", exact=True)).to_be_visible()
    assert problems == []


def test_actions_are_kept_with_the_draft(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    account: SmtpAccount,
    shot: Shot,
    no_barriers: Check,
    problems: list[str],
) -> None:
    window = opened(page, live_server)
    window.get_by_label("Subject").fill("Contract")
    window.get_by_role("textbox", name="Message").fill("Please sign here.")
    window.locator("summary[aria-label='Actions']").click()
    menu = window.locator(".unfold__menu--end")
    expect(menu.get_by_text("Link File")).to_be_visible()
    expect(menu.get_by_text("No cloud storage is connected")).to_be_visible()
    shot("window-actions")
    no_barriers()
    menu.get_by_label("Ask for a read receipt").check()
    menu.get_by_label("Tell me when it is delivered").check()
    menu.get_by_label("Importance").select_option("High")
    expect(window.locator("[data-status]")).to_contain_text("Saved", timeout=10_000)
    kept = Draft.objects.get()
    assert (kept.wants_receipt, kept.wants_dsn, kept.importance) == (True, True, "high")
    menu.get_by_role("button", name="Save as template").click()
    dialog = page.get_by_role("dialog", name="Save as template")
    expect(dialog.get_by_label("Name")).to_have_value("Contract")
    shot("window-template-save")
    no_barriers()
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved as template “Contract”.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(window).to_have_count(0)
    page.keyboard.press("c")
    window.locator("summary[aria-label='Actions']").click()
    menu.get_by_role("button", name="Insert template").click()
    page.get_by_role("dialog", name="Insert template").get_by_role(
        "button", name="Contract"
    ).click()
    expect(window.get_by_label("Subject")).to_have_value("Contract")
    expect(window.get_by_role("textbox", name="Message")).to_contain_text("Please sign here.")
    assert problems == []


def test_a_message_is_written_and_sent_with_the_keyboard_alone(
    page: Page,
    live_server: LiveServer,
    people: None,
    signed: Identity,
    user: User,
    problems: list[str],
) -> None:
    page.goto(live_server.url)
    page.keyboard.press("c")
    window = page.locator("compose-window")
    expect(to_field(window)).to_be_focused()
    page.keyboard.type("xen")
    listbox = window.get_by_role("listbox", name="People")
    expect(listbox.get_by_role("option")).to_have_count(2)
    page.keyboard.press("Enter")
    page.keyboard.type("bob@elsewhere.test,")
    expect(chips(window)).to_have_count(2)
    # Back to Send From, down to the other address, and on through the fields.
    page.keyboard.press("Shift+Tab")
    expect(window.locator("[data-from]")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(window.locator("[data-chosen]")).to_contain_text("mara@provider.test")
    page.keyboard.press("Control+Shift+B")
    expect(window.get_by_role("combobox", name="Bcc", exact=True)).to_be_focused()
    page.keyboard.type("secret@elsewhere.test")
    page.keyboard.press("Tab")
    expect(window.get_by_label("Subject")).to_be_focused()
    page.keyboard.type("Keys only")
    page.keyboard.press("Enter")
    expect(window.get_by_role("textbox", name="Message")).to_be_focused()
    page.keyboard.type("Without a mouse.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("The message is on its way as mara@provider.test.")).to_be_visible()
    expect(window).to_have_count(0)
    message = OutboxMessage.objects.get()
    assert message.identity_id == signed.pk
    assert set(message.recipients.values_list("address", "field")) == {
        ("anna@xenon.test", "to"),
        ("bob@elsewhere.test", "to"),
        ("secret@elsewhere.test", "bcc"),
    }


def test_an_answer_is_sent_and_what_it_answers_put_away(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    account: SmtpAccount,
    user: User,
    shot: Shot,
    no_barriers: Check,
    problems: list[str],
) -> None:
    identities.set_default(user, identities.primary_of(account))
    before = mailbox.lease.folder_id
    page.goto(f"{live_server.url}/message/{mailbox.lease.pk}/")
    page.get_by_role("link", name="Reply", exact=True).first.click()
    window = page.locator("compose-window")
    expect(window.get_by_role("textbox", name="Message")).to_be_focused()
    window.locator("[data-from]").click()
    window.get_by_role("option", name="Mara at work").click()
    page.keyboard.press("Tab")
    window.locator("summary[aria-label='More ways to send']").click()
    shot("window-answer")
    no_barriers()
    window.get_by_role("button", name="Send and archive").click()
    again = window.get_by_role("button", name="Send anyway")
    expect(window.or_(page.get_by_text("The message is on its way"))).to_be_visible()
    if again.is_visible():
        again.click()
    expect(page.get_by_text("The message is on its way as mara@provider.test.")).to_be_visible()
    mailbox.lease.refresh_from_db()
    assert mailbox.lease.folder.role == FolderRole.ARCHIVE
    page.get_by_role("button", name="Undo").last.click()
    expect(window.get_by_role("textbox", name="Message")).to_be_visible()
    mailbox.lease.refresh_from_db()
    assert mailbox.lease.folder_id == before


def test_send_can_be_taken_back_for_as_long_as_its_writer_chose(
    page: Page, live_server: LiveServer, mailbox: Mailbox, user: User
) -> None:
    for seconds, count in ((30, 1), (0, 0)):
        User.objects.filter(pk=user.pk).update(undo_send=seconds)
        window = opened(page, live_server)
        page.keyboard.type("mara@example.test,")
        window.get_by_label("Subject").fill("To myself")
        window.get_by_label("Subject").press("Control+Enter")
        toast = page.locator("#toasts .toast", has_text="The message is on its way")
        expect(toast).to_be_visible()
        expect(toast.get_by_role("button", name="Undo")).to_have_count(count)
        message = OutboxMessage.objects.latest("pk")
        assert round((message.not_before - message.created_at).total_seconds()) == seconds


def test_the_wrong_sender_is_asked_about_once(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    signed: Identity,
    shot: Shot,
    no_barriers: Check,
) -> None:
    """An answer in a conversation that knows another address."""
    inbox = folders.special(mailbox.lease.user, FolderRole.INBOX)
    asked = deliver([Incoming(Body.of(QUESTION), inbox)], now=timezone.now())[0]
    page.goto(f"{live_server.url}/message/{asked.pk}/")
    page.get_by_role("link", name="Reply", exact=True).first.click()
    window = page.locator("compose-window")
    expect(window.get_by_role("textbox", name="Message")).to_be_focused()
    known = window.locator("[data-chosen]").text_content() or ""
    window.locator("[data-from]").click()
    window.get_by_role("option", name="Mara at work").click()
    note = window.locator('[data-note="identity"]')
    expect(note).to_contain_text("Nobody in it has seen mara@provider.test.")
    shot("window-warned")
    no_barriers()
    note.get_by_role("button", name="Use ").click()
    expect(window.locator("[data-chosen]")).to_have_text(known)
    expect(note).to_have_count(0)
