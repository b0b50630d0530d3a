"""Drafts in the list, and lists that change while somebody reads, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.webmail.samples import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_draft_is_counted_opened_once_and_gone_when_discarded(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    problems: list[str],
) -> None:
    page.goto(live_server.url)
    page.get_by_role("link", name="Compose").first.click()
    window = page.locator("compose-window")
    window.get_by_label("Subject").fill("Half a thought")
    window.get_by_label("Subject").press("Escape")
    expect(window).to_have_count(0)
    expect(page.get_by_role("link", name="Compose").first).to_be_focused()
    drafts = page.locator("#tree a[data-place]", has_text="Drafts")
    expect(drafts.locator("[data-count]")).to_have_text("1")
    drafts.click()
    expect(page.locator(".list-head")).to_have_attribute("data-total", "1")
    page.locator("[data-draft] a").click()
    expect(window.get_by_label("Subject")).to_have_value("Half a thought")
    expect(page.locator("#reading [data-message], #reading compose-window")).to_have_count(0)
    window.get_by_role("button", name="Discard").click()
    expect(window).to_have_count(0)
    expect(page.locator("[data-draft]")).to_have_count(0)
    expect(page.get_by_text("No drafts.")).to_be_visible()
    assert problems == []


def test_what_is_being_read_stays_in_a_list_of_unread_messages(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
) -> None:
    """Opening marks a message read; its line leaves when another one is opened, not before."""
    page.goto(f"{live_server.url}/?unread=1")
    rows = page.locator("#list > .msg")
    first, second = rows.nth(0), rows.nth(1)
    mine, other = first.get_attribute("data-id"), second.get_attribute("data-id")
    with page.expect_response(lambda answer: "/news/" in answer.url):
        first.locator(".msg__link").click()
    expect(page.locator(f'[data-message="{mine}"]')).to_be_visible()
    expect(page.locator(f'#list [data-id="{mine}"]')).to_have_count(1)
    expect(rows.first).to_have_attribute("data-id", mine or "")
    with page.expect_response(lambda answer: "/news/" in answer.url):
        page.locator(f'[data-id="{other}"] .msg__link').click()
    expect(page.locator(f'#list [data-id="{mine}"]')).to_have_count(0)
