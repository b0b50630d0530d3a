"""Every other screen of the shell, in both themes and two widths."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mailstore.models import Folder
from tests.conftest import PASSWORD
from tests.webmail.samples import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)


def test_sign_in(
    page: Page,
    live_server: LiveServer,
    user: User,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
) -> None:
    """The first page refuses in one sentence, keeps the address, and lets the right person in."""
    page.goto(live_server.url)
    shot("sign-in")
    page.get_by_label("Email Address").fill(user.email)
    page.get_by_label("Password").fill("not it")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("That address and password do not match.")
    expect(page.get_by_label("Email Address")).to_have_value(user.email)
    expect(page.get_by_label("Password")).to_have_value("")
    no_barriers()
    shot("sign-in-refused")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="All inboxes")).to_be_visible()
    no_barriers()
    shot("mail-empty")


def test_dialogs_and_settings(
    page: Page,
    live_server: LiveServer,
    user: User,
    mailbox: Mailbox,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    """Dialogs, menus, selection and the settings pages."""
    page.goto(live_server.url)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    no_barriers()
    shot("keyboard")
    page.keyboard.press("Escape")
    for box in page.locator(".msg__check").all()[:3]:
        box.check()
    expect(page.get_by_text("3 selected")).to_be_visible()
    no_barriers()
    shot("selection")
    page.keyboard.press("v")
    expect(page.get_by_role("dialog")).to_be_visible()
    no_barriers()
    shot("move")
    page.keyboard.press("Escape")
    page.goto(f"{live_server.url}/folder/{mailbox.receipts.pk}/")
    page.locator(f'[data-folder="{mailbox.receipts.pk}"] .tree__menu').click()
    expect(page.get_by_role("dialog")).to_be_visible()
    no_barriers()
    shot("folder-menu")
    page.keyboard.press("Escape")
    page.locator(".rail__account summary").click()
    shot("account-menu", ((1440, 900),))
    for name in ("account", "appearance"):
        page.goto(f"{live_server.url}/settings/{name}/")
        shot(f"settings-{name}")
    page.goto(f"{live_server.url}/folder/999999/")
    shot("not-found")
    empty = Folder.objects.get(user=user, role="archive")
    page.goto(f"{live_server.url}/folder/{empty.pk}/")
    shot("folder-empty")
    page.goto(f"{live_server.url}/message/{mailbox.lease.pk}/source/")
    shot("source")
    assert [one for one in problems if "404" not in one] == []
