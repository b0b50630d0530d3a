"""An administrator switches features in a browser, and what others see of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Domain, Role, User
from connectivity.models import Feature
from connectivity.services import features

Shot = Callable[..., None]


@pytest.fixture
def ada(make_user: Callable[..., User]) -> User:
    return make_user("ada@example.test", role=Role.DOMAIN_ADMIN, display_name="Ada Admin")


@pytest.mark.accept("A173", "A211")
def test_a_domain_administrator_switches(
    page: Page,
    live_server: LiveServer,
    ada: User,
    enter: Callable[[User], None],
    shot: Shot,
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    features.set_switch(None, Feature.LOOKUP, enabled=False)
    enter(ada)
    page.goto(live_server.url + reverse("settings"))
    page.get_by_role("link", name="Domain settings").click()
    switch = page.get_by_role("switch", name="Email Retrieval")
    expect(switch).to_be_checked()
    switch.focus()
    page.keyboard.press("Enter")
    expect(switch).not_to_be_checked()
    expect(switch).to_be_focused()
    expect(page.get_by_text("Email Retrieval is switched off for example.test.")).to_be_visible()
    expect(page.get_by_text("Set here by Ada Admin")).to_be_visible()
    expect(page.get_by_role("switch", name="Looking up server settings")).to_be_disabled()
    shot("domain-settings")
    no_barriers()
    page.get_by_role("button", name="Back to the default").click()
    expect(switch).to_be_checked()
    assert not problems


def test_a_system_administrator_finds_a_domain(
    page: Page,
    live_server: LiveServer,
    make_user: Callable[..., User],
    enter: Callable[[User], None],
    shot: Shot,
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    for name in ("harbour.test", "meadow.test", "quarry.test"):
        features.set_switch(Domain.objects.create(name=name), Feature.RETRIEVAL, enabled=False)
    enter(make_user("sam@example.test", role=Role.SYSTEM_ADMIN, display_name="Sam System"))
    page.goto(live_server.url + reverse("settings"))
    page.get_by_placeholder("Search settings").fill("dom")
    expect(page.get_by_role("link", name="Appearance")).to_be_hidden()
    page.keyboard.press("Enter")
    shot("settings-search")
    page.get_by_role("main").get_by_role("link", name="Domains").click()
    page.get_by_role("switch", name="SMTP Accounts").click()
    expect(page.get_by_role("switch", name="SMTP Accounts")).not_to_be_checked()
    shot("system-features")
    no_barriers()
    page.get_by_placeholder("Find a domain").fill("meadow")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="meadow.test").click()
    expect(page.get_by_role("heading", name="meadow.test")).to_be_visible()
    expect(page.get_by_role("switch", name="SMTP Accounts")).to_be_disabled()
    page.get_by_role("switch", name="Email Retrieval").click()
    expect(page.get_by_role("switch", name="Email Retrieval")).to_be_checked()
    shot("system-domain")
    assert not problems
