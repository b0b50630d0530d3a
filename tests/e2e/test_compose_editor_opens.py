"""How long the editor is waited for, and what for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from statistics import median
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.webmail.samples import Mailbox

pytestmark = pytest.mark.django_db(transaction=True)
# Milliseconds from the key to the editor, and from the server's answer.
OPENED = """() => {
  const ready = performance.getEntriesByName("editor-ready").at(-1).startTime;
  const all = performance.getEntriesByType("resource");
  const answers = all.filter((one) => one.initiatorType === "fetch" && /compose/.test(one.name));
  return [ready - window.at, ready - answers.at(-1).responseEnd];
}"""


def test_the_editor_opens_with_one_request(
    page: Page,
    live_server: LiveServer,
    mailbox: Mailbox,
    problems: list[str],
    record_property: Callable[[str, object], None],
) -> None:
    """From the key to the editor. The milliseconds are told, not asserted: ``pytest -rA``."""
    page.goto(live_server.url)
    page.locator("#list > .msg").first.wait_for()
    page.evaluate(
        "() => addEventListener('keydown', (one) => { window.at = one.timeStamp; }, true)"
    )
    took: list[tuple[float, float]] = []
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    window = page.locator("compose-window")
    for _round in range(6):
        asked.clear()
        page.keyboard.press("c")
        expect(window.locator("[data-ready]")).to_be_attached()
        took.append(page.evaluate(OPENED))
        window.get_by_role("button", name="Save and close").click()
        expect(window).to_have_count(0)
    # The editor itself is here since the first time.
    assert {reverse("compose")} == {urlsplit(one).path for one in asked if "/compose/" in one}
    assert not [one for one in asked if "/static/" in one]
    assert all(whole > 0 for whole, _own in took)
    first, *others = [round(whole) for whole, _own in took]
    told = {"first": first, "then": median(others), "of that the browser's": round(took[-1][1])}
    record_property("milliseconds to the editor", told)
    logging.getLogger(__name__).info("milliseconds to the editor: %s", told)
    assert problems == []
