"""Connectivity in a real browser: accounts are added, tested, pulled and watched."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.callers import Caller
from accounts.models import Protocol, User
from accounts.services import sign_ins
from connectivity.services import credentials
from mailstore.models import Folder, Message
from retrieval.models import (
    RetrievalTask,
)
from retrieval.services import dispatch
from retrieval.services.pull import pull
from standin.dovecot import Dovecot
from tests.e2e.tasks import row
from tests.retrieval.conftest import SECRET, Remote

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def remote(dovecot: Dovecot, settings: Settings, request: pytest.FixtureRequest) -> Remote:
    """A mailbox elsewhere, whose server's certificate is trusted."""
    settings.CONNECTIVITY_CA_FILE = dovecot.ca_file
    name = f"{request.node.originalname.replace('_', '-')}@far.test"
    dovecot.add_user(name, SECRET)
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


def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.locator(f"[name={name}]").fill(value)


@pytest.mark.accept("A2", "A40", "A46", "A47", "A48", "A49", "A57")
def test_adding_an_imap_account(
    page: Page,
    settings_page: Callable[[], None],
    remote: Remote,
    worker: None,
    no_barriers: Callable[[], None],
    problems: list[str],
    shot: Callable[..., None],
) -> None:
    """Failure, success, and mail that arrives while one looks on."""
    remote.fill(range(4))
    settings_page()
    page.get_by_role("link", name="New Retrieval Task").click()
    page.get_by_role("link", name="Other IMAP server").click()
    fill(page, host="localhost", port=str(remote.server.imaps_port))
    fill(page, username=remote.name, password="not the password")
    page.get_by_text("Add as subfolders").click()
    page.get_by_label("Destination Folder").select_option(label="New folder…")
    page.get_by_label("Name of the new folder").fill("Far away")
    page.get_by_role("button", name="Save").last.click()
    report = page.locator("#outcome")
    expect(report).to_contain_text("Sign-in was refused")
    expect(report).to_contain_text("Nothing was saved.")
    assert report.locator(".stage--ok").count() == 3
    expect(page.locator("[name=username]")).to_have_value(remote.name)
    expect(page.locator("[name=password]")).to_have_value("")
    expect(page.locator("[name=new_folder]")).to_have_value("Far away")
    expect(page.get_by_label("Add as subfolders")).to_be_checked()
    assert not RetrievalTask.objects.exists()
    no_barriers()
    shot("retrieval-refused")

    fill(page, password=SECRET)
    page.get_by_role("button", name="Test Connection").click()
    expect(report).to_contain_text("Everything works.")
    expect(report).to_contain_text("4 messages")
    assert not RetrievalTask.objects.exists()
    shot("retrieval-tested")
    # After a good test the page itself still knows the password: Save is one click away.
    page.get_by_role("button", name="Save").last.click()
    expect(row(page, "far.test")).to_be_visible()
    expect(row(page, "far.test")).to_contain_text("4 new")
    assert Folder.objects.get(name="Inbox", parent__name="Far away").total == 4

    remote.fill(range(10, 12))
    page.get_by_role("button", name="Retrieve messages of far.test now").click()
    expect(row(page, "far.test")).to_contain_text("2 new")
    expect(page.locator("#toasts")).to_contain_text("far.test: 2 new messages.")
    assert Message.objects.count() == 6
    assert [text for text in problems if "422" not in text] == []


