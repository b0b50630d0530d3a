"""Connectivity in a real browser: accounts are added, tested, pulled and watched."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from connectivity.models import Feature
from connectivity.services import credentials, features
from mailstore.models import Folder, Message, Source
from retrieval.models import (
    RemoteFolder,
    RemoteMessage,
    RetrievalRun,
    RetrievalTask,
)
from retrieval.services import dispatch
from retrieval.services.pull import pull
from standin.dovecot import Dovecot
from tests.e2e.conftest import PHONE, TABLET, WIDE
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
def settings_page(
    page: Page, live_server: LiveServer, user: User, enter: Callable[[User], None]
) -> Callable[[], None]:
    """Open Settings, Connectivity as a signed-in person does."""
    enter(user)

    def go() -> None:
        page.goto(live_server.url + reverse("settings"))
        page.get_by_role("link", name="Connectivity").click()
        expect(page.get_by_role("heading", name="Connectivity")).to_be_visible()

    return go


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


def row(page: Page, name: str) -> Locator:
    return page.locator("#retrieval .item.task").filter(has_text=name)


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
    expect(row(page, "far.test")).to_contain_text("4 new", timeout=20_000)
    expect(page.locator("#toasts")).to_contain_text("far.test: 4 new messages.")
    assert Folder.objects.get(name="Inbox", parent__name="Far away").total == 4

    remote.fill(range(10, 12))
    page.get_by_role("button", name="Retrieve messages of far.test now").click()
    expect(row(page, "far.test")).to_contain_text("2 new", timeout=20_000)
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
    page.get_by_role("button", name="Remove as asked").click()
    expect(row(page, "far.test")).to_contain_text("only when you ask")
    assert not RetrievalTask.objects.get().leave_on_server
    row(page, "far.test").get_by_role("link").click()
    page.get_by_role("button", name="Retrieve Messages Now").click()
    expect(page.locator("#live")).to_contain_text("3 new messages", timeout=20_000)
    no_barriers()
    assert Message.objects.filter(folder__role="inbox").count() == 3
    page.get_by_role("button", name="Retrieve Messages Now").click()
    expect(page.locator(".timeline")).to_contain_text("Nothing new", timeout=20_000)
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
    page.get_by_role("button", name="Copy for IT").click()
    expect(page.locator("[data-copy-box] [role=status]")).to_have_text("Copied.")
    copied = page.evaluate("() => navigator.clipboard.readText()")
    for part in ("localhost", port, "UTC", "Sign-in: Failed.", "Server said: ", "Not reached"):
        assert part in copied, copied
    assert "not the password" not in copied
    assert remote.name not in copied
    page.get_by_text("Report for IT").click()
    expect(page.get_by_label("Report for IT")).to_have_value(copied)
    no_barriers()
    shot("retrieval-report")


def test_what_was_unfolded_stays_so_while_the_page_refreshes_itself(
    page: Page, live_server: LiveServer, settings_page: Callable[[], None], user: User
) -> None:
    """A running task's page looks again every three seconds; a reader is not interrupted."""
    task = gallery(user)["Yahoo"]
    settings_page()
    page.goto(live_server.url + reverse("retrieval-detail", args=[task.pk]))
    failed = page.locator(".run").filter(has_text="did not answer")
    failed.get_by_text("Server said").click()
    expect(failed.get_by_text("connect timeout")).to_be_visible()
    # Newer runs push the line down; it is still the one that is open.
    now = timezone.now()
    for number in range(3):
        at = now - timedelta(seconds=40 - number)
        RetrievalRun.objects.create(
            task=task,
            fence=200 + number,
            started_at=at,
            ended_at=at,
            outcome="waited",
            cause="login-later",
            server_line="NO [IN-USE] Busy",
        )
    expect(page.locator(".run").filter(has_text="Waited")).to_have_count(3)
    expect(failed.get_by_text("connect timeout")).to_be_visible()
    expect(page.get_by_text("NO [IN-USE] Busy").first).to_be_hidden()
    failed.get_by_text("Server said").click()
    with page.expect_response(lambda response: "/status/" in response.url):
        RetrievalRun.objects.filter(outcome="running").update(stored=1400)
    expect(page.locator("#live")).to_contain_text("1,400")
    expect(failed.get_by_text("connect timeout")).to_be_hidden()


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


def test_without_javascript(
    browser: Browser,
    live_server: LiveServer,
    user: User,
    context: BrowserContext,
    enter: Callable[[User], None],
    remote: Remote,
) -> None:
    """The whole way with plain pages and forms."""
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
    expect(page.get_by_text("The task is saved.")).to_be_visible()
    task = RetrievalTask.objects.get()
    assert (task.type, task.security) == ("pop", "tls")
    page.get_by_role("link", name="far.test").click()
    page.get_by_role("link", name="Delete task").click()
    expect(page.get_by_text("Imported mail stays.")).to_be_visible()
    page.get_by_role("button", name="Delete task").click()
    expect(page.get_by_text("Its imported mail is still here.")).to_be_visible()
    assert not RetrievalTask.objects.exists()
    plain.close()


