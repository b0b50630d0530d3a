"""The steps of a connection test, seen while it runs: receiving and sending alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from connectivity.models import TrialProgress
from standin.certs import TlsFiles
from standin.hostile import Expect, Hang, Hostile, Send, Step, Tls
from tests.protocols.scripted import CLEAR
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "jdoe@corp.test"
LOGIN: list[Step] = [*CLEAR, Expect(b"LOGIN"), Hang()]
AUTH: list[Step] = [
    Send(b"220 ready\r\n"),
    Expect(b"EHLO"),
    Send(b"250-here\r\n250 AUTH PLAIN\r\n"),
    Expect(b"AUTH"),
    Hang(),
]


@pytest.mark.accept("A29", "A47")
@pytest.mark.parametrize("kind", ["retrieval", "smtp"])
def test_each_step_is_lit_when_it_is_reached(
    page: Page,
    settings_page: Callable[[], None],
    settings: Settings,
    tls_files: TlsFiles,
    no_barriers: Callable[[], None],
    shot: Callable[..., None],
    problems: list[str],
    kind: str,
) -> None:
    """The server lets us in as far as the sign-in, and hangs there until it goes away."""
    settings.CONNECTIVITY_CA_FILE = tls_files.ca_file
    script: Sequence[Step] = LOGIN if kind == "retrieval" else AUTH
    with Hostile([Tls(tls_files.good), *script]) as server:
        settings_page()
        fill(page, kind, server.port)
        page.get_by_role("button", name="Test Connection").click()
        steps = page.locator(".running .stage")
        passed = steps.filter(has_text="Passed")
        expect(passed).to_have_count(3 if kind == "retrieval" else 4)
        expect(steps.filter(has_text="Testing")).to_contain_text("Sign-in")
        expect(page.locator(".running .stage--off")).to_have_count(1)
        no_barriers()
        shot(f"steps-{kind}")
    expect(page.locator("#outcome")).to_contain_text("Sign-in")
    wait_until(lambda: not TrialProgress.objects.exists(), "nothing is left of the test")
    assert [text for text in problems if "422" not in text] == []


def fill(page: Page, kind: str, port: int) -> None:
    if kind == "retrieval":
        page.get_by_role("link", name="New Retrieval Task").click()
        page.get_by_role("link", name="Other IMAP server").click()
        typed = {"host": "localhost", "port": str(port), "username": ADDRESS}
    else:
        page.get_by_role("link", name="New SMTP Account").click()
        page.locator("[name=encryption]").select_option("ssl")
        typed = {"email": ADDRESS, "host": "localhost", "port": str(port), "username": ADDRESS}
    for name, value in typed.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=password]").fill("a pass word")
