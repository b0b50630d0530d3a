"""The settings for being told of new mail, and for the time zone of this device."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from connectivity.models import PushSubscription
from mailstore.models import Folder
from protocols import webpush

ENDPOINT = "https://push.example.org/of-this-browser"
# What a browser with a service worker and a push service has; the key is a real one.
WORKER = """async () => {
  const kind = { name: "ECDH", namedCurve: "P-256" };
  const pair = await crypto.subtle.generateKey(kind, true, ["deriveBits"]);
  const point = await crypto.subtle.exportKey("raw", pair.publicKey);
  let known = null;
  const subscription = {
    endpoint: "https://push.example.org/of-this-browser",
    getKey: (name) => (name === "p256dh" ? point : new Uint8Array(16).buffer),
    unsubscribe: async () => { known = null; },
  };
  const pushManager = {
    subscribe: async () => (known = subscription), getSubscription: async () => known,
  };
  navigator.serviceWorker.getRegistration = async () => ({ pushManager });
}"""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    return {**browser_context_args, "timezone_id": "Asia/Tokyo", "permissions": ["notifications"]}


def test_what_is_told_and_when_it_is(
    page: Page,
    live_server: LiveServer,
    user: User,
    enter: Callable[[User], None],
    settings: Settings,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
) -> None:
    settings.VAPID_PRIVATE_KEY = webpush.new_signing_key()
    enter(user)
    page.goto(live_server.url + reverse("notifications"))
    card = page.locator("#push")
    expect(card.get_by_text("This browser does not tell you of new mail.")).to_be_visible()
    no_barriers()
    # Without a service worker there is nobody to wake: said in words, not on the console.
    card.get_by_role("button", name="Tell me in this browser").click()
    expect(
        card.get_by_text("This browser could not be registered. Try again later.")
    ).to_be_visible()
    # With one it is registered, and the Inbox is told of where nothing was chosen.
    page.evaluate(WORKER)
    card.get_by_label("Show sender and subject").check()
    card.get_by_role("button", name="Tell me in this browser").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(card.get_by_label("Inbox")).to_be_checked()
    assert [one.role for one in Folder.objects.filter(notifies=True)] == ["inbox"]
    known = PushSubscription.objects.get()
    assert (known.user, known.endpoint, known.shows_text) == (user, ENDPOINT, True)
    shot("push")
    card.get_by_label("Inbox").uncheck()
    card.get_by_label("Archive").check()
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_label("Archive")).to_be_checked()
    assert [one.role for one in Folder.objects.filter(notifies=True)] == ["archive"]
    # Registered once more, what was chosen stays.
    page.evaluate(WORKER)
    card.get_by_role("button", name="Tell me in this browser").click()
    expect(card.get_by_text("This browser tells you of new mail.")).to_be_visible()
    assert [one.role for one in Folder.objects.filter(notifies=True)] == ["archive"]
    card.get_by_role("button", name="Stop telling me in this browser").click()
    expect(card.get_by_text("This browser does not tell you of new mail.")).to_be_visible()
    assert not PushSubscription.objects.exists()

    page.goto(live_server.url + reverse("settings-account"))
    no_barriers()
    shot("time-zone")
    page.get_by_role("button", name="Use Asia/Tokyo, as this device has it").click()
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    page.locator("form.card").first.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    user.refresh_from_db()
    assert user.time_zone == "Asia/Tokyo"
    expect(page.get_by_role("button", name="Use Asia/Tokyo")).to_have_count(0)