def test_looking_again_keeps_the_focus(
    page: Page, settings_page: Callable[[], None], user: User
) -> None:
    """A row that refreshes itself does not throw out who is working in it."""
    gallery(user)
    settings_page()
    link = row(page, "Yahoo").get_by_role("link")
    link.focus()
    with page.expect_response(lambda response: "/row/?was=running" in response.url):
        RetrievalRun.objects.filter(outcome="running").update(stored=2000)
    expect(row(page, "Yahoo")).to_contain_text("2,000 of 3,950")
    expect(link).to_be_focused()


def gallery(user: User) -> dict[str, RetrievalTask]:
    """A task in each state."""
    now = timezone.now()
    soon = now + timedelta(minutes=6)
    tasks: dict[str, dict[str, Any]] = {
        "Gmail": {"next_at": soon, "first_pass_done_at": now},
        "Yahoo": {"type": "pop", "lease_until": now + timedelta(hours=1)},
        "Northbank": {
            "state": "needs-password",
            "cause": "login-refused",
            "server_line": "NO [AUTHENTICATIONFAILED] Authentication failed.",
        },
        "iCloud": {"state": "backoff", "next_at": soon, "cause": "login-later", "fail_count": 3},
        "College": {"type": "pop", "method": "manual"},
        "Studio": {"state": "paused"},
    }
    made = {}
    for color, (name, fields) in enumerate(tasks.items(), start=1):
        address = f"mara@{name.lower()}.test"
        made[name] = RetrievalTask.objects.create(
            user=user,
            source=Source.objects.create(user=user, name=name, address=address, color=color),
            credential=credentials.store(user=user, secret="x"),
            host=f"mail.{name.lower()}.test",
            port=993,
            security="tls",
            username=address,
            last_run_at=now,
            **{"type": "imap", **fields},
        )
        for number in range(14):
            at = now - timedelta(minutes=10 * number + 4)
            failed = number in (5, 6)
            RetrievalRun.objects.create(
                task=made[name],
                fence=number,
                started_at=at,
                ended_at=at + timedelta(seconds=2),
                outcome="failed" if failed else "ok",
                cause="no-answer" if failed else "",
                server_line="connect timeout" if failed else "",
                stored=0 if failed else (number * 7 + color) % 13,
            )
    RetrievalRun.objects.create(
        task=made["Yahoo"],
        fence=99,
        started_at=now - timedelta(seconds=43),
        found=3950,
        stored=1204,
    )
    for name, states in {"INBOX": ["stored"] * 9, "Travel": ["stored"] * 4 + ["too-big"]}.items():
        folder = RemoteFolder.objects.create(
            task=made["Gmail"], raw_name=name.encode(), name=name, server_count=len(states)
        )
        for uid, state in enumerate(states, start=1):
            RemoteMessage.objects.create(
                folder=folder, generation=1, uid=uid, state=state, size=160_000_000
            )
    return made


def test_screens(
    page: Page,
    live_server: LiveServer,
    settings_page: Callable[[], None],
    user: User,
    shot: Callable[..., None],
    no_barriers: Callable[[], None],
    problems: list[str],
) -> None:
    """Every state in both themes and three widths; nothing keeps anybody out."""
    settings_page()
    no_barriers()
    shot("connectivity-empty")
    tasks = gallery(user)
    settings_page()
    no_barriers()
    shot("connectivity", (WIDE, TABLET, PHONE))
    for name in ("Gmail", "Yahoo", "Northbank"):
        page.goto(live_server.url + reverse("retrieval-detail", args=[tasks[name].pk]))
        no_barriers()
        shot(f"retrieval-{name.lower()}", (WIDE, PHONE))
    page.goto(live_server.url + reverse("connectivity"))
    page.get_by_role("link", name="New Retrieval Task").click()
    expect(page.get_by_label("Your address there")).to_be_visible()
    no_barriers()
    shot("retrieval-new")
    page.get_by_role("link", name="Gmail").last.click()
    expect(page.get_by_text("app password of 16 letters")).to_be_visible()
    no_barriers()
    shot("retrieval-new-gmail")
    features.set_switch(user.domain, Feature.RETRIEVAL, enabled=False)
    page.goto(live_server.url + reverse("connectivity"))
    no_barriers()
    shot("connectivity-off")
    page.goto(live_server.url + reverse("retrieval-new"))
    expect(page.get_by_text("Contact your administrator")).to_be_visible()
    shot("retrieval-off")
    assert [text for text in problems if "403" not in text] == []


def test_the_phone_has_a_list_page_for_each_section(
    page: Page, settings_page: Callable[[], None], user: User, shot: Callable[..., None]
) -> None:
    gallery(user)
    settings_page()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    index = page.locator(".card-index")
    expect(index).to_contain_text("6 tasks, 1 running")
    expect(page.locator("#retrieval")).to_be_hidden()
    index.get_by_role("link", name="Email Retrieval").click()
    expect(page.locator("#retrieval")).to_be_visible()
    expect(index).to_be_hidden()
    page.get_by_role("link", name="Back to Connectivity").first.click()
    expect(index).to_be_visible()
