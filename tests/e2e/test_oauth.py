"""Signing in at a provider, in a browser: registering, signing in, and what may go wrong."""

from __future__ import annotations

from collections.abc import Callable

from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Role, User

Shot = Callable[..., None]


def test_a_system_administrator_registers_with_a_provider(
    page: Page,
    live_server: LiveServer,
    make_user: Callable[..., User],
    enter: Callable[[User], None],
    shot: Shot,
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    enter(make_user("sam@example.test", role=Role.SYSTEM_ADMIN, display_name="Sam System"))
    page.goto(live_server.url + reverse("settings"))
    page.get_by_role("link", name="Sign-in providers").click()
    expect(page.get_by_text("Not set up").first).to_be_visible()
    shot("oauth-clients")
    no_barriers()
    page.get_by_role("link", name="Microsoft").click()
    expect(page.get_by_label("Redirect URI")).to_have_value(
        live_server.url + reverse("oauth-callback")
    )
    shot("oauth-client-new")
    no_barriers()
    page.get_by_label("Client ID").fill("11111111-2222-3333-4444-555555555555")
    page.get_by_label("Client secret", exact=True).fill("a client secret")
    page.get_by_text("A sign-in service of your own").click()
    page.get_by_label("Authorization address").fill("https://localhost:1/authorize")
    page.get_by_label("Token address").fill("https://localhost:1/token")
    page.get_by_role("button", name="Save and test").click()
    expect(page.get_by_text("Saved, but the test failed.")).to_be_visible()
    expect(page.locator("#client-state")).to_contain_text("Test failed")
    shot("oauth-client-failed")
    no_barriers()
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("#client-state")).to_contain_text("Test failed")
    page.get_by_role("link", name="Remove").click()
    shot("oauth-client-remove")
    page.get_by_role("button", name="Remove Microsoft").click()
    expect(page.get_by_text("Microsoft is removed.")).to_be_visible()
    assert not problems
