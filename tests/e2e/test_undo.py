"""Taking things back, and where the focus is afterwards, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import Message
from mailstore.services import folders
from tests.e2e.conftest import PHONE, sign_in
from tests.e2e.tasks import gallery, row
from tests.webmail.samples import Mailbox, letter, put

pytestmark = pytest.mark.django_db(transaction=True)


def total(page: Page) -> int:
    """How many messages the heading of the list tells."""
    return int(page.locator(".list-head").get_attribute("data-total") or "-1")


def test_each_toast_takes_back_what_it_tells(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    problems: list[str],
) -> None:
    """The older of two toasts undoes the older of two actions; z undoes the one that is left."""
    page.goto(live_server.url)
    before = total(page)
    rows = page.locator("#list .msg")
    first, second = (rows.nth(n).get_attribute("data-id") or "" for n in (0, 1))
    home = Message.objects.get(pk=first).folder
    for pk, key, told in ((first, "e", "Message archived"), (second, "#", "Message deleted")):
        page.locator(f'[data-id="{pk}"] .msg__check').check()
        page.keyboard.press(key)
        expect(page.get_by_text(told)).to_be_visible()
    page.locator(".toast", has_text="Message archived").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone")).to_be_visible()
    assert Message.objects.get(pk=first).folder == home
    assert Message.objects.get(pk=second).folder.role == "trash"
    expect(page.locator(".list-head")).to_have_attribute("data-total", str(before - 1))
    page.keyboard.press("z")
    expect(page.get_by_text("Message deleted")).to_have_count(0)
    expect(page.locator(".list-head")).to_have_attribute("data-total", str(before))
    assert Message.objects.get(pk=second).folder.role != "trash"
    page.keyboard.press("z")
    expect(page.get_by_text("Nothing to undo")).to_be_visible()
    assert problems == []


def test_what_was_so_before_stays_so(
    page: Page, live_server: LiveServer, user: User, enter: Callable[[User], None]
) -> None:
    """Undo of a mark on some of which one had it: each is as it was, on the screen as well."""
    enter(user)
    inbox = folders.special(user, "inbox")
    for number, flag in enumerate(("", "\\Seen", "\\Flagged", "")):
        flags = frozenset({flag} - {""})
        put(inbox, letter(f"Letter {number}"), at=timezone.now(), flags=flags)
    page.goto(live_server.url)
    rows = page.locator("#list .msg")

    def states() -> list[str]:
        found: list[str] = rows.evaluate_all(
            """all => all.map((one) => [one.querySelector("b").textContent,
                one.classList.contains("msg--unread"), one.hasAttribute("data-starred"),
                one.querySelector(".msg__link").textContent.trim()].join())"""
        )
        return found

    before = states()
    assert sorted("Unread" in one for one in before) == [False, True, True, True]
    for key in ("I", "U", "s"):
        for at in range(4):
            rows.nth(at).locator(".msg__check").check()
        page.keyboard.press(key)
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
        assert states() != before
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_text("Undone")).to_be_visible()
        assert states() == before, key
        page.reload()
        assert states() == before, key


def test_what_lies_in_the_archive_is_not_archived_again(
    page: Page, live_server: LiveServer, user: User, mailbox: Mailbox
) -> None:
    archive = folders.special(user, "archive")
    put(archive, letter("Kept"), at=timezone.now())
    page.goto(f"{live_server.url}/folder/{archive.pk}/")
    line = page.locator("#list .msg", has_text="Kept")
    line.hover()
    expect(line.get_by_role("button", name="Snooze")).to_be_visible()
    expect(line.get_by_role("button", name="Archive")).to_have_count(0)
    line.locator(".msg__check").check()
    page.keyboard.press("e")
    page.keyboard.press("I")  # what comes after it has been heard
    expect(page.get_by_text("Marked read")).to_be_visible()
    expect(line).to_have_count(1)
    expect(page.locator(".toast", has_text="archived")).to_have_count(0)


def test_what_comes_back_is_not_selected_and_has_the_focus(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
) -> None:
    page.goto(live_server.url)
    for key in "jxjx":
        page.keyboard.press(key)
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_text("2 messages archived")).to_be_visible()
    page.keyboard.press("z")
    expect(page.get_by_text("Undone")).to_be_visible()
    expect(page.locator(".msg__check:checked")).to_have_count(0)
    expect(page.locator("#list .msg:focus-within")).to_have_count(1)


def test_what_fails_is_taken_back_and_can_be_asked_again(
    page: Page, live_server: LiveServer, mailbox: Mailbox, settings: Settings
) -> None:
    """An Undo that nobody answered is still there; who is signed out is told so."""
    page.goto(live_server.url)
    line = page.locator(f'#list > [data-id="{mailbox.newsletter.pk}"]')
    line.locator(".msg__check").check()
    page.keyboard.press("e")
    told = page.locator(".toast", has_text="Message archived")
    expect(told).to_be_visible()
    page.route("**/mail/undo/", lambda route: route.abort())
    page.keyboard.press("z")
    expect(page.get_by_text("Everything is as it was.")).to_be_visible()
    expect(line).to_have_count(0)
    page.unroute("**/mail/undo/")
    told.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone")).to_be_visible()
    expect(line).to_have_count(1)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    line.locator(".msg__check").check()
    page.keyboard.press("e")
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    expect(line).to_have_count(1)
    expect(page.get_by_role("link", name="Reload")).to_be_visible()
    page.get_by_role("link", name="New folder").click()
    expect(page).to_have_title("Sign in · Tributary")


def test_without_scripts_the_note_has_the_way_back(
    browser: Browser,
    live_server: LiveServer,
    user: User,
    mailbox: Mailbox,
) -> None:
    context = browser.new_context(java_script_enabled=False)
    sign_in(context, live_server, user)
    page = context.new_page()
    page.goto(f"{live_server.url}/message/{mailbox.lease.pk}/")
    page.locator("#reading").get_by_role("button", name="Archive").click()
    assert Message.objects.get(pk=mailbox.lease.pk).folder.role == "archive"
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("#toasts")).to_contain_text("Undone")
    assert Message.objects.get(pk=mailbox.lease.pk).folder == mailbox.lease.folder
    context.close()


def test_dialogs_take_the_focus_and_give_it_back(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
) -> None:
    """The first empty field has it, then the first wrong one, at the end what opened the dialog."""
    page.goto(f"{live_server.url}/settings/connectivity/")
    opener = page.get_by_role("link", name="New Retrieval Task")
    opener.click()
    expect(page.get_by_label("Your address there")).to_be_focused()
    page.get_by_role("link", name="Other POP server").click()
    expect(page.get_by_label("Server Address")).to_be_focused()
    page.get_by_label("Server Address").fill("pop.example.test")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Enter the username.")).to_be_visible()
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_a_newsletter_fits_a_phone(
    browser: Browser,
    live_server: LiveServer,
    user: User,
    mailbox: Mailbox,
) -> None:
    """A table of 560 points and its pictures become as narrow as the screen."""
    width, height = PHONE
    context = browser.new_context(viewport={"width": width, "height": height})
    sign_in(context, live_server, user)
    page = context.new_page()
    page.goto(f"{live_server.url}/message/{mailbox.newsletter.pk}/")
    expect(page.frame_locator("[data-frame]").get_by_text("The winter timetable")).to_be_visible()
    frame = next(one for one in page.frames if one.url.endswith("/frame/"))
    assert frame.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_the_line_whose_button_was_pressed_keeps_the_focus(
    page: Page, settings_page: Callable[[], None], user: User
) -> None:
    """The button is gone while the task waits for a worker; the focus is not."""
    gallery(user)
    settings_page()
    row(page, "Studio").get_by_role("button", name="Resume").press("Enter")
    expect(row(page, "Studio").get_by_role("button", name="Resume")).to_have_count(0)
    expect(page.locator(".item.task:focus-within")).to_contain_text("Studio")