@pytest.mark.accept("A46", "A60", "A70", "A71", "A72")
def test_adding_a_pop_account(
    page: Page,
    settings_page: Callable[[], None],
    remote: Remote,
    worker: None,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
) -> None:
    """A manual POP task: the loud warning, Retrieve Messages Now, and what is removed there."""
    remote.fill(range(3))
    settings_page()
    page.get_by_role("link", name="New Retrieval Task").click()
    page.get_by_role("link", name="Other POP server").click()
    fill(page, host="localhost")
    warning = page.locator(".for-remove")
    expect(warning).to_contain_text("Messages will be removed there.")
    expect(warning).to_contain_text("deleted from localhost")
    shot("retrieval-pop")
    page.get_by_label("Leave messages on server").check()
    expect(warning).to_be_hidden()
    page.get_by_label("Leave messages on server").uncheck()
    fill(page, port=str(remote.server.pop3s_port), username=remote.name, password=SECRET)
    page.get_by_label("Retrieval Method").select_option(label="Manual")
    page.get_by_role("button", name="Save").last.click()
    # Before anything is removed: how many, and the question, once.
    question = page.locator("#outcome")
    expect(question).to_contain_text("3 messages will be removed from localhost")
    expect(question).to_be_focused()
    expect(page.locator("[name=password]")).to_be_hidden()
    expect(page.get_by_text("Enter the password once more")).to_have_count(0)
    assert not RetrievalTask.objects.exists()
    no_barriers()
    shot("retrieval-removal")
    feet = page.locator("dialog footer .btn")
    assert feet.evaluate_all("all => new Set(all.map(one => one.offsetTop)).size") == 1
    page.get_by_role("button", name="Remove as asked").click()
    expect(row(page, "far.test")).to_contain_text("only when you ask")
    assert not RetrievalTask.objects.get().leave_on_server
    row(page, "far.test").get_by_role("link").click()
    page.get_by_role("button", name="Retrieve Messages Now").click()
    expect(page.locator("#live")).to_contain_text("3 new messages")
    no_barriers()
    assert Message.objects.filter(folder__role="inbox").count() == 3
    page.get_by_role("button", name="Retrieve Messages Now").click()
    expect(page.locator(".timeline")).to_contain_text("Nothing new")
    assert remote.read() == []


@pytest.mark.accept("A70", "A72")
def test_keeping_the_messages_of_a_pop_account(
    page: Page, settings_page: Callable[[], None], remote: Remote
) -> None:
    """The other answer; the password was typed once and is still known to the page alone."""
    remote.fill(range(2))
    settings_page()
    page.get_by_role("link", name="New Retrieval Task").click()
    page.get_by_role("link", name="Other POP server").click()
    fill(page, host="localhost", port=str(remote.server.pop3s_port))
    fill(page, username=remote.name, password=SECRET)
    with page.expect_response(lambda response: response.request.method == "POST") as asked:
        page.get_by_role("button", name="Save").last.click()
    assert SECRET not in asked.value.text()
    page.get_by_role("button", name="Keep on server").click()
    expect(row(page, "far.test")).to_be_visible()
    task = RetrievalTask.objects.get()
    assert task.leave_on_server
    assert credentials.reveal(task.credential) == SECRET


