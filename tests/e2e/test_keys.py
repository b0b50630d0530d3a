"""Every key of the list that other walks do not press, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from mailstore.models import Label, Message
from tests.waiting import wait_until
from tests.webmail.samples import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)


class Keys:
    """A row of the list, and what is pressed while it has the focus."""

    def __init__(self, page: Page, message: Message) -> None:
        self.page, self.pk = page, message.pk
        self.row = page.locator(f'#list > [data-id="{message.pk}"]')

    def press(self, *keys: str) -> None:
        self.row.locator(".msg__link").focus()
        for key in keys:
            self.page.keyboard.press(key)

    def undo(self) -> None:
        """Take the last thing back, and see that it is."""
        undone = self.page.locator(".toast", has_text="Undone")
        expect(undone).to_have_count(0)
        self.page.keyboard.press("z")
        expect(undone).to_be_visible()
        undone.get_by_role("button").last.click()
        expect(undone).to_have_count(0)
        expect(self.row).to_be_visible()


def test_keys_that_act(
    page: Page, live_server: LiveServer, mailbox: Mailbox, problems: list[str]
) -> None:
    """Label, snooze, junk, Delete, star, read and unread; what is moved comes back with z."""
    page.goto(live_server.url)
    one = Keys(page, mailbox.newsletter)
    one.press("l")
    expect(page.get_by_role("dialog", name="Labels")).to_be_visible()
    page.keyboard.type("Boats")
    page.keyboard.press("Enter")
    expect(one.row.locator(".label", has_text="Boats")).to_be_visible()
    assert Label.objects.get().name == "Boats"
    one.press("h")
    expect(page.get_by_role("dialog", name="Snooze")).to_be_visible()
    page.keyboard.press("Enter")
    expect(one.row).to_have_count(0)
    put_off = Message.objects.filter(pk=one.pk, folder__role="snoozed")
    wait_until(put_off.exists, "it is snoozed")
    expect(page.locator(".toast", has_text="Snoozed until")).to_be_visible()
    one.undo()
    for key, told in (("!", "Reported as junk"), ("Delete", "Message deleted")):
        one.press(key)
        expect(page.locator(".toast", has_text=told)).to_be_visible()
        expect(one.row).to_have_count(0)
        one.undo()
    one.press("s")
    expect(one.row).to_have_attribute("data-starred", "")
    one.press("s")
    expect(one.row).not_to_have_attribute("data-starred", "")
    unread = page.locator(f'#list > .msg--unread[data-id="{one.pk}"]')
    one.press("Shift+U")
    expect(unread).to_have_count(1)
    one.press("Shift+I")
    expect(unread).to_have_count(0)
    one.press("o")
    expect(page.locator("[data-subject]")).to_have_text("The harbour in November")
    page.keyboard.press("Shift+U")
    expect(page.locator("[data-subject]")).to_have_count(0)
    expect(unread).to_have_count(1)
    assert problems == []


def test_keys_that_select_go_and_write(
    page: Page, live_server: LiveServer, mailbox: Mailbox, problems: list[str]
) -> None:
    """Shift+J and Shift+K, * and a letter, g and a letter; r, a and f on an open message."""
    page.goto(live_server.url)
    rows = page.locator("#list > .msg")
    total, unread, starred = (
        page.locator(f"#list > .msg{state}").count()
        for state in ("", ".msg--unread", "[data-starred]")
    )
    one = Keys(page, mailbox.lease)
    chosen = page.locator("#list > .msg.is-chosen")
    one.press("Shift+J")
    expect(chosen).to_have_count(2)
    page.keyboard.press("Shift+J")
    expect(chosen).to_have_count(3)
    page.keyboard.press("Escape")
    expect(chosen).to_have_count(0)
    rows.nth(2).locator(".msg__link").focus()
    page.keyboard.press("Shift+K")
    expect(chosen).to_have_count(2)
    for key, count in (
        ("a", total), ("n", 0), ("u", unread), ("r", total - unread), ("s", starred),
        ("t", total - starred), ("n", 0),
    ):  # fmt: skip
        one.press("*", key)
        expect(page.locator(".msg__check:checked")).to_have_count(count)
    for key, title in (("s", "Sent"), ("d", "Drafts"), ("a", "All inboxes")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.locator("#main h1")).to_have_text(title)
    one.press("o")
    expect(page.locator("[data-subject]")).to_be_focused()
    window = page.locator("compose-window")
    for key, subject in (("r", "Re: "), ("a", "Re: "), ("f", "Fwd: ")):
        page.locator("[data-subject]").focus()
        page.keyboard.press(key)
        expect(window).to_have_count(1)
        expect(window.get_by_label("Subject")).to_have_value(
            f"{subject}Lease for the Quay Street studio"
        )
        window.get_by_role("button", name="Discard").click()
        expect(window).to_have_count(0)
    assert problems == []
