"""Addresses as long as they may be leave every button where it can be reached."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import Message
from smtp_accounts.models import OutboxMessage, SmtpAccount
from tests.e2e import test_returned
from tests.e2e.conftest import PHONE, TABLET, WIDE
from tests.smtp_accounts.reports import BOB, dsn
from tests.smtp_accounts.test_receipts import letter

pytestmark = pytest.mark.django_db(transaction=True)
account, copy = test_returned.account, test_returned.copy
LONG = f"{'a' * 60}@{'department' * 6}.{'elsewhere' * 6}.test"
BUTTONS = ":is(.banner, .delivery, .outgoing) .btn"
#: The buttons of which something lies outside their frame or the window.
OUTSIDE = """buttons => [...document.querySelectorAll(buttons)]
  .filter((one) => one.checkVisibility())
  .filter((one) => {
    const box = one.getBoundingClientRect();
    const frame = one.closest(".banner, .delivery, .outgoing").getBoundingClientRect();
    return box.right > Math.min(frame.right, innerWidth) + 1 || box.left < frame.left - 1;
  })
  .map((one) => one.textContent.trim().slice(0, 60))"""


@pytest.fixture
def reached(page: Page, shot: Callable[..., None]) -> Callable[[str], None]:
    def look(name: str) -> None:
        for width, height in (WIDE, TABLET, PHONE):
            page.set_viewport_size({"width": width, "height": height})
            expect(page.locator(BUTTONS).first).to_be_visible()
            assert page.evaluate(OUTSIDE, BUTTONS) == [], f"{name} at {width}"
        shot(f"long-{name}")

    return look


def test_a_long_address_asks_for_a_receipt(
    page: Page,
    live_server: LiveServer,
    user: User,
    account: SmtpAccount,
    enter: Callable[[User], None],
    reached: Callable[[str], None],
) -> None:
    asks = letter(asks=LONG, path=LONG, sender=f"Jonas <{LONG}>")
    (message,) = test_returned.arrive(user, asks)
    enter(user)
    page.goto(live_server.url + reverse("mail-message", args=[message.pk]))
    expect(page.get_by_role("button", name="Send receipt")).to_be_visible()
    reached("receipt")


def test_a_long_address_was_not_reached(
    page: Page,
    live_server: LiveServer,
    user: User,
    copy: Message,
    enter: Callable[[User], None],
    reached: Callable[[str], None],
) -> None:
    message = OutboxMessage.objects.get()
    message.recipients.filter(address=BOB).update(address=LONG)
    test_returned.arrive(user, dsn(LONG))
    enter(user)
    page.goto(live_server.url + reverse("mail-message", args=[copy.pk]))
    expect(page.get_by_text("This message did not reach 1 of 3 recipients.")).to_be_visible()
    reached("returned")
    OutboxMessage.objects.update(state="refused")
    message.recipients.filter(address=LONG).update(state="refused", reply="550 5.1.1 no such user")
    page.goto(live_server.url + reverse("outbox"))
    expect(page.get_by_text("was refused", exact=False).first).to_be_visible()
    reached("outbox")
