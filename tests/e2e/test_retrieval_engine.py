"""A pull in a real browser: how far it is, what it left out, and listening between pulls."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from retrieval.models import RemoteFolder, RemoteMessage, RetrievalRun, RetrievalTask
from tests.e2e.conftest import PHONE, WIDE
from tests.e2e.engine import finished, held_back, importing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def look(
    page: Page, live_server: LiveServer, user: User, enter: Callable[[User], None]
) -> Callable[[RetrievalTask], None]:
    """Open the page of a task."""
    enter(user)

    def go(task: RetrievalTask) -> None:
        page.goto(live_server.url + reverse("retrieval-detail", args=[task.pk]))

    return go


def test_progress_moves_by_itself_and_ends_in_what_is_complete(
    page: Page, look: Callable[[RetrievalTask], None], user: User, no_barriers: Callable[[], None]
) -> None:
    task = importing(user)
    look(task)
    live = page.locator("#live")
    bar = page.get_by_role("progressbar", name="Messages fetched")
    expect(live).to_contain_text("Fetching Archive/2019")
    expect(live).to_contain_text("518.0\xa0MB of 812.0\xa0MB")
    expect(bar).to_have_attribute("value", "6008")
    no_barriers()
    RetrievalRun.objects.filter(outcome="running").update(stored=6372)
    expect(bar).to_have_attribute("value", "6508")
    now = timezone.now()
    for folder in RemoteFolder.objects.filter(task=task):
        folder.counts = {"stored": folder.server_count}
        folder.save()
    RetrievalRun.objects.filter(outcome="running").update(
        outcome="ok", ended_at=now, stored=9004, phase="done", folder_name=""
    )
    RetrievalTask.objects.update(lease_until=None, first_pass_done_at=now)
    expect(live).to_contain_text("Complete: 17,196 of 17,196 messages.")
    expect(live).to_contain_text("Nothing is set aside")
    expect(page.get_by_text("Gmail: 9,140 new messages.")).to_be_visible()
    expect(bar).to_have_count(0)


def test_what_was_set_aside_is_tried_again_with_a_press(
    page: Page, look: Callable[[RetrievalTask], None], user: User, problems: list[str]
) -> None:
    task = finished(user)
    look(task)
    card = page.locator("#quarantine")
    expect(card.locator(".item")).to_have_count(4)
    expect(page.locator("#live")).to_contain_text("3 could not be retrieved.")
    expect(card).to_contain_text("The server would not hand out this message.")
    card.get_by_role("button", name="Retry Travel, message 5121").click()
    expect(page.get_by_text("The message is tried again.")).to_be_visible()
    expect(card.locator(".item")).to_have_count(3)
    expect(page.locator("#live")).to_contain_text("Starts in a moment")
    card.get_by_role("button", name="Retry all").click()
    expect(page.get_by_text("2 messages are tried again.")).to_be_visible()
    # What is larger than anything that may be fetched stays, and offers no button.
    expect(card.locator(".item")).to_have_count(1)
    expect(card.get_by_role("button")).to_have_count(0)
    pending = RemoteMessage.objects.filter(state="pending", attempts=0, next_try_at=None)
    assert pending.count() == 3
    assert problems == []


def test_who_tries_again_by_keyboard_keeps_the_place(
    page: Page, look: Callable[[RetrievalTask], None], user: User
) -> None:
    """The next message has the focus when the line is gone, and the card after the last one."""
    task = finished(user)
    look(task)
    card = page.locator("#quarantine")
    buttons = card.get_by_role("button", name="Retry ", exact=False)
    names = [one.get_attribute("aria-label") or "" for one in buttons.all()]
    first, second = [name for name in names if name][:2]
    card.get_by_role("button", name=first, exact=True).press("Enter")
    expect(card.get_by_role("button", name=first, exact=True)).to_have_count(0)
    next_line = page.locator(".item").filter(
        has=page.get_by_role("button", name=second, exact=True)
    )
    expect(next_line).to_be_focused()
    card.get_by_role("button", name="Retry all").press("Enter")
    expect(page.get_by_text("2 messages are tried again.")).to_be_visible()
    place = "() => document.activeElement.closest('.card')?.id"
    assert page.evaluate(place) == "quarantine"


def test_a_button_keeps_the_filter_of_the_history(
    page: Page, live_server: LiveServer, user: User, enter: Callable[[User], None]
) -> None:
    enter(user)
    task = finished(user)
    page.goto(live_server.url + reverse("retrieval-detail", args=[task.pk]) + "?show=problems")
    chosen = page.locator("#timeline nav [aria-current]")
    expect(chosen).to_have_text("Problems")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    expect(chosen).to_have_text("Problems")


def test_nothing_makes_the_page_of_a_phone_wider(
    page: Page, look: Callable[[RetrievalTask], None], user: User
) -> None:
    """Not the bars of many runs, and not the long name of the folder that is being fetched."""
    task = importing(user)
    now = timezone.now()
    RetrievalRun.objects.filter(outcome="running").update(
        folder_name="Projects/" + "long name " * 12
    )
    RetrievalRun.objects.bulk_create(
        RetrievalRun(task=task, fence=1, started_at=now, ended_at=now, outcome="ok", stored=n % 9)
        for n in range(100)
    )
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    look(task)
    expect(page.locator(".runline i")).to_have_count(72)
    outside = """() => [...document.querySelectorAll("#live *")]
        .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
        .map((one) => one.className)"""
    assert page.evaluate(outside) == []
    expect(page.locator(".run time").first).to_be_visible()


def test_new_mail_within_seconds_is_switched_on_the_page(
    page: Page, look: Callable[[RetrievalTask], None], user: User
) -> None:
    task = finished(user)
    look(task)
    account = page.locator("#account")
    expect(account).to_contain_text("Active: the server tells when something arrives.")
    account.get_by_role("button", name="Turn off new mail within seconds").press("Enter")
    expect(account).to_contain_text("Off. New mail comes with the regular runs.")
    task.refresh_from_db()
    assert not task.push_enabled
    account.get_by_role("link", name="Edit").click()
    box = page.get_by_role("checkbox", name="New mail within seconds")
    expect(box).not_to_be_checked()
    page.get_by_label("Retrieval Method").select_option("manual")
    expect(box).to_be_hidden()
    page.get_by_label("Retrieval Method").select_option("automatic")
    expect(box).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    account.get_by_role("button", name="Turn on new mail within seconds").click()
    expect(account).to_contain_text("Within seconds")


def test_screens(
    page: Page,
    look: Callable[[RetrievalTask], None],
    user: User,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    """Each state in both themes, wide and narrow; nothing keeps anybody out."""
    tasks = {
        "running": importing(user),
        "finished": finished(user),
        "budget": held_back(user, "Northbank", "imap.gmail.com", "daily-budget"),
        "throttled": held_back(
            user, "Office", "outlook.office365.com", "throttled",
            "BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds",
        ),
    }  # fmt: skip
    for name, task in tasks.items():
        look(task)
        expect(page.locator("#live")).to_be_visible()
        no_barriers()
        shot(f"engine-{name}", (WIDE, PHONE))
    page.get_by_role("link", name="Connectivity").first.click()
    expect(page.locator("#retrieval")).to_contain_text("or when mail arrives")
    no_barriers()
    shot("engine-list", (WIDE, PHONE))
    assert problems == []
