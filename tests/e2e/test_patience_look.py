"""What is seen of an account whose sign-in was refused: while it is tried, and once it waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from smtp_accounts.models import OutboxState, SmtpAccount
from tests.e2e import test_outbox

pytestmark = pytest.mark.django_db(transaction=True)
account, make = test_outbox.account, test_outbox.make  # fixtures are found by their names here


def test_tries_and_their_times_are_told(
    page: Page,
    live_server: LiveServer,
    user: User,
    account: SmtpAccount,
    make: test_outbox.Make,
    enter: Callable[[User], None],
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
) -> None:
    now = timezone.now()
    make(
        "Rent for December",
        state=OutboxState.RETRY,
        cause="login-refused",
        replies={"bob@elsewhere.test": ("deferred", "")},
    )
    SmtpAccount.objects.update(
        cause="login-refused",
        server_line="535 5.7.8 Error: authentication failed",
        last_failed_at=now,
        refused_count=1,
        refused_since=now,
        next_at=now + timedelta(minutes=10),
    )
    enter(user)

    def look(name: str, word: str, told: str) -> None:
        page.goto(live_server.url + reverse("outbox"))
        expect(page.locator(".outgoing__story")).to_contain_text(told)
        no_barriers()
        shot(f"patience-{name}-outbox")
        page.goto(f"{live_server.url}{reverse('connectivity')}#smtp")
        row = page.locator(f"#smtp-{account.pk}")
        expect(row).to_contain_text(word)
        expect(row).to_contain_text(told)
        no_barriers()
        row.scroll_into_view_if_needed()
        shot(f"patience-{name}-card")

    look("tried", "Not sending", "Next try")
    page.get_by_role("link", name="Enter new password").click()
    expect(page.get_by_role("button", name="Test and save")).to_be_visible()
    shot("patience-tried-field")
    paused = {"refused_count": 0, "refused_since": None, "next_at": now + timedelta(days=1)}
    SmtpAccount.objects.update(**paused)
    look("paused", "Needs you", "It is tried once a day by itself, next at")
