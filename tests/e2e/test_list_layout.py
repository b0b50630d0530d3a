"""Where messages open, how wide panes are, what a thumb does, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import Message
from tests.e2e.conftest import PHONE, TABLET, WIDE, sign_in
from tests.waiting import wait_until
from tests.webmail.samples import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)

PUSH = """([row, by]) => {
    const box = row.getBoundingClientRect();
    const at = { x: box.left + box.width / 2, y: box.top + box.height / 2 };
    const fire = (kind, x) => row.dispatchEvent(new PointerEvent(kind, {
        pointerId: 7, pointerType: 'touch', isPrimary: true, bubbles: true, cancelable: true,
        clientX: x, clientY: at.y }));
    row.setPointerCapture = () => {};
    fire('pointerdown', at.x);
    for (let part = 1; part <= 8; part += 1) fire('pointermove', at.x + by * part / 8);
    fire('pointerup', at.x + by);
}"""


def width(place: Locator) -> float:
    """How wide something is, in points."""
    box = place.bounding_box()
    assert box is not None
    return box["width"]


def choose(page: Page, name: str) -> None:
    """Pick an entry of the layout menu."""
    page.locator("summary[aria-label=Layout]").click()
    with page.expect_response("**/settings/layout/"):
        page.get_by_role("button", name=name, exact=True).click()


def test_layouts_and_densities(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    """Each layout is there at once and after loading anew; panes keep their widths."""
    page.goto(live_server.url)
    reading, main = page.locator("#reading"), page.locator("#main")
    lease = page.locator(f'[data-id="{mailbox.lease.pk}"] .msg__link')
    lease.click()
    expect(page.locator("[data-subject]")).to_be_visible()

    choose(page, "Below the list")
    page.locator("body").click(position={"x": 2, "y": 400})
    assert width(main) == width(reading) > 1000
    no_barriers()
    shot("layout-below", (WIDE, TABLET))
    choose(page, "Compact")
    shot("layout-below-compact", (WIDE,))
    choose(page, "In place of the list")
    expect(main).to_be_hidden()
    expect(reading).to_be_visible()
    page.get_by_role("link", name="Back to the list").click()
    expect(reading).to_be_hidden()
    expect(lease).to_be_focused()
    shot("layout-none", (WIDE, TABLET))
    page.keyboard.press("e")
    expect(page.get_by_text("Message archived")).to_be_visible()
    expect(main).to_be_visible()
    page.reload()
    expect(page.locator("#list.list--compact")).to_be_visible()
    choose(page, "Beside the list")
    shot("layout-right-compact", (WIDE, TABLET, PHONE))

    splitter = page.get_by_role("separator", name="Size of the list")
    before = width(main)
    splitter.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert width(main) == before + 64
    box = splitter.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 1, 400)
    page.mouse.down()
    page.mouse.move(box["x"] - 39, 400, steps=4)
    page.mouse.up()
    after = width(main)
    assert before < after < before + 64
    page.reload()
    expect(page.locator("#list")).to_be_visible()
    assert width(main) == after
    splitter.focus()
    page.keyboard.press("Home")
    assert width(main) == before
    assert problems == []


def test_a_thumb(browser: Browser, live_server: LiveServer, user: User, mailbox: Mailbox) -> None:
    """A push archives or asks until when; a long press begins to select, taps go on."""
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    sign_in(context, live_server, user)
    page.goto(live_server.url)
    row = page.locator(f'#list > [data-id="{mailbox.lease.pk}"]')
    row.evaluate("(row) => { window.push = [row, 60] }")
    page.evaluate(f"({PUSH})(window.push)")
    expect(row).to_be_visible()
    page.evaluate(f"({PUSH})([window.push[0], 300])")
    expect(page.get_by_text("Message archived")).to_be_visible()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").tap()
    expect(row).to_be_visible()
    wait_until(
        lambda: Message.objects.get(pk=mailbox.lease.pk).folder_id == mailbox.lease.folder_id,
        "it is back",
    )
    # With the focus, but without the buttons a mouse has, which would lie over its words.
    expect(row.locator(".msg__link")).to_be_focused()
    expect(row.locator(".msg__tools")).to_be_hidden()
    page.evaluate(f"({PUSH})([window.push[0], -300])")
    expect(page.get_by_role("dialog", name="Snooze")).to_be_visible()
    page.get_by_role("link", name="Close").tap()
    expect(page.get_by_role("dialog")).to_have_count(0)

    down = "new PointerEvent('pointerdown', {pointerType: 'touch', isPrimary: true, bubbles: true})"
    row.evaluate(f"row => row.dispatchEvent({down})")
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.evaluate("document.dispatchEvent(new PointerEvent('pointerup', {bubbles: true}))")
    page.locator("#list > .msg").nth(3).tap()
    expect(page.get_by_text("2 selected")).to_be_visible()
    expect(page.locator("#reading")).to_be_hidden()
    small = page.evaluate(
        """() => [...document.querySelectorAll('.select-bar :is(a, button)')]
        .filter((one) => one.offsetWidth && (one.offsetWidth < 44 || one.offsetHeight < 44))
        .map((one) => one.outerHTML)"""
    )
    assert small == []
    wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    page.get_by_role("button", name="Select none").tap()
    expect(page.locator(".list-bar")).to_be_visible()
    context.close()
