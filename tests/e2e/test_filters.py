"""Filters in a browser: made, tried, applied, undone, ordered by keyboard; and mail that comes in
is sorted and says why."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Dialog, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from filtering.models import Filter, FilterRun
from filtering.screen import Screen
from filtering.services import rounds
from filtering.services.deliver import Incoming, deliver
from mailstore.models import Message
from mailstore.services import folders
from protocols.body import Body
from tests.waiting import wait_until
from tests.webmail.samples import letter, put

pytestmark = pytest.mark.django_db(transaction=True)


def arrived(user: User, subject: str) -> Message:
    raw = letter(subject, sender="Harbour Shop <orders@shop.test>")
    inbox = folders.special(user, "inbox")
    return deliver([Incoming(Body.of(raw), inbox, screen=Screen.ALL)], now=timezone.now())[0]


def work() -> None:
    """What a worker does with a run that waits."""
    run = FilterRun.objects.order_by("-pk")[0]
    while rounds.go_on(run.pk, clock=timezone.now):
        pass


def names(user: User) -> list[str]:
    return [one.name for one in Filter.objects.all().owned_by(user)]


def test_a_filter_from_the_message_to_the_reason(
    page: Page,
    live_server: LiveServer,
    user: User,
    enter: Callable[[User], None],
    no_barriers: Callable[[], None],
    shot: Callable[..., None],
    problems: list[str],
) -> None:
    enter(user)
    bills = folders.ensure_path(user, ["Bills"])
    old = arrived(user, "Your order of May")
    # From a message: its sender is asked for already.
    page.goto(live_server.url + reverse("mail-message", args=[old.pk]))
    page.get_by_label("More for this message").click()
    page.get_by_role("link", name="Filter messages like this").click()
    expect(page.get_by_label("Compared with")).to_have_value("orders@shop.test")
    # What is to be done comes next, and has the focus.
    expect(page.get_by_label("What is done")).to_be_focused()
    # A line more without leaving the page, whose fields follow what is chosen; one less.
    page.get_by_label("Name", exact=True).fill("Orders")
    page.get_by_role("button", name="Add a condition").click()
    second = page.get_by_role("group", name="Condition 2")
    expect(second.get_by_label("What is looked at")).to_be_focused()
    second.get_by_label("What is looked at").select_option("size")
    expect(second.get_by_label("Unit")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Orders")
    no_barriers()
    shot("filter-form")
    second.get_by_role("button", name="Remove condition 2").click()
    expect(second).to_have_count(0)
    expect(page.get_by_role("button", name="Add a condition")).to_be_focused()
    # What is wrong has the focus, and all that was typed is there.
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_label("Folder", exact=True)).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("Choose a folder.")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Orders")
    no_barriers()
    shot("filter-refused")
    page.get_by_label("Folder", exact=True).select_option(str(bills.pk))
    # Tried: told, and nothing changed.
    page.get_by_role("button", name="Try it").click()
    found = page.locator(".trial__found")
    expect(found).to_contain_text("It meets 1 of the 1 message there. It would move it to “Bills”.")
    expect(found).to_contain_text("Your order of May")
    shot("filter-tried")
    old.refresh_from_db()
    assert old.folder_id != bills.pk
    # Applied to what is here, watched, undone.
    page.get_by_role("button", name="Save and apply to mail that is here").click()
    page.get_by_role("button", name="Apply", exact=True).click()
    runs = page.locator("#filter-runs")
    expect(runs).to_contain_text("Waiting for a worker")
    work()
    expect(runs).to_contain_text("Done: 1 of 1 messages looked at, 1 changed.")
    old.refresh_from_db()
    assert old.folder_id == bills.pk
    shot("filter-runs")
    runs.get_by_role("button", name="Undo").click()
    expect(runs).to_contain_text("Being undone")
    work()
    expect(runs).to_contain_text("Undone")
    old.refresh_from_db()
    assert old.folder_id != bills.pk
    # Ordered by keyboard, and back.
    other = Filter.objects.get()
    other.pk, other.name, other.position = None, "Second", 9
    other.save()
    page.reload()
    page.get_by_role("link", name="Second").press("Alt+ArrowUp")
    wait_until(lambda: names(user) == ["Second", "Orders"], "the order is kept")
    expect(page.locator("[data-filters-said]")).to_have_text("Second is now number 1 of 2")
    expect(page.get_by_role("link", name="Second")).to_be_focused()
    page.get_by_role("button", name="Undo", exact=True).click()
    wait_until(lambda: names(user) == ["Orders", "Second"], "the order is back")
    # Dragged by its grip, as by the keys.
    lines = page.locator("[data-filter]")
    lines.nth(1).locator("[data-grip]").drag_to(lines.nth(0), target_position={"x": 200, "y": 4})
    wait_until(lambda: names(user) == ["Second", "Orders"], "what was dragged is kept")
    expect(page.locator("[data-filters-said]")).to_have_text("Second is now number 1 of 2")
    # The menu lies over the list, and its dialog gives the focus back to it.
    more = page.get_by_label("More for Second")
    height = lines.nth(0).bounding_box()
    more.click()
    assert lines.nth(0).bounding_box() == height
    page.get_by_role("link", name="Apply to mail that is here").click()
    expect(page.get_by_label("Where")).to_be_focused()
    shot("filter-apply")
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    page.get_by_role("switch", name="Second is used").click()
    expect(page.get_by_role("switch", name="Second is used")).to_have_attribute(
        "aria-checked", "false"
    )
    no_barriers()
    shot("filters")
    # What comes in from now on is sorted, and says why.
    new = arrived(user, "Your order of June")
    assert new.folder_id == bills.pk
    page.goto(live_server.url + reverse("mail-message", args=[new.pk]))
    why = page.locator(".why-here")
    expect(why).to_contain_text("Handled by the filter “Orders”.")
    why.get_by_text("Why is it here?").click()
    expect(why).to_contain_text("It met your filter “Orders”.")
    no_barriers()
    shot("filter-why")
    why.get_by_role("link", name="Change this", exact=True).click()
    expect(page.get_by_label("Compared with")).to_have_value("orders@shop.test")
    # Where nothing was decided, what is known is found out when somebody asks: by the keyboard.
    plain = put(bills, letter("Nothing decided"), at=timezone.now())
    page.goto(live_server.url + reverse("mail-message", args=[plain.pk]))
    page.get_by_role("link", name="Why is it here?").press("Enter")
    expect(page.locator(".why-here summary")).to_be_focused()
    expect(why).to_contain_text("Nothing decided about it: it lies where it came in")
    page.set_viewport_size({"width": 390, "height": 844})
    no_barriers()
    assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    shot("why-nothing-decided")
    page.keyboard.press("Enter")
    expect(why.locator("li").first).to_be_hidden()
    assert [one for one in problems if "(Unprocessable Entity)" not in one] == []


def test_what_is_written_is_not_lost_by_one_press(
    page: Page, live_server: LiveServer, user: User, enter: Callable[[User], None]
) -> None:
    """Ready-made filters are looked at freely; from the first letter on the browser asks."""
    enter(user)
    page.goto(live_server.url + reverse("filters-new"))
    page.get_by_role("link", name="Star what somebody writes").click()
    page.get_by_role("link", name="Star bills and receipts").click()
    expect(page).to_have_url(re.compile("template=bills"))
    expect(page.get_by_label("Name", exact=True)).to_have_value("Star bills and receipts")
    asked: list[str] = []
    answers = iter([Dialog.dismiss, Dialog.accept])

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        next(answers)(dialog)

    page.on("dialog", answer)
    page.get_by_label("Name", exact=True).fill("My bills")
    page.get_by_role("link", name="Mark newsletters read").click(no_wait_after=True)
    wait_until(lambda: bool(asked), "the browser asks")
    expect(page.get_by_label("Name", exact=True)).to_have_value("My bills")
    page.get_by_role("link", name="Mark newsletters read").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Mark newsletters read")
    # Saving is leaving on purpose.
    page.get_by_label("Name", exact=True).fill("Newsletters")
    page.get_by_role("button", name="Save", exact=True).last.click()
    expect(page.get_by_text("The filter “Newsletters” is saved.")).to_be_visible()
    assert asked == ["beforeunload", "beforeunload"]
    assert names(user) == ["Newsletters"]
