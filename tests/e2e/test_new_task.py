"""New Retrieval Task in a browser: from a tile or an address to the first mail."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from connectivity import providers
from connectivity.discovery import Finding, Outcome, Step, StepId
from connectivity.models import AccountDraft
from connectivity.providers import Provider, Server
from connectivity.services import credentials, found_settings
from connectivity.services.lookups.search import Search
from mailstore.models import Message
from protocols.offers import Offer
from protocols.types import Security
from retrieval.models import RetrievalTask
from retrieval.services import dispatch
from retrieval.services.pull import pull
from smtp_accounts.models import SmtpAccount
from standin.dovecot import Dovecot
from standin.smtp import SmtpServer
from tests.e2e.conftest import SHOTS
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
    ours: dict[str, Any] = {
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
    expect(row(page, "Gmail")).to_contain_text("6 new")
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


def to_options(page: Page, secret: str) -> None:
    """From the Connectivity page to the last step of Gmail's tile."""
    page.get_by_role("link", name="New Retrieval Task").click()
    page.get_by_label("Your address there").fill(ADDRESS)
    page.get_by_label("Your address there").press("Enter")
    page.get_by_label("App password").fill(secret)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="How to retrieve")).to_be_visible()


@pytest.mark.accept("A47", "A49")
def test_a_test_can_be_left_and_a_refusal_is_mended(
    page: Page,
    settings_page: Callable[[], None],
    gmail: Remote,
    no_barriers: Callable[[], None],
    shot: Callable[..., None],
) -> None:
    """The running test, Cancel, the refusal with its buttons, the draft, and the way back to it."""
    settings_page()
    to_options(page, "kwytqdnbhzplabcx")
    held: list[Route] = []
    page.route("**/retrieval/new/", lambda route: held.append(route))  # noqa: PLW0108 - a bound built-in is none to it
    page.get_by_role("button", name="Test Connection").click()
    expect(page.get_by_text("Testing localhost, one step at a time.")).to_be_visible()
    no_barriers()
    shot("new-task-running")
    page.get_by_role("button", name="Cancel test").click()
    expect(page.get_by_role("button", name="Test Connection")).to_be_visible()
    page.unroute("**/retrieval/new/")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_label("App password")).to_have_value("kwytqdnbhzplabcx")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Save").last.click()
    report = page.locator("#outcome")
    expect(report).to_contain_text("Sign-in was refused")
    expect(report).to_contain_text("Nothing was saved.")
    expect(report.get_by_role("link", name="How to get one")).to_be_visible()
    expect(page.get_by_label("App password")).to_have_value("")
    no_barriers()
    shot("new-task-refused")
    page.get_by_role("link", name="Cancel").last.click()
    page.reload()
    assert not RetrievalTask.objects.exists()
    page.get_by_role("link", name="Continue").click()
    expect(page.get_by_role("heading", name="This is Gmail")).to_be_visible()
    no_barriers()
    shot("new-task-draft")
    page.get_by_label("App password").fill(APP_PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Save").last.click()
    expect(row(page, "Gmail")).to_be_visible()
    assert not AccountDraft.objects.exists()


def test_a_setting_is_mended_from_the_report(
    page: Page, settings_page: Callable[[], None], gmail: Remote, shot: Callable[..., None]
) -> None:
    """A wrong port: the button of the report changes it and tests again, nothing typed twice."""
    settings_page()
    to_options(page, APP_PASSWORD)
    page.get_by_text("All settings:").click()
    page.get_by_label("Port", exact=True).fill("1")
    page.get_by_role("button", name="Test Connection").click()
    expect(page.locator("#outcome")).to_contain_text("accepts no connections on port 1")
    shot("new-task-port")
    page.locator("#outcome").get_by_role("button", name="Use port").click()
    expect(page.locator("#outcome")).to_contain_text("Everything works.")
    page.get_by_role("button", name="Save").last.click()
    expect(row(page, "Gmail")).to_be_visible()


def test_by_keyboard_alone_with_what_may_come_up(
    page: Page,
    settings_page: Callable[[], None],
    gmail: Remote,
    smtp_server: SmtpServer,
    no_barriers: Callable[[], None],
    shot: Callable[..., None],
) -> None:
    """Sending fails alone, receiving is saved without it; the same account twice is told."""
    smtp_server.refuse[ADDRESS] = "553 5.7.1 not your address"
    settings_page()
    for _again in range(2):
        page.get_by_role("link", name="New Retrieval Task").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Your address there")).to_be_focused()
        page.keyboard.type(ADDRESS)
        page.keyboard.press("Enter")
        expect(page.get_by_label("App password")).to_be_focused()
        page.keyboard.type(APP_PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_label("Type", exact=True)).to_be_focused()
        page.get_by_role("button", name="Save").last.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#outcome")).to_be_focused()
        if RetrievalTask.objects.exists():
            break
        expect(page.locator("#outcome")).to_contain_text("Nothing was saved.")
        no_barriers()
        shot("new-task-sending")
        page.get_by_role("button", name="Save without sending").focus()
        page.keyboard.press("Enter")
        expect(row(page, "Gmail")).to_be_visible()
    expect(page.locator("#outcome")).to_contain_text(f"You already fetch {ADDRESS}.")
    no_barriers()
    shot("new-task-twin")
    page.get_by_role("button", name="Save anyway").last.click()
    expect(page.locator("#outcome")).to_contain_text("Nothing was saved.")
    assert RetrievalTask.objects.count() == 1
    assert not SmtpAccount.objects.exists()


def test_the_other_tiles(
    page: Page,
    live_server: LiveServer,
    settings_page: Callable[[], None],
    no_barriers: Callable[[], None],
    shot: Callable[..., None],
) -> None:
    """What they show: Exchange, Proton Bridge, iCloud, Microsoft without a registration, none."""
    settings_page()
    for key in ("exchange", "proton", "icloud", "outlook", "tributary"):
        page.goto(f"{live_server.url}{reverse('retrieval-new')}?provider={key}")
        expect(page.locator("#task-form-title")).to_be_visible()
        no_barriers()
        shot(f"new-task-{key}")
    confirmed(user_domain="harbour.test")
    page.goto(f"{live_server.url}{reverse('retrieval-new')}?address=jona@harbour.test")
    expect(page.get_by_role("heading", name="Are these the right servers?")).to_be_visible()
    page.get_by_text("How did you find this?").click()
    no_barriers()
    shot("new-task-confirm")
    page.get_by_role("button", name="Use these servers").click()
    expect(page.get_by_role("heading", name="The settings were found")).to_be_visible()
    no_barriers()
    shot("new-task-found")
    page.goto(f"{live_server.url}{reverse('smtp-account-new')}?address=jona@harbour.test")
    no_barriers()
    shot("smtp-found")
    page.goto(f"{live_server.url}{reverse('smtp-account-new')}?provider=outlook")
    no_barriers()
    shot("smtp-sign-in")
    page.goto(f"{live_server.url}{reverse('smtp-account-new')}")
    page.get_by_text("or pick the provider").click()
    no_barriers()
    shot("smtp-new")


def confirmed(*, user_domain: str) -> None:
    """Somebody looked the domain up before: in the name service, which can be made up."""
    search = Search()
    search.note(Step(StepId.WELL_KNOWN, Outcome.NOTHING))
    search.note(Step(StepId.AUTODISCOVER, Outcome.FAILED, cause="no-answer"))
    offers = (
        Offer("imap", f"imap.{user_domain}", 993, Security.TLS),
        Offer("smtp", f"smtp.{user_domain}", 465, Security.TLS),
    )
    detail = f"_imaps._tcp.{user_domain}"
    finding = Finding(offers, detail, is_forgeable=True)
    search.note(Step(StepId.SRV, Outcome.FOUND, detail), finding)
    found_settings.keep(user_domain, search, address=f"x@{user_domain}", now=timezone.now())


def test_the_steps_without_javascript(
    browser: Browser,
    live_server: LiveServer,
    user: User,
    context: BrowserContext,
    enter: Callable[[User], None],
    gmail: Remote,
) -> None:
    """Both steps on one page; the letters are counted when it is sent."""
    enter(user)
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(context.cookies())  # type: ignore[arg-type] # read and written alike
    page = plain.new_page()
    page.goto(live_server.url + reverse("retrieval-new"))
    page.get_by_role("link", name="Gmail").click()
    page.get_by_label("Username").fill(ADDRESS)
    page.get_by_label("App password").fill("kwyt qdnb hzpl")
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("has 16 letters; this has 12 letters.")).to_be_visible()
    page.screenshot(path=SHOTS / "new-task-plain.png", full_page=True)
    page.get_by_label("App password").fill(APP_PASSWORD)
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("The task is saved")).to_be_visible()
    assert RetrievalTask.objects.get().username == ADDRESS
    assert SmtpAccount.objects.get().email == ADDRESS
    plain.close()
