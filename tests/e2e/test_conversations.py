"""A conversation in a real browser: one line in the list, one pane, by keys and by pointer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import Message
from mailstore.services import folders, indexing
from smtp_accounts.models import Draft
from smtp_accounts.services import identities
from tests.e2e.conftest import PHONE, WIDE, sign_in
from tests.waiting import wait_until
from tests.webmail.samples import SEEN, Mailbox, put

pytestmark = pytest.mark.django_db(transaction=True)

SUBJECT = "Walk along the quay"
QUOTED = (
    '<p>See you at the pier.</p><div class="gmail_quote"><div class="gmail_attr">On Mon, 16 Nov '
    "2026, Mara wrote:<br></div><blockquote>Shall we walk along the quay?</blockquote></div>"
)


def talk(user: User, count: int = 4) -> list[Message]:
    """A conversation of several people, the newest message unread and quoting in HTML."""
    inbox, sent = folders.special(user, "inbox"), folders.special(user, "sent")
    people = ["Ruth Okafor <ruth@okafor.test>", "Deniz Aydin <deniz@uni.test>"]
    found = []
    for at in range(count):
        mine = at % 3 == 0
        last = at == count - 1
        sender = "Mara Lind <mara@example.test>" if mine else people[at % 2]
        words = f"This is what was said as number {at}, a little longer than a line needs to be."
        body = f"Content-Type: text/{'html' if last else 'plain'}; charset=utf-8\r\n\r\n"
        body += QUOTED if last else words
        head = f"From: {sender}\r\nTo: Mara Lind <mara@example.test>\r\nSubject: {SUBJECT}\r\n"
        head += f"Message-ID: <talk{at}@x>\r\n"
        head += f"References: <talk{at - 1}@x>\r\n" if at else ""
        raw = (head + "MIME-Version: 1.0\r\n" + body).encode()
        moment = timezone.now() - timedelta(minutes=60 * (count - at))
        flags = frozenset() if last else SEEN
        found.append(put(sent if mine and not last else inbox, raw, at=moment, flags=flags))
    return found


def letter(page: Page, one: Message) -> Locator:
    """A message in the pane."""
    return page.locator(f'.read [data-letter="{one.pk}"]')


def line(page: Page, one: Message) -> Locator:
    """The same folded to a line."""
    return letter(page, one).locator("[data-unfold]")


def test_a_conversation_is_one_line_and_one_pane(
    page: Page,
    live_server: LiveServer,
    user: User,
    mailbox: Mailbox,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    said = talk(user)
    who = identities.send_from(user)[0].identity
    words = "I would rather take the tram, if it rains."
    Draft.objects.create(user=user, identity=who, key=uuid4(), original=said[2], body=words)
    page.goto(live_server.url)
    rows = page.locator("#list .msg", has_text=SUBJECT)
    expect(rows).to_have_count(1)
    rows.locator(".msg__link").click()
    newest = letter(page, said[3])
    expect(newest.frame_locator("[data-frame]").get_by_text("See you at the pier.")).to_be_visible()
    for one in said[:3]:
        expect(line(page, one)).to_be_visible()
    expect(page.locator(".read").get_by_text("Continue writing")).to_be_visible()
    quote = newest.frame_locator("[data-frame]").locator("details.tributary-quote")
    expect(quote).not_to_have_attribute("open", "")
    no_barriers()
    shot("conversation", (WIDE, PHONE))
    quote.locator("summary").click()
    hidden = newest.frame_locator("[data-frame]").get_by_text("Shall we walk along the quay?")
    expect(hidden).to_be_visible()
    # A line unfolds where it is, and folds again by its head.
    address = page.url
    line(page, said[1]).click()
    expect(letter(page, said[1]).get_by_text("said as number 1")).to_be_visible()
    assert page.url == address
    shot("conversation-unfolded", (WIDE, PHONE))
    letter(page, said[1]).locator(".letter__who").click()
    expect(line(page, said[1])).to_be_visible()
    # A reply answers the newest.
    assert f"reply={said[3].pk}" in (page.locator(".answer").get_attribute("href") or "")
    # What a search finds is open among those it belongs to.
    while indexing.index_batch():
        pass
    page.goto(f"{live_server.url}/search/?q=%22as+number+1%22")
    page.locator("#list .msg__link").click()
    expect(letter(page, said[1]).locator("mark").first).to_be_in_viewport()
    expect(line(page, said[2])).to_be_visible()
    assert problems == []


def test_keys_walk_through_a_conversation_and_on_to_the_next(
    page: Page, live_server: LiveServer, user: User, mailbox: Mailbox, problems: list[str]
) -> None:
    said = talk(user)
    page.goto(live_server.url)
    page.locator("#list .msg", has_text=SUBJECT).locator(".msg__link").click()
    expect(letter(page, said[3])).to_be_visible()
    page.locator("[data-subject]").focus()
    page.keyboard.press("p")
    expect(letter(page, said[2])).to_be_focused()
    page.keyboard.press("p")
    expect(letter(page, said[1])).to_be_focused()
    page.keyboard.press("n")
    expect(letter(page, said[2])).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("[data-subject]")).not_to_have_text(SUBJECT)
    page.keyboard.press("k")
    expect(page.locator("[data-subject]")).to_have_text(SUBJECT)
    # From a message on everything is unread again, and the list says so.
    line(page, said[2]).click()
    menu = letter(page, said[2]).locator("[data-menu]")
    menu.locator("summary").click()
    menu.get_by_role("button", name="Mark unread from here").click()
    expect(page.locator(".read")).to_have_count(0)
    expect(page.locator("#list .msg--unread", has_text=SUBJECT)).to_have_count(1)
    unread = Message.objects.filter(subject=SUBJECT, is_seen=False)
    assert set(unread) == {said[2], said[3]}
    expect(page.get_by_text("2 messages marked unread")).to_be_visible()
    page.keyboard.press("z")
    wait_until(lambda: not unread.all().exists(), "both are read again")
    assert problems == []


def test_muting_and_archiving_take_the_whole_conversation(
    page: Page,
    live_server: LiveServer,
    user: User,
    mailbox: Mailbox,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    said = talk(user, 6)
    page.goto(live_server.url)
    page.locator("#list .msg", has_text=SUBJECT).locator(".msg__link").click()
    expect(letter(page, said[5])).to_be_visible()
    page.keyboard.press("m")
    expect(page.get_by_text("Conversation muted")).to_be_visible()
    page.reload()
    expect(page.get_by_text("This conversation is muted")).to_be_visible()
    no_barriers()
    shot("conversation-muted", (WIDE, PHONE))
    page.get_by_role("button", name="Unmute").first.click()
    expect(page.get_by_text("Conversation no longer muted")).to_be_visible()
    page.keyboard.press("e")
    expect(page.locator("#list .msg", has_text=SUBJECT)).to_have_count(0)
    roles = Message.objects.filter(subject=SUBJECT).values_list("folder__role", flat=True)
    wait_until(lambda: sorted(roles.all()) == ["archive"] * 4 + ["sent"] * 2, "it is archived")
    # Only then z takes back this and not what was done before.
    expect(page.get_by_text("4 messages archived")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator("#list .msg", has_text=SUBJECT)).to_have_count(1)
    wait_until(lambda: sorted(roles.all()) == ["inbox"] * 4 + ["sent"] * 2, "it is back")
    assert problems == []


def test_without_scripts_lines_are_links(
    browser: Browser, live_server: LiveServer, user: User
) -> None:
    said = talk(user)
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 1440, "height": 900}
    )
    sign_in(context, live_server, user)
    page = context.new_page()
    page.goto(live_server.url)
    page.locator("#list .msg", has_text=SUBJECT).locator(".msg__link").click()
    line(page, said[0]).click()
    expect(letter(page, said[0]).get_by_text("said as number 0")).to_be_visible()
    expect(letter(page, said[3])).to_be_visible()
    menu = letter(page, said[0]).locator("[data-menu]")
    menu.locator("summary").click()
    menu.get_by_role("button", name="Mark unread from here").click()
    expect(page.get_by_text("4 messages marked unread")).to_be_visible()
    page.close()
    context.close()
