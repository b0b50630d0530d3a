"""Reading mail in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.e2e.conftest import PHONE, TABLET, WIDE
from tests.webmail.samples import Mailbox, fill

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mailbox(live_server: LiveServer, user: User, enter: Callable[[User], None]) -> Mailbox:
    """A lived-in mailbox, its owner signed in."""
    enter(user)
    return fill(user, timezone.now())


def test_screens(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    """Each mail screen in both themes and three widths; nothing keeps anybody out."""
    page.goto(live_server.url)
    no_barriers()
    shot("mail", (WIDE, TABLET, PHONE))
    page.get_by_role("link", name="Jonas Ekdahl").first.click()
    expect(page.get_by_role("heading", name="Lease for the Quay Street studio")).to_be_visible()
    no_barriers()
    shot("message", (WIDE, TABLET, PHONE))
    page.goto(f"{live_server.url}/message/{mailbox.newsletter.pk}/")
    expect(page.frame_locator("#frame").get_by_text("The winter timetable")).to_be_visible()
    no_barriers()
    shot("message-html", (WIDE, TABLET, PHONE))
    assert problems == []
