"""Accounts that need their person are mended where they are seen; missing mail is explained."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from connectivity.models import AccountDraft
from mailstore.models import Message, Source
from mailstore.services import messages
from retrieval.models import RetrievalTask
from retrieval.services import dispatch
from retrieval.services.pull import pull
from standin.dovecot import Dovecot
from tests.e2e.tasks import gallery, row
from tests.retrieval.conftest import Remote, letter, run

pytestmark = pytest.mark.django_db(transaction=True)
pytest_plugins = ["tests.retrieval.conftest"]
NEW = "changed there"
HOUR = timedelta(hours=1)


@pytest.fixture
def remote(dovecot: Dovecot, settings: Settings, request: pytest.FixtureRequest) -> Remote:
    """A mailbox elsewhere, whose server's certificate is trusted."""
    settings.CONNECTIVITY_CA_FILE = dovecot.ca_file
    name = f"{request.node.originalname.replace('_', '-')}@far.test"
    dovecot.add_user(name, "a remote password")
    return Remote(dovecot, name)


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


@pytest.fixture
def task(make_task: Callable[..., RetrievalTask], remote: Remote) -> RetrievalTask:
    """Two messages are here, and the mailbox works."""
    remote.fill([1, 2])
    made = make_task()
    run(made)
    RetrievalTask.objects.update(next_at=timezone.now() + HOUR)
    return made


@pytest.fixture
def refused(task: RetrievalTask, remote: Remote) -> RetrievalTask:
    """The password was changed there: three refusals over more than an hour."""
    remote.server.add_user(remote.name, NEW)
    for minutes in (0, 15, 80):
        run(task, later=timedelta(minutes=minutes), expect_failure=True)
    assert task.state == "needs-password"
    # What the clock of those runs was ahead, they are long over.
    back = timedelta(hours=2)
    task.runs.update(started_at=F("started_at") - back, ended_at=F("ended_at") - back)
    RetrievalTask.objects.update(failing_since=F("failing_since") - back)
    return task


@pytest.mark.accept("A57")
def test_a_changed_password_is_mended_in_its_row(
    page: Page,
    settings_page: Callable[[], None],
    refused: RetrievalTask,
    remote: Remote,
    worker: None,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    settings_page()
    entry = row(page, "Remote")
    expect(entry).to_contain_text("Paused, needs you.")
    expect(entry).to_contain_text("0 messages were removed there")
    expect(page.locator("#health")).to_contain_text("1 needs you: mara@remote.test")
    no_barriers()
    shot("repair-needs-you")
    entry.get_by_role("link", name="Enter new password of Remote").click()
    field = entry.get_by_label("Password of test-")
    expect(field).to_be_focused()
    no_barriers()
    shot("repair-field")
    field.fill("not it")
    entry.get_by_role("button", name="Test and save").click()
    expect(entry).to_contain_text("did not accept")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    no_barriers()
    shot("repair-refused-again")
    remote.fill([3])
    field.fill(NEW)
    entry.get_by_role("button", name="Test and save").click()
    expect(page.locator("#toasts")).to_contain_text("The new password works.")
    expect(entry).to_contain_text("1 new")
    expect(page.locator("#health")).to_contain_text("1 of 1 account is fine")
    assert Message.objects.count() == 3
    shot("repair-mended")
    assert [text for text in problems if "422" not in text] == []


def test_the_whole_way_by_keyboard(
    page: Page,
    settings_page: Callable[[], None],
    refused: RetrievalTask,
    worker: None,
) -> None:
    settings_page()
    page.get_by_role("link", name="Fix now").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign-in was refused")).to_be_visible()
    page.go_back()
    button = row(page, "Remote").get_by_role("link", name="Enter new password of Remote")
    for _ in range(60):
        page.keyboard.press("Tab")
        if button.evaluate("node => node === document.activeElement"):
            break
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(row(page, "Remote").get_by_label("Password of test-")).to_be_focused()
    page.keyboard.type(NEW)
    page.keyboard.press("Enter")
    expect(row(page, "Remote")).to_contain_text("0 new")


def test_without_javascript_the_button_leads_to_the_field(
    browser: Browser,
    live_server: LiveServer,
    user: User,
    context: BrowserContext,
    enter: Callable[[User], None],
    refused: RetrievalTask,
) -> None:
    enter(user)
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(context.cookies())  # type: ignore[arg-type] # read and written alike
    page = plain.new_page()
    page.goto(live_server.url + reverse("connectivity"))
    page.get_by_role("link", name="Enter new password of Remote").click()
    page.get_by_label("Password of test-").fill("not it")
    page.get_by_role("button", name="Test and save").click()
    expect(page.get_by_text("did not accept").first).to_be_visible()
    page.get_by_label("Password of test-").fill(NEW)
    page.get_by_role("button", name="Test and save").click()
    expect(page.get_by_text("The new password works.")).to_be_visible()
    page.goto(live_server.url + reverse("retrieval-why", args=[refused.pk]))
    page.get_by_label("Subject, sender or Message-ID").fill("Letter 1")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("It is here, in Inbox.")).to_be_visible()
    page.get_by_role("button", name="Look on localhost").click()
    expect(page.get_by_role("heading", name="On localhost now")).to_be_visible()
    plain.close()


