"""New Retrieval Task in a browser: from a tile or an address to the first mail."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from connectivity import providers
from connectivity.providers import Provider, Server
from connectivity.services import credentials
from mailstore.models import Message
from retrieval.models import RetrievalTask
from retrieval.services import dispatch
from retrieval.services.pull import pull
from smtp_accounts.models import SmtpAccount
from standin.dovecot import Dovecot
from standin.smtp import SmtpServer
from tests.e2e.tasks import row
from tests.retrieval.conftest import Remote

pytestmark = pytest.mark.django_db(transaction=True)

APP_PASSWORD = "kwytqdnbhzplabcd"
ADDRESS = "mara@gmail.com"


@pytest.fixture
def gmail(
    dovecot: Dovecot,
    smtp_server: SmtpServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Remote:
    """The tile of Gmail, with servers of this computer in the place of its own."""
    settings.CONNECTIVITY_CA_FILE = dovecot.ca_file
    dovecot.add_user(ADDRESS, APP_PASSWORD)
    smtp_server.users[ADDRESS] = APP_PASSWORD
    ours = {
        "imap": Server("localhost", dovecot.imaps_port),
        "pop": Server("localhost", dovecot.pop3s_port),
        "smtp": Server("localhost", smtp_server.tls_port),
    }
    here: tuple[Provider, ...] = tuple(
        replace(one, **ours) if one.key == "gmail" else one for one in providers.PROVIDERS
    )
    monkeypatch.setattr(providers, "PROVIDERS", here)
    for name in ("by_key", "by_address", "by_host"):
        monkeypatch.setattr(getattr(providers, name), "__defaults__", (here,))
    return Remote(dovecot, ADDRESS)


@pytest.fixture
def worker(live_server: LiveServer) -> Iterator[None]:
    """Pulls what is due, as a worker does, until the test is over."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.2):
            for claim in dispatch.claim_due(now=timezone.now()):
                pull(task_id=claim.task_id, fence=claim.fence, clock=timezone.now)
            connection.close()

    thread = threading.Thread(target=work, name="worker")
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.accept("A8", "A14", "A41")
def test_gmail_with_an_app_password(
    page: Page,
    settings_page: Callable[[], None],
    gmail: Remote,
    worker: None,
    no_barriers: Callable[[], None],
    problems: list[str],
    shot: Callable[..., None],
    record_property: Callable[[str, object], None],
) -> None:
    """From the button to the first mail: address, app password, save. The seconds are told."""
    gmail.fill(range(6))
    settings_page()
    began = time.monotonic()
    page.get_by_role("link", name="New Retrieval Task").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    no_barriers()
    shot("new-task-start")
    page.get_by_label("Your address there").fill(ADDRESS)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="This is Gmail")).to_be_visible()
    expect(page.get_by_label("Username")).to_have_value(ADDRESS)
    secret = page.get_by_label("App password")
    secret.fill("kwyt qdnb hzpl")
    expect(page.get_by_text("12 of 16 letters.")).to_be_visible()
    no_barriers()
    shot("new-task-account")
    secret.fill("kwyt qdnb hzpl abcd")
    expect(page.get_by_text("16 of 16 letters.")).to_be_visible()
    secret.press("Enter")
    expect(page.get_by_role("heading", name="How to retrieve")).to_be_visible()
    expect(page.get_by_label("Name of the new folder")).to_have_value("Gmail")
    no_barriers()
    shot("new-task-options")
    page.get_by_text("All settings:").click()
    expect(page.get_by_label("Server Address")).to_have_value("localhost")
    shot("new-task-all")
    page.get_by_role("button", name="Test Connection").click()
    report = page.locator("#outcome")
    expect(report).to_contain_text("Everything works.")
    expect(report).to_contain_text("6 messages")
    expect(report).to_contain_text("Send test")
    assert not RetrievalTask.objects.exists()
    no_barriers()
    shot("new-task-tested")
    page.get_by_role("button", name="Save").last.click()
    expect(row(page, "Gmail")).to_contain_text("6 new", timeout=30_000)
    took = round(time.monotonic() - began, 1)
    # Told, not asserted: `pytest -rA` or --junit-xml shows it.
    record_property("seconds from New Retrieval Task to the first mail", took)
    logging.getLogger(__name__).info("from New Retrieval Task to the first mail: %s s", took)
    task, account = RetrievalTask.objects.get(), SmtpAccount.objects.get()
    assert (task.tile, task.credential) == ("gmail", account.credential)
    assert credentials.reveal(task.credential) == APP_PASSWORD
    assert account.email == ADDRESS
    assert Message.objects.filter(folder__parent__name="Gmail").count() == 6
    assert [text for text in problems if "422" not in text] == []
