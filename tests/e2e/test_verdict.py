"""Who sent a message, its list and its links, in a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, Route, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.services import folders
from tests.web.names import NameServer
from tests.webmail.samples import Mailbox, letter, put
from tests.webmail.signing import record, signed

pytestmark = pytest.mark.django_db(transaction=True)

FIELDS = (
    b"List-Id: Harbour letter <letter.harbourline.test>\n"
    b"List-Unsubscribe: <https://harbourline.test/leave?u=1>\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
)
HTML = (
    "<p>The timetable is at <a href='https://timetable.evil.example/x'>harbourline.com/times</a>"
    " and <a href='https://click.mailer.net/1'>on our site</a>.</p>"
    "<p><a href='https://evil.example/leaving/?to=x' title='https://harbourline.com/'>More</a></p>"
)


def test_it_is_told_after_opening_and_links_are_marked(
    page: Page,
    live_server: LiveServer,
    user: User,
    mailbox: Mailbox,
    name_server: NameServer,
    settings: Settings,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    """The sentence comes by itself, unfolds by keyboard, and a marked link asks first."""
    settings.CONNECTIVITY_NAMESERVERS = [f"127.0.0.1:{name_server.port}"]
    name_server.add("sel._domainkey.harbourline.test", "TXT", record())
    raw = signed(
        FIELDS + letter("Timetable", html=HTML),
        also=(b"list-unsubscribe", b"list-unsubscribe-post"),
    )
    inbox = folders.special(user, "inbox")
    message = put(inbox, raw, at=timezone.now())
    turned_away: list[str] = []

    def no_time(route: Route) -> None:
        turned_away.append(route.request.url)
        if len(turned_away) == 1:
            route.fulfill(status=503)
        else:
            route.continue_()

    page.route("**/verdict/", no_time)
    page.goto(live_server.url + reverse("mail-message", args=[message.pk]))
    said = page.get_by_text("Really from harbourline.test: DKIM passes")
    expect(said).to_be_visible()
    expect(page.get_by_role("link", name="Unsubscribe")).to_be_visible()
    page.locator(".verdict__how > summary").press("Enter")
    expect(page.get_by_text("(selector sel) holds.")).to_be_visible()
    frame = page.frame_locator("[data-frame]")
    expect(frame.get_by_text("timetable.evil.example")).to_have_count(1)
    expect(frame.locator("mark")).to_have_count(1)
    # What is under the pointer is told by the address, whatever its sender says of it.
    target = page.locator(".link-target")
    frame.get_by_role("link", name="More").hover()
    expect(target).to_have_text("https://evil.example/leaving/?to=x")
    frame.get_by_role("link", name="harbourline.com/times").hover()
    expect(target).to_have_text("https://timetable.evil.example/x")
    no_barriers()
    shot("verdict")
    with page.expect_popup() as opened:
        frame.get_by_role("link", name="harbourline.com/times").click()
    asks = opened.value
    expect(asks.get_by_role("heading", name="Look where this leads")).to_be_visible()
    leaving = asks.url
    asks.close()
    # As plain text and back, in place.
    page.get_by_label("More for this message").click()
    page.get_by_role("link", name="Show as plain text").click()
    expect(page.locator(".prose--text")).to_contain_text("see you on Thursday")
    page.get_by_label("More for this message").click()
    page.get_by_role("link", name="Show with formatting").click()
    expect(frame.get_by_text("timetable.evil.example")).to_have_count(1)
    page.goto(leaving)
    no_barriers()
    shot("leaving")
    page.goto(live_server.url + reverse("mail-source", args=[message.pk]) + "?part=headers")
    no_barriers()
    shot("headers")
    page.goto(live_server.url + reverse("mail-unsubscribe", args=[message.pk]))
    no_barriers()
    shot("unsubscribe")
    # The browser itself speaks of the answer that was asked for again.
    assert not [one for one in problems if "503" not in one]
