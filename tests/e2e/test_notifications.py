"""The bell, the toast and the page of notifications in a browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from connectivity.services import notifications
from filtering.services import notices
from tests.e2e.conftest import PHONE
from tests.webmail.samples import Mailbox


def trouble(
    user: User,
    key: str,
    label: str,
    *,
    kind: str = "retrieval-failing",
    cause: str = "no-answer",
    host: str = "imap.corp.example",
    ago: timedelta = timedelta(hours=3),
) -> datetime:
    now = timezone.now()
    notifications.open_(
        user=user,
        key=key,
        kind=kind,
        label=label,
        url="",
        cause=cause,
        params={"host": host, "port": 993, "username": label},
        now=now,
        since=now - ago,
    )
    return now


def test_the_page_its_bell_and_reading_it(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    user: User,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    page.goto(live_server.url + "/settings/notifications/")
    expect(page.get_by_text("Everything works. Nothing needs you.")).to_be_visible()
    no_barriers()
    shot("notifications-none")
    trouble(
        user,
        "retrieval:1",
        "mara@northbank.test",
        kind="retrieval-needs-you",
        cause="login-refused",
        host="imap.northbank.test",
    )
    trouble(user, "retrieval:2", "mara.l@yahoo.test", host="imap.mail.yahoo.test")
    trouble(user, "smtp:3", "studio@example.org", kind="smtp-failing", cause="port-closed")
    trouble(user, "retrieval:4", "mara@icloud.test")
    notifications.resolve(user=user, key="retrieval:4", now=timezone.now())

    page.goto(live_server.url)
    bell = page.get_by_role("link", name="Notifications, 3 new")
    expect(bell).to_be_visible()
    no_barriers()
    shot("notifications-bell")
    bell.click()
    expect(page.get_by_role("heading", name="mara@northbank.test needs you")).to_be_visible()
    expect(page.get_by_role("heading", name="mara@icloud.test works again")).to_be_visible()
    # Who sees the list has read it; what was new stays marked as long as it is open.
    expect(page.get_by_role("link", name="Notifications", exact=True).first).to_be_visible()
    expect(page.locator(".notice--unread")).to_have_count(3)
    expect(page.locator(".notice").first).to_contain_text("needs you")
    expect(page.get_by_role("button", name="Mark all as read")).to_have_count(0)
    no_barriers()
    shot("notifications")
    page.reload()
    expect(page.locator(".notice--unread")).to_have_count(0)
    page.get_by_role("checkbox", name="Write to my Inbox").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#toasts")).to_contain_text("Saved.")
    expect(page.get_by_role("checkbox", name="Write to my Inbox")).not_to_be_checked()
    assert not problems


def test_what_begins_while_a_page_is_open_is_told_once(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    user: User,
    shot: Callable[..., None],
    problems: list[str],
) -> None:
    look = "document.dispatchEvent(new Event('look-for-notices'))"
    page.goto(live_server.url)
    trouble(user, "retrieval:1", "mara@northbank.test", kind="retrieval-needs-you")
    page.evaluate(look)
    toast = page.locator(".toast")
    expect(toast).to_contain_text("mara@northbank.test needs you")
    expect(page.get_by_role("link", name="Notifications, 1 new")).to_be_visible()
    shot("notifications-toast")
    way = toast.get_by_role("link", name="Open")
    expect(way).to_have_attribute("href", "/settings/connectivity/retrieval/1/")
    toast.get_by_role("button", name="Close").click()
    with page.expect_response("**/notifications/news/"):
        page.evaluate(look)
    expect(toast).to_have_count(0)
    assert not problems


def test_on_a_phone_the_bell_is_in_the_bottom_bar(
    page: Page, live_server: LiveServer, mailbox: Mailbox, user: User
) -> None:
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    trouble(user, "retrieval:1", "mara@northbank.test", kind="retrieval-needs-you")
    page.goto(live_server.url)
    page.get_by_role("link", name="Notifications, 1 new").click()
    expect(page.get_by_role("heading", name="mara@northbank.test needs you")).to_be_visible()
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide


def test_the_mail_about_it_is_read_like_any_other(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    user: User,
    shot: Callable[..., None],
    settings: Settings,
) -> None:
    settings.SITE_URL = live_server.url
    trouble(user, "retrieval:1", "mara@northbank.test")
    assert notices.send_due(now=timezone.now()) == 1
    page.goto(live_server.url)
    page.locator(".msg__link[title^=postmaster]").click()
    frame = page.frame_locator("iframe[src]").first
    expect(frame.get_by_text("imap.corp.example did not answer on port 993")).to_be_visible()
    way = frame.get_by_role("link", name="Open the account")
    expect(way).to_have_attribute("href", f"{live_server.url}/settings/connectivity/retrieval/1/")
    shot("notifications-mail")
