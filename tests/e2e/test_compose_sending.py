"""Sending from the compose window: later, taken back, by keys alone, from the right address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from filtering.services.deliver import Incoming, deliver
from mailstore.models import FolderRole
from mailstore.services import folders
from protocols.body import Body
from smtp_accounts.models import Identity, OutboxMessage, SmtpAccount
from smtp_accounts.services import identities
from tests.e2e.writing import chips, opened, to_field, words
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


def test_a_message_goes_out_later(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    writer_account: SmtpAccount,
    user: User,
    shot: Shot,
    no_barriers: Check,
    problems: list[str],
) -> None:
    identities.set_default(user, identities.primary_of(writer_account))
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


def test_a_message_is_written_and_sent_with_the_keyboard_alone(
    page: Page,
    live_server: LiveServer,
    known_people: None,
    signing: Identity,
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
    expect(words(window)).to_be_focused()
    page.keyboard.type("Without a mouse.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("The message is on its way as mara@provider.test.")).to_be_visible()
    expect(window).to_have_count(0)
    message = OutboxMessage.objects.get()
    assert message.identity_id == signing.pk
    assert set(message.recipients.values_list("address", "field")) == {
        ("anna@xenon.test", "to"),
        ("bob@elsewhere.test", "to"),
        ("secret@elsewhere.test", "bcc"),
    }


def test_an_answer_is_sent_and_what_it_answers_put_away(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    writer_account: SmtpAccount,
    user: User,
    shot: Shot,
    no_barriers: Check,
    problems: list[str],
) -> None:
    identities.set_default(user, identities.primary_of(writer_account))
    before = mailbox.lease.folder_id
    page.goto(f"{live_server.url}/message/{mailbox.lease.pk}/")
    page.get_by_role("link", name="Reply", exact=True).first.click()
    window = page.locator("compose-window")
    expect(words(window)).to_be_focused()
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
    expect(words(window)).to_be_visible()
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
    signing: Identity,
    shot: Shot,
    no_barriers: Check,
) -> None:
    """An answer in a conversation that knows another address."""
    inbox = folders.special(mailbox.lease.user, FolderRole.INBOX)
    asked = deliver([Incoming(Body.of(QUESTION), inbox)], now=timezone.now())[0]
    page.goto(f"{live_server.url}/message/{asked.pk}/")
    page.get_by_role("link", name="Reply", exact=True).first.click()
    window = page.locator("compose-window")
    expect(words(window)).to_be_focused()
    known = window.locator("[data-chosen]").text_content() or ""
    window.locator("[data-from]").click()
    window.get_by_role("option", name="Mara at work").click()
    note = window.locator('[data-note="identity"]')
    expect(note).to_contain_text("Nobody in it has seen mara@provider.test.")
    # The sentence has the width of the note; the buttons stand below it, not on it.
    sentence, use = note.locator("p").bounding_box(), note.locator("[data-use]").bounding_box()
    assert sentence
    assert use
    assert sentence["y"] + sentence["height"] <= use["y"]
    shot("window-warned")
    no_barriers()
    note.get_by_role("button", name="Use ").click()
    expect(window.locator("[data-chosen]")).to_have_text(known)
    expect(note).to_have_count(0)
