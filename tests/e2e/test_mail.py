"""Reading mail in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import Message
from tests.conftest import PASSWORD
from tests.e2e.conftest import PHONE, TABLET, WIDE, sign_in
from tests.webmail.samples import Mailbox, fill

pytestmark = pytest.mark.django_db(transaction=True)


def test_screens(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    """Each mail screen in both themes and three widths; nothing keeps anybody out."""
    page.goto(live_server.url)
    no_barriers()
    shot("mail", (WIDE, TABLET, PHONE))
    page.get_by_role("link", name="Jonas Ekdahl").first.click()
    expect(page.get_by_role("heading", name="Lease for the Quay Street studio")).to_be_visible()
    no_barriers()
    shot("message", (WIDE, TABLET, PHONE))
    page.goto(f"{live_server.url}/message/{mailbox.newsletter.pk}/")
    expect(page.frame_locator("[data-frame]").get_by_text("The winter timetable")).to_be_visible()
    no_barriers()
    shot("message-html", (WIDE, TABLET, PHONE))
    assert problems == []


def rows(page: Page) -> list[str]:
    """The subjects of the list, in order."""
    return page.locator("#list .msg__line b").all_text_contents()


def folder(page: Page, name: str) -> Locator:
    """A line of the folder tree."""
    return page.locator("#tree a[data-place]", has_text=name)


def test_going_back_and_forward(
    page: Page, live_server: LiveServer, mailbox: Mailbox, problems: list[str]
) -> None:
    """Addresses follow what is shown, and the shell is never loaded again."""
    page.goto(live_server.url)
    page.evaluate("() => { window.sameShell = true }")
    page.get_by_role("link", name="Jonas Ekdahl").click()
    subject = page.locator("[data-subject]")
    expect(subject).to_have_text("Lease for the Quay Street studio")
    folder(page, "Receipts").click()
    expect(page.locator("#main h1")).to_have_text("Receipts")
    expect(subject).to_have_count(0)
    page.get_by_role("link", name="Tomasz Wrona").click()
    expect(subject).to_have_text("Invoice 2026-118")
    page.go_back()
    expect(subject).to_have_count(0)
    expect(page.locator("#main h1")).to_have_text("Receipts")
    page.go_back()
    expect(subject).to_have_text("Lease for the Quay Street studio")
    expect(page.locator("#main h1")).to_have_text("All inboxes")
    page.go_forward()
    expect(page.locator("#main h1")).to_have_text("Receipts")
    assert page.evaluate("() => window.sameShell") is True
    assert problems == []


def test_selecting_many_and_moving_them(
    page: Page, live_server: LiveServer, mailbox: Mailbox, problems: list[str]
) -> None:
    """A click, a Shift click, a folder found by typing; undo returns each to its place."""
    page.goto(live_server.url)
    boxes = page.locator("#list .msg__check")
    boxes.nth(1).check()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.get_by_text("4 selected")).to_be_visible()
    chosen = rows(page)[1:5]
    page.get_by_role("button", name="Move to a folder").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill("contr")
    page.keyboard.press("Enter")
    expect(page.get_by_text("4 messages moved to Contracts")).to_be_visible()
    moved = Message.objects.filter(folder__name="Contracts").values_list("subject", flat=True)
    assert set(moved) == set(chosen)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone")).to_be_visible()
    assert not Message.objects.filter(folder__name="Contracts").exists()
    assert rows(page)[1:5] == chosen
    assert problems == []


def test_a_refused_change_is_taken_back(
    page: Page, live_server: LiveServer, mailbox: Mailbox
) -> None:
    """The list shows the change at once, and the truth when the server could not make it."""
    page.goto(live_server.url)
    before = rows(page)
    page.route("**/mail/action/", lambda route: route.fulfill(status=500, body=""))
    page.keyboard.press("j")
    page.keyboard.press("#")
    expect(page.get_by_text("Everything is as it was.")).to_be_visible()
    assert rows(page) == before


def test_folders_by_dialog(
    page: Page, live_server: LiveServer, mailbox: Mailbox, problems: list[str]
) -> None:
    """A folder is made, refused twice, renamed and deleted."""
    page.goto(live_server.url)
    page.get_by_role("link", name="New folder").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Gmail")
    dialog.get_by_role("button", name="Make folder").click()
    expect(dialog.get_by_role("alert")).to_contain_text("already a folder")
    dialog.get_by_label("Name").fill("Boats")
    dialog.get_by_role("button", name="Make folder").click()
    expect(page.locator("#main h1")).to_have_text("Boats")
    page.get_by_role("link", name="Actions for Boats").click()
    dialog.get_by_role("link", name="Delete this folder").click()
    dialog.get_by_role("button", name="Delete folder").click()
    expect(page.get_by_text("Folder “Boats” was deleted.")).to_be_visible()
    assert [one for one in problems if "422" not in one] == []


def test_without_scripts(browser: Browser, live_server: LiveServer, user: User) -> None:
    """Reading, acting, moving and folders work as plain pages and forms."""
    mailbox = fill(user, timezone.now())
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live_server.url)
    page.get_by_label("Email Address").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("link", name="Jonas Ekdahl").click()
    expect(page.get_by_text("Section 4.2")).to_be_visible()
    page.get_by_role("toolbar", name="Message").get_by_role("button", name="Archive").click()
    expect(page.get_by_text("Message archived")).to_be_visible()
    assert Message.objects.get(pk=mailbox.lease.pk).folder.role == "archive"
    page.locator("#list .msg__check").first.check()
    page.get_by_role("button", name="Move to a folder").click()
    page.get_by_role("button", name="Contracts").click()
    expect(page.get_by_text("Moved to Contracts")).to_be_visible()
    page.get_by_role("link", name="New folder").click()
    page.get_by_label("Name").fill("Boats")
    page.get_by_role("button", name="Make folder").click()
    expect(page.get_by_role("heading", name="Boats")).to_be_visible()
    context.close()


def test_the_phone(browser: Browser, live_server: LiveServer, user: User) -> None:
    """One pane at a time, a way back, a drawer; targets fit a thumb; nothing scrolls sideways."""
    fill(user, timezone.now())
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    sign_in(context, live_server, user)
    page.goto(live_server.url)
    expect(page.locator(".rail")).to_be_hidden()
    page.get_by_role("link", name="Jonas Ekdahl").tap()
    expect(page.get_by_role("heading", name="Lease for the Quay Street studio")).to_be_visible()
    expect(page.locator("#main")).to_be_hidden()
    wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    small = page.evaluate(
        """() => [...document.querySelectorAll('#reading .pane__bar :is(a, button, summary)')]
        .filter((one) => one.offsetWidth && (one.offsetWidth < 44 || one.offsetHeight < 44))
        .map((one) => one.outerHTML)"""
    )
    assert small == []
    page.get_by_role("link", name="Back to the list").tap()
    expect(page.locator("#main")).to_be_visible()
    page.get_by_role("button", name="Open the menu").tap()
    folder(page, "Sent").tap()
    expect(page.locator("#main h1")).to_have_text("Sent")
    expect(page.locator("#tree")).to_be_hidden()
    context.close()


def test_offline_is_said(page: Page, live_server: LiveServer, mailbox: Mailbox) -> None:
    """A lost connection is named, failed loading offers another try, and coming back clears it."""
    page.goto(live_server.url)
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline.")).to_be_visible()
    page.get_by_role("link", name="Jonas Ekdahl").click()
    again = page.get_by_role("button", name="Load again")
    expect(again).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("You are offline.")).to_have_count(0)
    again.click()
    expect(page.get_by_role("heading", name="Lease for the Quay Street studio")).to_be_visible()


def test_a_list_that_cannot_be_loaded_leaves_the_one_before(
    page: Page, live_server: LiveServer, mailbox: Mailbox, problems: list[str]
) -> None:
    """Offline, another folder is asked for: said, tried again, and the keys of the list go on."""
    page.goto(live_server.url)
    rows = page.locator("#list > .msg")
    before = rows.count()
    folder(page, "Sent").focus()
    page.route("**/folder/**", lambda route: route.abort())
    page.keyboard.press("Enter")
    note = page.get_by_role("alert").filter(has_text="This could not be loaded.")
    expect(note).to_be_visible()
    expect(rows).to_have_count(before)
    page.locator("body").press("j")
    expect(rows.first.locator(".msg__link")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox").first).to_be_focused()
    page.unroute("**/folder/**")
    note.get_by_role("button", name="Load again").click()
    expect(page.get_by_role("heading", name="Sent")).to_be_visible()
    expect(note).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("heading", name="All inboxes")).to_be_visible()
    assert not [one for one in problems if "ERR_FAILED" not in one]


def test_the_theme_is_kept(
    page: Page, live_server: LiveServer, mailbox: Mailbox, user: User
) -> None:
    """The switch acts at once and is there again on the next page."""
    page.goto(live_server.url)
    with page.expect_response("**/settings/theme/"):
        page.get_by_role("button", name="Switch between light and dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_palette_reaches_commands_and_folders(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    """A few letters and Enter lead to a folder, run a command on a message, or search."""
    page.goto(live_server.url)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    no_barriers()
    page.keyboard.type("arch")
    shot("palette")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("gma rec")
    page.keyboard.press("Enter")
    expect(page.locator("#main h1")).to_have_text("Receipts")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("[data-subject]")).to_have_text("Invoice 2026-118")
    page.keyboard.press("Control+k")
    page.keyboard.type("archive")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Message archived")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("quay")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#main h1")).to_have_text("Contracts")
    page.keyboard.press("Control+k")
    page.keyboard.type("surveyor")
    page.keyboard.press("Enter")
    expect(page.locator("#main h1")).to_have_text("Search")
    assert problems == []


def test_buttons_of_the_reading_pane(
    page: Page, live_server: LiveServer, mailbox: Mailbox, problems: list[str]
) -> None:
    """Star, archive, delete and, from Deleted Items, delete for good after a question."""
    page.goto(f"{live_server.url}/message/{mailbox.lease.pk}/?in=all")
    bar = page.get_by_role("toolbar", name="Message")
    page.locator(".read").get_by_role("button", name="Star").click()
    expect(page.locator(f'[data-id="{mailbox.lease.pk}"]')).to_have_attribute("data-starred", "")
    bar.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("Message archived")).to_be_visible()
    subject = page.locator("[data-subject]")
    expect(subject).to_have_text("The harbour in November")
    bar.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Message deleted")).to_be_visible()
    folder(page, "Deleted Items").click()
    page.get_by_role("link", name="Harbourline Ferries").click()
    bar.get_by_role("button", name="Delete for good").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Delete this message for good?")
    assert Message.objects.filter(pk=mailbox.newsletter.pk).exists()
    dialog.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("Deleted for good")).to_be_visible()
    expect(page.get_by_text("Deleted Items is empty.")).to_be_visible()
    assert not Message.objects.filter(pk=mailbox.newsletter.pk).exists()
    lease = Message.objects.get(pk=mailbox.lease.pk)
    assert (lease.is_flagged, lease.folder.role) == (True, "archive")
    assert problems == []
