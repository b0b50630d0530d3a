"""The search box in a browser: typing, suggestions, chips, history, saved searches."""

from __future__ import annotations

import re
from collections.abc import Callable
from inspect import unwrap

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from mailstore.services import indexing
from tests.webmail.samples import Mailbox


@pytest.fixture
def box(page: Page, live_server: LiveServer, mailbox: Mailbox) -> Locator:
    """The search box over an indexed mailbox."""
    while indexing.index_batch():
        pass
    page.goto(live_server.url)
    return page.get_by_role("searchbox", name="Search all mail")


def test_results_follow_the_words_and_one_step_leads_back(
    page: Page, box: Locator, problems: list[str]
) -> None:
    """Typing never jumps; a search is one entry of the history; passages, counts and marks come."""
    box.press_sequentially("section", delay=60)
    expect(page.locator("#list .msg")).to_have_count(1)
    expect(box).to_be_focused()
    expect(box).to_have_value("section")
    expect(page.locator("[data-hits]")).to_have_text("1 message")
    # The row says nothing of it at its beginning, so it shows where the word stands.
    expect(page.locator("#list .msg__snippet mark")).to_have_text("Section")
    box.press_sequentially(" 4", delay=60)
    expect(page).to_have_url(re.compile(r"q=section\+4"))
    # Leaving the box keeps what is in it.
    box.press("Escape")
    box.press("Escape")
    expect(box).to_have_value("section 4")
    expect(box).not_to_be_focused()
    page.locator("#list .msg__link").first.click()
    expect(page.locator(".prose mark").first).to_have_text("Section")
    page.go_back()
    expect(page.locator("#list .msg")).to_have_count(1)
    page.go_back()
    expect(page.locator("#main h1")).to_have_text("All inboxes")
    expect(box).to_have_value("")
    page.go_forward()
    expect(page.locator("#main h1")).to_have_text("Search")
    expect(box).to_have_value("section 4")
    assert sorted(set(problems)) == []


def test_suggestions_by_keyboard_chips_and_the_folder(
    page: Page,
    box: Locator,
    problems: list[str],
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
) -> None:
    """An operator and its value are chosen with the arrows; chips take them away again."""
    box.press_sequentially("in", delay=30)
    options = page.get_by_role("option")
    expect(options.first).to_contain_text("in:")
    box.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    box.press("Enter")
    expect(box).to_have_value("in:")
    box.press_sequentially("rec", delay=30)
    expect(options.first).to_contain_text("Receipts")
    shot("search-suggestions")
    no_barriers()
    box.press("ArrowDown")
    box.press("Tab")
    expect(box).to_have_value("in:Receipts ")
    expect(box).to_be_focused()
    box.press_sequentially("thank colour:red OR thank", delay=20)
    expect(page.locator(".chip--said")).to_have_count(2)
    expect(page.locator("#list .msg")).to_have_count(2)
    shot("search-results")
    no_barriers()
    box.press("Escape")
    page.get_by_role("link", name="Search without: in Receipts").focus()
    page.keyboard.press("Enter")
    expect(box).to_have_value("thank colour:red OR thank")
    expect(page.get_by_role("link", name="Search without: in Receipts")).to_have_count(0)
    # What was searched for is offered again in the empty box.
    box.fill("ladder")
    box.press("Enter")
    expect(page.locator("#list .msg")).to_have_count(1)
    box.fill("")
    expect(page.locator("#main h1")).to_have_text("All inboxes")
    expect(page.get_by_role("option", name="ladder")).to_be_visible()
    box.press("Escape")
    expect(options).to_have_count(0)
    page.get_by_role("navigation", name="Folders").get_by_role(
        "link", name="Receipts Gmail"
    ).click()
    expect(page.locator("#main h1")).to_have_text("Receipts")
    box.fill("thank OR moved")
    expect(page.locator("#list .msg")).to_have_count(3)
    page.locator(".search-chips").get_by_role("link", name="Receipts").click()
    expect(page.locator("#list .msg")).to_have_count(2)
    box.fill("")
    expect(page.locator("#main h1")).to_have_text("Receipts")
    assert sorted(set(problems)) == []


def test_a_saved_search_stands_in_the_tree(
    page: Page, box: Locator, problems: list[str], shot: Callable[..., None]
) -> None:
    box.fill("is:unread has:list")
    page.get_by_role("link", name="Save search").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Unread newsletters")
    shot("search-save")
    dialog.get_by_role("button", name="Save search").click()
    tree = page.get_by_role("navigation", name="Folders")
    link = tree.get_by_role("link", name="Unread newsletters", exact=True)
    expect(link).to_have_attribute("aria-current", "page")
    shot("search-saved")
    tree.get_by_role("link", name="All inboxes").click()
    expect(link).not_to_have_attribute("aria-current", "page")
    link.click()
    expect(page.locator("#main h1")).to_have_text("Search")
    page.get_by_role("link", name="Actions for Unread newsletters").click()
    dialog.get_by_role("button", name="Delete this search").click()
    expect(page.get_by_text("Search “Unread newsletters” was deleted.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone")).to_be_visible()
    assert sorted(set(problems)) == []


def test_the_page_can_be_used_before_its_scripts_begin(
    page: Page, box: Locator, live_server: LiveServer, problems: list[str]
) -> None:
    """Panes are as wide as they were left; what is typed is searched for once scripts are there."""
    page.evaluate("localStorage.setItem('pane-sizes', JSON.stringify({'folders-size': 310}))")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/js/mail.js*", hold)
    page.goto(live_server.url, wait_until="commit")
    # By hands that do not wait for the scripts as those of the other tests do.
    unwrap(Locator.press_sequentially)(box, "section", delay=60)
    expect(page.locator("#drawer")).to_have_js_property("offsetWidth", 310)
    expect(page.locator("#list .msg").nth(1)).to_be_visible()
    for one in held:
        one.continue_()
    expect(page.locator("#list .msg")).to_have_count(1)
    expect(box).to_have_value("section")
    expect(box).to_be_focused()
    assert sorted(set(problems)) == []