def test_why_a_message_is_missing(
    page: Page,
    live_server: LiveServer,
    user: User,
    enter: Callable[[User], None],
    settings: Settings,
    task: RetrievalTask,
    remote: Remote,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    """From the page of a task to a verdict on every message, and to the message itself."""
    settings.MAX_MESSAGE_SIZE = 4000
    for number, subject in enumerate(("Lease, signed", "Lease, draft"), start=20):
        remote.put(letter(number, subject=subject))
    remote.put(letter(30, subject="Lease, scanned", body="x" * 9000), "Contracts")
    run(task)
    messages.remove(user, [Message.objects.get(subject="Lease, draft").pk])
    remote.put(letter(40, subject="Lease, second page"))
    enter(user)
    page.goto(live_server.url + reverse("retrieval-detail", args=[task.pk]))
    page.get_by_role("link", name="imported?").click()
    no_barriers()
    shot("why-empty")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("Enter a word of the subject")).to_be_visible()
    page.get_by_label("Subject, sender or Message-ID").fill("lease")
    page.keyboard.press("Enter")
    expect(page.locator("#here")).to_contain_text("It is here, in Inbox.")
    shot("why-here")
    page.get_by_role("button", name="Look on localhost").click()
    there = page.locator("#there")
    expect(there).to_contain_text("4 messages match.")
    expect(there).to_contain_text("has been deleted here since")
    expect(there).to_contain_text("the most that is fetched here")
    expect(there).to_contain_text("Not seen yet.")
    no_barriers()
    shot("why-there")
    there.get_by_role("link", name="Open Lease, signed").click()
    expect(page.get_by_role("heading", name="Lease, signed").first).to_be_visible()
    assert [text for text in problems if "422" not in text] == []


@pytest.mark.accept("A55")
def test_one_of_many_is_found_and_a_draft_is_gone_on_with(
    page: Page,
    user: User,
    settings_page: Callable[[], None],
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
) -> None:
    tasks = gallery(user)
    pattern = tasks["Gmail"]
    for name in ("Harbour", "Meadow", "Quarry"):
        source = Source.objects.create(user=user, name=name, address=f"mara@{name.lower()}.test")
        RetrievalTask.objects.create(
            user=user, source=source, credential=pattern.credential, type="imap", port=993,
            host=f"mail.{name.lower()}.test", username=source.address, security="tls",
            next_at=timezone.now() + HOUR,
        )  # fmt: skip
    AccountDraft.objects.create(
        user=user, kind="retrieval", label="mara@lagoon.test", cause="login-refused"
    )
    settings_page()
    box = page.get_by_label("Find an account")
    expect(box).to_be_visible()
    expect(row(page, "Meadow")).to_be_visible()
    draft = page.locator(".draft-row")
    expect(draft).to_contain_text("Not saved. Sign-in was refused.")
    no_barriers()
    shot("connectivity-many")
    box.fill("quarry")
    expect(row(page, "Quarry")).to_be_visible()
    expect(row(page, "Meadow")).to_be_hidden()
    box.fill("nobody")
    expect(page.get_by_text("No account matches.")).to_be_visible()
    box.fill("")
    expect(row(page, "Meadow")).to_be_visible()
    draft.get_by_role("button", name="Discard mara@lagoon.test").click()
    expect(page.locator(".draft-row")).to_have_count(0)
    assert not AccountDraft.objects.exists()
