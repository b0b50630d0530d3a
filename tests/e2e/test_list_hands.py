"""What hands do to a list: dragging, keys that archive and go on, two windows, a tab's title."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import Message
from mailstore.services import folders, messages
from tests.e2e.test_mail import folder, rows
from tests.waiting import wait_until
from tests.webmail.samples import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_dragging_messages_onto_a_folder(
    page: Page, live_server: LiveServer, mailbox: Mailbox, problems: list[str]
) -> None:
    """One that is not selected goes alone; of those that are selected all go. Undo is one step."""
    page.goto(live_server.url)
    before = rows(page)
    lines = page.locator("#list > .msg")
    lines.nth(2).drag_to(folder(page, "Contracts"))
    expect(page.get_by_text("Moved to Contracts")).to_be_visible()
    expect(page.locator(".tree__item--drop")).to_have_count(0)
    page.keyboard.press("z")
    expect(page.get_by_text("Undone")).to_be_visible()
    for number in (1, 3):
        lines.nth(number).locator(".msg__check").check()
    lines.nth(3).drag_to(folder(page, "Contracts"))
    expect(page.get_by_text("2 messages moved to Contracts")).to_be_visible()
    moved = Message.objects.filter(folder__name="Contracts").values_list("subject", flat=True)
    assert set(moved) == {before[1], before[3]}
    page.keyboard.press("z")
    wait_until(lambda: rows(page) == before, "both are back")
    assert problems == []


def test_archiving_and_going_on(
    page: Page, live_server: LiveServer, mailbox: Mailbox, problems: list[str]
) -> None:
    """] opens the older message, [ the newer; what is fetched ahead of need is not read by it."""
    page.goto(live_server.url)
    before = rows(page)
    fetched: list[str] = []
    page.on("response", lambda one: fetched.append(f"{one.url} {one.request.headers}"))
    unread = Message.objects.filter(user=mailbox.lease.user, is_seen=False, folder__role="inbox")
    page.get_by_role("link", name="Jonas Ekdahl").click()
    subject = page.locator("[data-subject]")
    expect(subject).to_have_text(before[0])
    wait_until(lambda: not unread.filter(pk=mailbox.lease.pk).exists(), "it is read")
    count = unread.count()
    ahead = page.locator(f'[data-id="{mailbox.newsletter.pk}"] .msg__link')
    ahead.focus()

    def is_fetched() -> bool:
        page.evaluate("0")  # lets what the browser tells come in
        found = [one for one in fetched if f"/message/{mailbox.newsletter.pk}/" in one]
        return any("'x-prefetch': '1'" in one for one in found)

    # Either by itself, as the neighbour of what is open, or now.
    wait_until(is_fetched, "the message is fetched ahead")
    assert unread.count() == count
    page.locator("[data-subject]").focus()
    page.keyboard.press("]")
    expect(subject).to_have_text(before[1])
    page.keyboard.press("j")
    expect(subject).to_have_text(before[2])
    page.keyboard.press("[")
    expect(subject).to_have_text(before[1])
    page.keyboard.press("j")
    expect(subject).to_have_text(before[3])
    page.keyboard.press("]")
    expect(subject).to_have_text(before[4])
    expect(page.locator("#list > .msg")).to_have_count(len(before) - 3)
    wait_until(lambda: not unread.filter(pk=mailbox.newsletter.pk).exists(), "opened, it is read")
    assert problems == []


# Opens a row and leaves the page before anything of it is drawn.
LEAVE = """(link) => {
    const plain = window.setTimeout;
    window.setTimeout = (work, time, ...more) => time === 100 ? 0 : plain(work, time, ...more);
    window.requestAnimationFrame = () => 0;
    link.click();
    location.assign("/settings/");
}"""


def test_what_was_opened_is_read_though_the_page_was_left_at_once(
    page: Page, live_server: LiveServer, mailbox: Mailbox
) -> None:
    page.goto(live_server.url)
    link = page.locator(f'[data-id="{mailbox.newsletter.pk}"] .msg__link')
    with page.expect_response(
        lambda one: f"/message/{mailbox.newsletter.pk}/" in one.url and one.ok
    ) as fetched:
        link.focus()
    fetched.value.finished()
    assert not Message.objects.get(pk=mailbox.newsletter.pk).is_seen
    link.evaluate(LEAVE)
    page.wait_for_url("**/settings/**")
    wait_until(lambda: Message.objects.get(pk=mailbox.newsletter.pk).is_seen, "it is read")


def test_another_window_puts_it_back(
    page: Page, live_server: LiveServer, mailbox: Mailbox, user: User
) -> None:
    """What was marked here and unmarked elsewhere before anybody looked is shown as it is."""
    page.goto(live_server.url)
    row = page.locator(f'[data-id="{mailbox.newsletter.pk}"]')
    before = row.get_attribute("class") or ""
    assert "msg--unread" in before
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile("/mail/news/"), hold)
    row.hover()
    with page.expect_request(re.compile("/mail/news/")):
        row.get_by_role("button", name="Mark read").click()
    expect(row).not_to_have_class(re.compile("msg--unread"))
    wait_until(lambda: Message.objects.get(pk=mailbox.newsletter.pk).is_seen, "it is read")
    messages.set_flags(user, [mailbox.newsletter.pk], seen=False)
    for one in held:
        one.continue_()
    expect(row).to_have_class(re.compile("msg--unread"))
    expect(row.locator(".msg__link .sr")).to_have_text("Unread: ")
    page.unroute(re.compile("/mail/news/"))


def test_another_window_names_the_folder_anew(
    page: Page, live_server: LiveServer, mailbox: Mailbox, user: User
) -> None:
    """Heading, tree and title follow."""
    own = folders.ensure_path(user, ["Lighthouse"])
    page.goto(f"{live_server.url}/folder/{own.pk}/")
    expect(page).to_have_title(re.compile("Lighthouse · Tributary"))
    folders.rename(own, "Beacon")
    page.evaluate("() => document.dispatchEvent(new CustomEvent('look-for-news'))")
    expect(page.get_by_role("heading", name="Beacon")).to_be_visible()
    expect(page).to_have_title(re.compile("Beacon · Tributary"))


def test_two_windows(
    page: Page, live_server: LiveServer, mailbox: Mailbox, problems: list[str]
) -> None:
    """What is done in one is seen in the other, which keeps its selection and its focus, though
    nobody tells it; both say in their title how much is unread, also where nobody sees more."""
    page.goto(live_server.url)
    other = page.context.new_page()
    other.clock.install()
    other.goto(live_server.url)
    expect(other.locator("#list > .msg").first).to_be_visible()
    other.locator("#list > .msg").nth(4).locator(".msg__check").check()
    chosen = other.locator("#list > .msg").nth(4).get_attribute("data-id")
    assert page.title().startswith("(4) ")
    page.locator(f'[data-id="{mailbox.newsletter.pk}"]').hover()
    page.locator(f'[data-id="{mailbox.newsletter.pk}"]').get_by_role(
        "button", name="Mark read"
    ).click()
    expect(page.get_by_text("Marked read")).to_be_visible()
    page.locator("#list > .msg").nth(0).hover()
    page.locator("#list > .msg").nth(0).get_by_role("button", name="Archive").click()
    expect(page.get_by_text("Message archived")).to_be_visible()
    expect(page).to_have_title("(2) All inboxes · Tributary")
    other.clock.fast_forward(31_000)
    expect(other).to_have_title("(2) All inboxes · Tributary")
    expect(other.locator(f'[data-id="{mailbox.lease.pk}"]')).to_have_count(0)
    expect(other.locator(f'[data-id="{chosen}"] .msg__check')).to_be_checked()
    expect(other.locator(f'[data-id="{chosen}"] .msg__check')).to_be_focused()
    expect(other.get_by_text("1 selected")).to_be_visible()
    other.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    page.keyboard.press("z")
    expect(page).to_have_title("(3) All inboxes · Tributary")
    other.evaluate("window.dispatchEvent(new Event('tributary:change'))")
    other.clock.fast_forward(11_000)
    expect(other).to_have_title("(3) All inboxes · Tributary")
    assert problems == []
