"""Settings, Security in a browser: an app's codes, passkeys, and a session ended from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.sessions import SessionStore
from tests.accounts.test_second_factor import code_at
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.one_database]


@pytest.fixture(autouse=True)
def welcomed(user: User) -> None:
    user.welcomed_at, user.backup_skipped = timezone.now(), 9
    user.save()


def type_password(page: Page, site: str, user: User) -> None:
    page.goto(site + "/sign-in/")
    page.get_by_label("Email Address").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def authenticator(page: Page) -> Any:
    """A device with a fingerprint reader that always says yes."""
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return wire


def test_codes_of_an_app_and_recovery_codes(
    page: Page,
    live_server: LiveServer,
    user: User,
    browser: Browser,
    no_barriers: Callable[[], None],
    shot: Callable[..., None],
    problems: list[str],
) -> None:
    type_password(page, live_server.url, user)
    page.goto(live_server.url + reverse("security"))
    expect(page.get_by_text("Your password alone is enough")).to_be_visible()
    page.get_by_role("link", name="Set up the app").click()
    secret = page.locator("#secret").inner_text()
    earlier = timezone.now() - timedelta(seconds=30)
    shot("security-app")
    page.get_by_label("Then enter the code").fill(code_at(secret, earlier))
    page.keyboard.press("Enter")
    expect(page.locator(".codes li")).to_have_count(10)
    codes = page.locator(".codes li").all_inner_texts()
    shot("security-codes")
    no_barriers()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download").click()
    text = saved.value.path().read_text()
    assert all(one in text for one in codes)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 left")).to_be_visible()

    # Another browser: after the password, the app's code; the one that set it up counts no more.
    other = browser.new_context(locale="en-GB")
    there = other.new_page()
    type_password(there, live_server.url, user)
    expect(there.get_by_role("heading", name="Second step")).to_be_visible()
    there.get_by_label("Code from your authenticator app").fill(code_at(secret, earlier))
    there.keyboard.press("Enter")
    expect(there.get_by_role("alert")).to_contain_text("used already")
    there.get_by_role("link", name="Use a recovery code").click()
    there.get_by_label("One of your recovery codes").fill(codes[2])
    there.keyboard.press("Enter")
    expect(there.get_by_role("navigation").first).to_be_visible()
    there.goto(live_server.url + reverse("security"))
    expect(there.get_by_text("9 left")).to_be_visible()

    # It is seen here, and ended from here.
    page.reload()
    expect(page.locator("#sessions .item")).to_have_count(2)
    shot("security")
    no_barriers()
    page.get_by_role("link", name="Sign out everywhere else").click()
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.locator("#sessions .item")).to_have_count(1)
    there.reload()
    expect(there.get_by_role("heading", name="Sign in")).to_be_visible()
    other.close()
    assert not problems


def test_a_passkey_is_added_and_signs_in(
    page: Page,
    live_server: LiveServer,
    user: User,
    no_barriers: Callable[[], None],
    shot: Callable[..., None],
    problems: list[str],
) -> None:
    wire = authenticator(page)
    type_password(page, live_server.url, user)
    page.goto(live_server.url + reverse("security-passkey-add"))
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Laptop", exact=True)).to_be_visible()

    def sign_out() -> None:
        page.context.clear_cookies()
        page.goto(live_server.url + "/sign-in/")

    # Alone it is both steps.
    sign_out()
    shot("sign-in-passkey")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(live_server.url + "/")
    page.goto(live_server.url + reverse("security"))
    expect(page.get_by_text("Last used")).to_be_visible()
    # After the password it is the second.
    sign_out()
    type_password(page, live_server.url, user)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    no_barriers()
    shot("second-step")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(live_server.url + "/")
    # And it proves who is there: the page that is asked for comes after.
    session = user.signed_in.order_by("-pk").first()
    assert session is not None
    forget_the_proof(session.key)
    page.goto(live_server.url + reverse("security-codes"))
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Make new recovery codes?")).to_be_visible()
    # Once removed it opens nothing, though the device still offers it.
    page.goto(live_server.url + reverse("security"))
    page.get_by_role("link", name="Remove Laptop").click()
    page.get_by_role("button", name="Remove").click()
    sign_out()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Passkey not accepted")).to_be_visible()
    wire.detach()
    assert [one for one in problems if "422" not in one] == []


def forget_the_proof(key: str) -> None:
    store = SessionStore(key)
    store["proved"] = 0
    store.save()
