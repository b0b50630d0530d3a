"""Connectivity in a real browser: what is looked at, in every state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from connectivity.models import Feature
from connectivity.services import features
from retrieval.models import RetrievalRun
from tests.e2e.conftest import PHONE, TABLET, WIDE
from tests.e2e.tasks import gallery, row

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_was_unfolded_stays_so_while_the_page_refreshes_itself(
    page: Page, live_server: LiveServer, settings_page: Callable[[], None], user: User
) -> None:
    """A running task's page looks again every three seconds; a reader is not interrupted."""
    task = gallery(user)["Yahoo"]
    settings_page()
    page.goto(live_server.url + reverse("retrieval-detail", args=[task.pk]))
    failed = page.locator(".run").filter(has_text="did not answer")
    failed.get_by_text("Server said").click()
    expect(failed.get_by_text("connect timeout")).to_be_visible()
    # Newer runs push the line down; it is still the one that is open.
    now = timezone.now()
    for number in range(3):
        at = now - timedelta(seconds=40 - number)
        RetrievalRun.objects.create(
            task=task,
            fence=200 + number,
            started_at=at,
            ended_at=at,
            outcome="waited",
            cause="login-later",
            server_line="NO [IN-USE] Busy",
        )
    expect(page.locator(".run").filter(has_text="3 runs: Sign-in is not possible")).to_be_visible()
    expect(failed.get_by_text("connect timeout")).to_be_visible()
    expect(page.get_by_text("NO [IN-USE] Busy").first).to_be_hidden()
    failed.get_by_text("Server said").click()
    with page.expect_response(lambda response: "/status/" in response.url):
        RetrievalRun.objects.filter(outcome="running").update(stored=1400)
    expect(page.locator("#live")).to_contain_text("1,400")
    expect(failed.get_by_text("connect timeout")).to_be_hidden()


def test_looking_again_keeps_the_focus(
    page: Page, settings_page: Callable[[], None], user: User
) -> None:
    """A row that refreshes itself does not throw out who is working in it."""
    gallery(user)
    settings_page()
    link = row(page, "Yahoo").get_by_role("link")
    link.focus()
    with page.expect_response(lambda response: "/row/?was=running" in response.url):
        RetrievalRun.objects.filter(outcome="running").update(stored=2000)
    expect(row(page, "Yahoo")).to_contain_text("2,000 of 3,950")
    expect(link).to_be_focused()


def test_screens(
    page: Page,
    live_server: LiveServer,
    settings_page: Callable[[], None],
    user: User,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    """Every state in both themes and three widths; nothing keeps anybody out."""
    settings_page()
    no_barriers()
    shot("connectivity-empty")
    tasks = gallery(user)
    settings_page()
    no_barriers()
    shot("connectivity", (WIDE, TABLET, PHONE))
    for name in ("Gmail", "Yahoo", "Northbank"):
        page.goto(live_server.url + reverse("retrieval-detail", args=[tasks[name].pk]))
        no_barriers()
        shot(f"retrieval-{name.lower()}", (WIDE, PHONE))
    page.goto(live_server.url + reverse("connectivity"))
    page.get_by_role("link", name="New Retrieval Task").click()
    expect(page.get_by_label("Your address there")).to_be_visible()
    no_barriers()
    shot("retrieval-new")
    page.get_by_role("link", name="Gmail").last.click()
    expect(page.get_by_text("app password of 16 letters")).to_be_visible()
    no_barriers()
    shot("retrieval-new-gmail")
    features.set_switch(user.domain, Feature.RETRIEVAL, enabled=False)
    page.goto(live_server.url + reverse("connectivity"))
    no_barriers()
    shot("connectivity-off")
    page.goto(live_server.url + reverse("retrieval-new"))
    expect(page.get_by_text("Contact your administrator")).to_be_visible()
    shot("retrieval-off")
    assert [text for text in problems if "403" not in text] == []


def test_the_phone_has_a_list_page_for_each_section(
    page: Page, settings_page: Callable[[], None], user: User, shot: Callable[..., None]
) -> None:
    gallery(user)
    settings_page()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    index = page.locator(".card-index")
    expect(index).to_contain_text("6 tasks, 1 running")
    expect(page.locator("#retrieval")).to_be_hidden()
    index.get_by_role("link", name="Email Retrieval").click()
    expect(page.locator("#retrieval")).to_be_visible()
    expect(index).to_be_hidden()
    page.get_by_role("link", name="Back to Connectivity").first.click()
    expect(index).to_be_visible()
