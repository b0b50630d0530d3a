"""Folders, labels, snooze and reminders in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import Folder, Label, Message, Snooze
from mailstore.services import folders, labels, snoozing
from tests.waiting import wait_until
from tests.webmail.samples import Mailbox, letter, put

pytestmark = pytest.mark.django_db(transaction=True)


def line(page: Page, name: str) -> Locator:
    """A line of the tree."""
    return page.locator("#tree .tree__row", has=page.get_by_text(name, exact=True)).first


def dialog(page: Page, heading: str) -> Locator:
    found = page.get_by_role("dialog", name=heading)
    expect(found).to_be_visible()
    return found


def test_folders_are_arranged_by_pointer_and_by_keyboard(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    user: User,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    page.goto(live_server.url)
    line(page, "Contracts").drag_to(line(page, "Receipts"))
    expect(page.get_by_text("Folder “Contracts” is now in “Receipts”.")).to_be_visible()
    contracts = Folder.objects.get(user=user, name="Contracts")
    assert contracts.parent == mailbox.receipts
    expect(line(page, "Contracts")).to_have_attribute("data-depth", "2")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(line(page, "Contracts")).to_have_attribute("data-depth", "1")
    # Onto the heading: the top level. A folder never goes into itself.
    line(page, "Contracts").drag_to(page.locator("#tree .tree__head").first)
    expect(line(page, "Contracts")).to_have_attribute("data-depth", "0")
    line(page, "Yahoo").locator(".tree__item").click(button="right")
    menu = dialog(page, "Yahoo")
    no_barriers()
    shot("folder-menu")
    menu.get_by_role("button", name="Add to favourites").click()
    expect(page.locator(".tree--pinned .tree__row")).to_have_count(1)
    # The menu key stands for the right button, and everything in the menu has a name.
    line(page, "Contracts").locator(".tree__item").focus()
    page.keyboard.press("Shift+F10")
    menu = dialog(page, "Contracts")
    menu.get_by_role("radio", name="Colour 3").check()
    menu.get_by_role("button", name="Use this colour").click()
    expect(line(page, "Contracts").locator(".tree__item--own.a3")).to_be_visible()
    line(page, "Contracts").locator(".tree__item").click(button="right")
    dialog(page, "Contracts").get_by_role("link", name="Move folder").click()
    moving = dialog(page, "Move the folder “Contracts”")
    moving.get_by_label("Find a folder").fill("studio")
    shot("folder-move")
    page.keyboard.press("Enter")
    expect(line(page, "Contracts")).to_have_attribute("data-depth", "1")
    line(page, "Contracts").locator(".tree__item").click(button="right")
    dialog(page, "Contracts").get_by_role("button", name="Hide").click()
    expect(page.get_by_text("Hidden folders")).to_be_visible()
    expect(line(page, "Contracts")).to_be_visible()
    shot("tree")
    no_barriers()
    line(page, "Contracts").locator(".tree__item").click(button="right")
    dialog(page, "Contracts").get_by_role("link", name="Delete this folder").click()
    dialog(page, "Delete the folder “Contracts”?").get_by_role(
        "button", name="Delete folder"
    ).click()
    expect(line(page, "Contracts")).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Hidden folders")).to_be_visible()
    assert problems == []


def test_labels_by_keyboard_and_by_dragging(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    user: User,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    someday = labels.create(user, "Someday", color=2)
    # Written from the right, whatever of ours stands before it; beside it all is as before.
    hebrew = letter("שלום לכולם", sender="דנה לוי <dana@example.org>", text="Hello, all.")
    greeting = put(folders.special(user, "inbox"), hebrew, at=timezone.now())
    labels.put(user, someday, [greeting.pk])
    page.goto(live_server.url)
    written = page.locator(f'#list [data-id="{greeting.pk}"]')
    for part, direction in (("msg__link", "rtl"), ("msg__line", "rtl"), ("msg__snippet", "ltr")):
        expect(written.locator(f".{part}")).to_have_css("direction", direction)
    shot("right-to-left")
    row = page.locator(f'#list [data-id="{mailbox.newsletter.pk}"]')
    row.locator(".msg__link").focus()
    page.keyboard.press("l")
    choosing = dialog(page, "Labels of the message")
    no_barriers()
    page.keyboard.type("Harbour")
    expect(choosing.get_by_role("button", name="Make a new label “Harbour”")).to_be_visible()
    shot("labels")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Label “Harbour” added")).to_be_visible()
    expect(row.locator(".label", has_text="Harbour")).to_be_visible()
    harbour = page.locator("#tree").get_by_role("link", name="Harbour", exact=True)
    expect(harbour).to_be_visible()
    lease = page.locator(f'#list [data-id="{mailbox.lease.pk}"]')
    lease.drag_to(harbour)
    expect(lease.locator(".label", has_text="Harbour")).to_be_visible()
    made = Label.objects.get(name="Harbour")
    wait_until(lambda: made.marks.count() == 2, "the label is on both")
    harbour.click()
    expect(page.get_by_role("heading", name="Harbour")).to_be_visible()
    expect(page.locator("#list .msg")).to_have_count(2)
    page.locator(f'#list [data-id="{mailbox.lease.pk}"] .msg__link').click()
    off = page.get_by_role("button", name="Remove the label Harbour")
    expect(off).to_be_visible()
    shot("label-place")
    no_barriers()
    off.click()
    expect(page.get_by_text("Label “Harbour” removed")).to_be_visible()
    expect(page.locator("#list .msg")).to_have_count(1)
    page.keyboard.press("z")
    expect(page.locator("#list .msg")).to_have_count(2)
    line(page, "Harbour").locator(".tree__item").click(button="right")
    editing = dialog(page, "Harbour")
    shot("label-edit")
    no_barriers()
    editing.get_by_role("button", name="Delete label").click()
    expect(page.get_by_text("Label “Harbour” was deleted.")).to_be_visible()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(harbour).to_be_visible()
    assert problems == []


def test_snoozing_and_being_reminded(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    user: User,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    asked = put(folders.special(user, "sent"), letter("Could you look?"), at=timezone.now())
    page.goto(live_server.url)
    row = page.locator(f'#list [data-id="{mailbox.lease.pk}"]')
    row.locator(".msg__link").focus()
    page.keyboard.press("h")
    snooze = dialog(page, "Snooze the message until")
    no_barriers()
    shot("snooze")
    snooze.get_by_role("button", name="Tomorrow").click()
    expect(row).to_have_count(0)
    expect(line(page, "Snoozed").locator(".count")).to_have_text("1")
    page.keyboard.press("z")
    expect(page.get_by_text("Undone")).to_be_visible()
    expect(row).to_be_visible()
    assert not Snooze.objects.exists()
    row.locator(".msg__link").focus()
    page.keyboard.press("h")
    dialog(page, "Snooze the message until").get_by_role("button", name="Tomorrow").click()
    expect(row).to_have_count(0)
    line(page, "Snoozed").locator(".tree__item").click()
    expect(page.get_by_role("heading", name="Snoozed")).to_be_visible()
    row.locator(".msg__link").click()
    expect(page.get_by_role("button", name="Bring back now")).to_be_visible()
    shot("snoozed")
    no_barriers()
    # Its time comes: an open page hears of it.
    snoozing.wake_due(now=timezone.now() + timedelta(days=2))
    page.goto(live_server.url)
    expect(page.locator("#list .msg").first).to_have_attribute("data-id", str(mailbox.lease.pk))
    page.goto(f"{live_server.url}/message/{asked.pk}/")
    page.locator("summary[aria-label='More actions']").click()
    page.get_by_role("button", name="Remind me").click()
    remind = dialog(page, "Remind me if nobody answers")
    no_barriers()
    shot("remind")
    remind.get_by_label("In a week").check()
    remind.get_by_role("button", name="Remind me").click()
    expect(page.get_by_text("You will be reminded on")).to_be_visible()
    page.locator("#tree").get_by_role("link", name="Reminders 1").click()
    expect(dialog(page, "Reminders").get_by_role("link", name="Could you look?")).to_be_visible()
    page.goto(f"{live_server.url}/mail/reminders/")
    expect(page.get_by_role("link", name="Could you look?")).to_be_visible()
    shot("reminders")
    no_barriers()
    page.get_by_role("button", name="Remove the reminder of: Could you look?").click()
    expect(page.get_by_text("No reminders.")).to_be_visible()
    assert Message.objects.get(pk=asked.pk).folder.role == "sent"
    assert problems == []
