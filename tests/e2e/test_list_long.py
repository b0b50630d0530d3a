"""A list of thousands of messages in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import Message
from mailstore.services import folders
from tests import mail
from tests.e2e.long_list import many
from tests.waiting import wait_until
from webmail import whole

pytestmark = pytest.mark.django_db(transaction=True)

TOTAL = 2_345
ACTION = "**/mail/action/"
# The subjects of the rows that are really seen.
SEEN = """() => {
    const box = document.getElementById('scroller').getBoundingClientRect();
    return [...document.querySelectorAll('#list > .msg')].filter((one) => {
        const row = one.getBoundingClientRect();
        return row.top >= box.top - 1 && row.bottom <= box.bottom + 1;
    }).map((one) => one.querySelector('.msg__line b').textContent);
}"""

# Resolved after everything a scroll of this moment brings about: a frame, and a pause of 150 ms.
SCROLLED = """() => new Promise((done) => {
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 160)));
})"""


# What happens to a page that comes: how many rows a frame has, and when a script is put into it
# (`static/js/wake.js`).
COMES = """
window.comes = [];
const frame = () => {
    comes.push(document.querySelectorAll("#list > .msg").length);
    requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
new MutationObserver((changes) => {
    for (const { addedNodes, target } of changes)
        for (const { tagName, isConnected, async: later } of addedNodes)
            if (target === document.head && tagName === "SCRIPT" && isConnected && !later
                && document.readyState !== "loading") comes.push("script");
}).observe(document, { childList: true, subtree: true });
"""


def subject(page: Page, number: int) -> Locator:
    """The row of a message of the long list."""
    return page.locator("#list > .msg", has_text=f"Nr {number:05}")


def scroll(page: Page, to: str) -> None:
    """Move the scroll bar; ``to`` is JavaScript for points from the top."""
    page.locator("#scroller").evaluate(f"one => one.scrollTo(0, {to})")


def full(page: Page) -> list[str]:
    """What is seen once no row of it is missing any more."""

    def look() -> list[str]:
        seen: list[str] = page.evaluate(SEEN)
        return seen if len(seen) > 8 else []

    return wait_until(look, "the rows that are seen have come")


def numbers(seen: list[str]) -> list[int]:
    """The numbers in subjects."""
    return [int(one.removeprefix("Nr ")) for one in seen]


def said(route: Route) -> str:
    """What is sent."""
    return (route.request.post_data_buffer or b"").decode()


def test_scrolling_end_to_end(
    page: Page, live_server: LiveServer, user: User, enter: Callable[[User], None]
) -> None:
    """Every row can be reached, in order, with few of them on the page; what is looked at stays
    where it is while mail comes in above it; back leads to where one was."""
    enter(user)
    User.objects.filter(pk=user.pk).update(conversations=False)  # whose number is known
    inbox = many(user, TOTAL, now=timezone.now())
    page.goto(f"{live_server.url}/folder/{inbox.pk}/")
    assert numbers(full(page))[0] == 0
    # Page by page with the wheel's steps, then a jump, then the end.
    for _ in range(12):
        scroll(page, "one.scrollTop + one.clientHeight")
        seen = numbers(full(page))
        assert seen == list(range(seen[0], seen[0] + len(seen)))
    assert page.locator("#list > .msg").count() < 80
    scroll(page, "one.scrollHeight / 2")
    wait_until(lambda: 900 < numbers(full(page))[0] < 1_400, "the middle is shown")
    scroll(page, "one.scrollHeight")
    expect(subject(page, TOTAL - 1)).to_be_visible()
    scroll(page, "one.scrollHeight")
    assert numbers(full(page))[-1] == TOTAL - 1
    expect(subject(page, TOTAL - 1)).to_have_attribute("aria-posinset", str(TOTAL))
    expect(subject(page, TOTAL - 1)).to_have_attribute("aria-setsize", str(TOTAL))

    scroll(page, "one.scrollHeight / 3")
    before = full(page)
    top = subject(page, numbers(before)[2]).bounding_box()
    mail.put(inbox, mail.letter("Fresh"))
    Message.objects.filter(subject="Fresh").update(sort_at=timezone.now())
    page.evaluate("window.dispatchEvent(new Event('tributary:change'))")
    expect(page.locator("#announce")).to_have_text("New mail has arrived")
    assert page.evaluate(SEEN)[:8] == before[:8]
    assert subject(page, numbers(before)[2]).bounding_box() == top

    # The answer comes late: the lines that stand in for it are no place to go back to.
    late: list[Route] = []
    sent = f"**/folder/{folders.special(user, 'sent').pk}/"
    page.route(sent, lambda route, _request: late.append(route))
    page.locator("#tree a[data-place]", has_text="Sent").click()
    expect(page.locator("#list > .skels")).to_be_visible()
    page.evaluate(SCROLLED)
    late[0].continue_()
    expect(page.locator("#main h1")).to_have_text("Sent")
    page.unroute(sent)
    page.go_back()
    expect(page.locator("#main h1")).to_have_text("Inbox")
    wait_until(lambda: page.evaluate(SEEN)[:8] == before[:8], "the list is where it was")
    scroll(page, "0")
    expect(page.locator("#list .msg__line b").first).to_have_text("Fresh")

    # All of it, as a range from one end to the other.
    page.locator("#list .msg__check").first.check()
    scroll(page, "one.scrollHeight")
    subject(page, TOTAL - 1).locator(".msg__check").click(modifiers=["Shift"])
    expect(page.get_by_text(f"{TOTAL + 1:,} selected")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_text(f"{TOTAL + 1} messages archived")).to_be_visible()
    assert not Message.objects.filter(folder=inbox).exists()


def test_selecting_outlives_scrolling(
    page: Page,
    live_server: LiveServer,
    user: User,
    enter: Callable[[User], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A range over rows that were never drawn, everything in the folder, and j past a page."""
    enter(user)
    inbox = many(user, 460, now=timezone.now())
    page.goto(f"{live_server.url}/folder/{inbox.pk}/")
    subject(page, 3).locator(".msg__check").check()
    scroll(page, "one.scrollHeight * 0.6")
    last = numbers(full(page))[4]
    subject(page, last).locator(".msg__check").click(modifiers=["Shift"])
    expect(page.get_by_text(f"{last - 2} selected")).to_be_visible()
    scroll(page, "0")
    expect(subject(page, 4).locator(".msg__check")).to_be_checked()
    page.keyboard.press("Shift+I")
    expect(page.get_by_text(f"{last - 2} messages marked read")).to_be_visible()
    expect(page.locator(".msg__check:checked")).to_have_count(0)

    # What breaks off half way can be taken back as far as it came.
    with monkeypatch.context() as small:
        small.setattr(whole, "PIECE", 200)
        page.route(ACTION, lambda one: one.abort() if "rest" in said(one) else one.continue_())
        page.keyboard.press("Control+a")
        page.get_by_role("button", name="Select all 460").click()
        page.keyboard.press("#")
        note = page.locator(".toast", has_text="200 of 460 done")
        expect(note.get_by_role("button", name="Undo")).to_be_visible()
        page.unroute(ACTION)
    assert Message.objects.filter(folder=inbox).count() == 260
    note.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone")).to_be_visible()
    assert Message.objects.filter(folder=inbox).count() == 460
    expect(page.locator(".list-head")).to_have_attribute("data-total", "460")

    page.keyboard.press("Control+a")
    page.get_by_role("button", name="Select all 460").click()
    expect(page.get_by_text("460 selected")).to_be_visible()
    page.keyboard.press("#")
    expect(page.get_by_text("460 messages deleted")).to_be_visible()
    expect(page.locator("#list-empty")).to_be_visible()
    page.keyboard.press("z")
    here = Message.objects.filter(folder=inbox)
    wait_until(lambda: here.count() == 460, "all are back")
    expect(subject(page, 0).locator(".msg__link")).to_be_focused()
    for number in range(1, 60):
        page.keyboard.press("j")
        expect(subject(page, number).locator(".msg__link")).to_be_focused()


def test_the_list_is_drawn_once_and_before_scripts_begin(
    page: Page, live_server: LiveServer, user: User, enter: Callable[[User], None]
) -> None:
    many(user, TOTAL, now=timezone.now())
    enter(user)
    page.goto(live_server.url)
    page.add_init_script(COMES)
    # On a quick machine it may come out so by chance.
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 8})
    page.reload()
    came = page.evaluate("comes")
    assert came.count("script") == 4
    before = came[: came.index("script")]
    assert before
    assert set(before) == {50}
