"""The compose window around its editor: people, senders, files, times, several windows at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.webmail.samples import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)

Shot = Callable[..., None]


def test_recipients_become_chips(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    shot: Shot,
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    page.goto(live_server.url)
    page.keyboard.press("c")
    window = page.locator("compose-window")

    to = window.get_by_label("To", exact=True).and_(window.locator("input"))
    expect(to).to_be_focused()
    to.fill('"Okafor, Ruth" <ruth@okafor.test>; bob@exmaple; jonas@harbourline.test, ')
    chips = window.locator('[data-row="to"] .chip [data-name]')
    expect(chips).to_have_text(["Okafor, Ruth", "bob@exmaple", "jonas@harbourline.test"])
    expect(window.get_by_text("its domain needs a dot")).to_be_visible()
    shot("window-chips")
    no_barriers()
    assert problems == []