@pytest.mark.accept("A56")
def test_a_report_for_those_who_run_the_other_server(
    page: Page,
    context: BrowserContext,
    settings_page: Callable[[], None],
    remote: Remote,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
) -> None:
    """Copy for IT: what happened where and when, without the password or the username."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    settings_page()
    page.get_by_role("link", name="New Retrieval Task").click()
    page.get_by_role("link", name="Other IMAP server").click()
    port = str(remote.server.imaps_port)
    fill(page, host="localhost", port=port, username=remote.name, password="not the password")
    page.get_by_role("button", name="Test Connection").click()
    # No page of ours may read the clipboard, so what goes there is noted on its way.
    page.evaluate(
        """() => {
          const clipboard = navigator.clipboard, write = clipboard.writeText.bind(clipboard);
          clipboard.writeText = (text) => { window.copied = text; return write(text); };
        }"""
    )
    page.get_by_role("button", name="Copy for IT").click()
    expect(page.locator("[data-copy-box] [role=status]")).to_have_text("Copied.")
    copied = page.evaluate("() => window.copied")
    for part in ("localhost", port, "UTC", "Sign-in: Failed.", "Server said: ", "Not reached"):
        assert part in copied, copied
    assert "not the password" not in copied
    assert remote.name not in copied
    page.get_by_text("Report for IT").click()
    expect(page.get_by_label("Report for IT")).to_have_value(copied)
    no_barriers()
    shot("retrieval-report")


@pytest.mark.accept("A203")
def test_ports_are_proposed_never_forced(page: Page, settings_page: Callable[[], None]) -> None:
    settings_page()
    page.get_by_role("link", name="New Retrieval Task").click()
    page.get_by_role("link", name="Other IMAP server").click()
    port, kind = page.locator("[name=port]"), page.get_by_label("Type", exact=True)
    expect(port).to_have_value("143")
    kind.select_option(label="POP")
    expect(port).to_have_value("110")
    page.get_by_role("button", name="Use 995").click()
    expect(port).to_have_value("995")
    expect(page.get_by_role("button", name="Use 995")).to_be_hidden()
    kind.select_option(label="IMAP")
    expect(port).to_have_value("993")
    port.fill("1143")
    kind.select_option(label="POP")
    expect(port).to_have_value("1143")
    port.fill("110")
    expect(page.locator("[data-port-note]")).to_be_visible()
    page.get_by_label("Require SSL").uncheck()
    expect(page.locator("[data-port-note]")).to_be_hidden()
    # Enter saves; it never presses the port button, which comes first on the page.
    port.press("Enter")
    expect(page.locator("#id_host_error")).to_be_visible()
    expect(port).to_have_value("110")


def test_sending_too_unfolds_the_server_it_takes(
    page: Page, settings_page: Callable[[], None]
) -> None:
    settings_page()
    page.get_by_role("link", name="New Retrieval Task").click()
    page.get_by_role("link", name="Other IMAP server").click()
    expect(page.locator("[name=smtp_host]")).to_be_hidden()
    page.locator("[name=also_send]").check()
    expect(page.locator("[name=smtp_host]")).to_be_visible()


def test_without_javascript(
    browser: Browser,
    live_server: LiveServer,
    user: User,
    context: BrowserContext,
    enter: Callable[[User], None],
    remote: Remote,
) -> None:
    """The whole way with plain pages and forms."""
    remote.fill(range(2))
    enter(user)
    plain = browser.new_context(java_script_enabled=False)
    plain.add_cookies(context.cookies())  # type: ignore[arg-type] # read and written alike
    page = plain.new_page()
    page.goto(live_server.url + reverse("connectivity"))
    page.get_by_role("link", name="New Retrieval Task").click()
    page.get_by_label("Your address there").fill(remote.name)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("[name=username]")).to_have_value(remote.name)
    page.get_by_label("Type", exact=True).select_option(label="POP")
    page.get_by_role("button", name="Change type").click()
    expect(page.locator("[name=port]")).to_have_value("110")
    fill(page, host="localhost", port=str(remote.server.pop3s_port), password=SECRET)
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("2 messages will be removed from localhost")).to_be_visible()
    expect(page.get_by_text("Enter the password once more, then choose.")).to_be_visible()
    fill(page, password="not the password")
    page.get_by_role("button", name="Remove as asked").click()
    expect(page.get_by_text("Sign-in was refused")).to_be_visible()
    expect(page.get_by_role("button", name="Copy for IT")).to_be_hidden()
    page.get_by_text("Report for IT").click()
    expect(page.get_by_label("Report for IT")).to_have_value(re.compile("Sign-in: Failed"))
    fill(page, password=SECRET)
    page.get_by_role("button", name="Save").last.click()
    fill(page, password=SECRET)
    page.get_by_role("button", name="Remove as asked").click()
    expect(page.get_by_text("The task is saved.")).to_be_visible()
    task = RetrievalTask.objects.get()
    assert (task.type, task.security) == ("pop", "tls")
    page.get_by_role("link", name="far.test").click()
    page.get_by_role("link", name="Delete task").click()
    expect(page.get_by_text("Imported mail stays.")).to_be_visible()
    page.get_by_role("button", name="Delete task").click()
    expect(page.get_by_text("Its imported mail is still here.")).to_be_visible()
    assert not RetrievalTask.objects.exists()
    # Who signed in as me, found by its program.
    outlook = Caller("9.9.9.9", "Outlook, iOS")
    now = timezone.now()
    sign_ins.record(user=user, protocol=Protocol.EAS, caller=outlook, now=now, known=True)
    page.goto(live_server.url + reverse("connectivity"))
    page.get_by_role("link", name="9.9.9.9").click()
    expect(page.get_by_text("ActiveSync, usually a phone or tablet · Outlook, iOS")).to_be_visible()
    search = page.get_by_label("Find an address, a program or a place")
    search.fill("Thunderbird")
    search.press("Enter")
    expect(page.get_by_text("Nothing here holds “Thunderbird”.")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    expect(page.get_by_text("9.9.9.9", exact=True)).to_be_visible()
    page.get_by_role("link", name="Open Security").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Security")
    plain.close()
