"""A task's page, its buttons, and who may reach them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone

from accounts.models import Domain, User
from connectivity.models import Credential, Feature
from connectivity.services import credentials, features
from mailstore.models import Message, Source
from retrieval.models import (
    PopMessage,
    RemoteFolder,
    RemoteMessage,
    RetrievalRun,
    RetrievalTask,
    TaskState,
)
from retrieval.services.pull_pop import NO_IDS
from retrieval.urls import urlpatterns
from tests.retrieval.conftest import SECRET, Remote, run
from tests.retrieval.pages import CANARY, Page, form_of, text_of, url

MakeTask = Callable[..., RetrievalTask]


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


# ---- reaching it


def test_every_route_is_another_users_404_and_a_strangers_sign_in(
    client: Client,
    client_for: Callable[[User], Client],
    make_task: MakeTask,
    other_user: User,
) -> None:
    task = make_task()
    before = RetrievalTask.objects.values().get()
    other = client_for(other_user)
    routes = [route for route in urlpatterns if isinstance(route, URLPattern) and route.name]
    assert len(routes) >= 14
    for route in routes:
        args = [task.pk] * str(route.pattern).count("<int:")
        address = reverse(str(route.name), args=args)
        for method in ("get", "post"):
            sent = form_of(task, password=CANARY, host="evil.test") if method == "post" else {}
            stranger = getattr(client, method)(address, sent)
            assert stranger.status_code == 302, address
            assert stranger.headers["Location"].startswith(reverse("sign-in")), address
            if args:
                status = getattr(other, method)(address, sent).status_code
                assert status in (404, 405), address
    assert RetrievalTask.objects.values().get() == before
    assert credentials.reveal(Credential.objects.get()) == SECRET


def test_buttons_are_not_links(web: Client, make_task: MakeTask) -> None:
    task = make_task()
    for name in ("run", "pause", "resume", "test", "password", "push", "retry-all"):
        assert web.get(url(name, task)).status_code == 405, name


@pytest.mark.accept("A5", "A6", "A194")
def test_switched_off_every_page_of_a_task_names_the_administrator(
    web: Client, make_task: MakeTask, domain: Domain
) -> None:
    task = make_task(next_at=None)
    features.set_switch(domain, Feature.RETRIEVAL, enabled=False)
    for name in ("detail", "row", "status", "edit", "delete"):
        assert web.get(url(name, task)).status_code == 403, name
    for name in ("run", "pause", "resume", "test", "delete", "edit", "password"):
        response = web.post(url(name, task), form_of(task))
        assert response.status_code == 403, name
        assert "Contact your administrator" in response.content.decode()
    task.refresh_from_db()
    assert task.next_at is None


# ---- the page


def test_the_page_shows_the_settings_but_no_secret(web: Client, make_task: MakeTask) -> None:
    task = make_task(filter_enabled=True)
    page = Page(web.get(url("detail", task)))
    for words in (
        task.username,
        "localhost",
        "SSL, required",
        "Automatic, every 10 minutes",
        "Root level folders",
        "On, Inbox only",
        "Retrieve Messages Now",
    ):
        assert words in page.text
    assert SECRET not in web.get(url("detail", task)).content.decode()


@pytest.mark.accept("A206")
def test_when_nothing_arrives_the_help_leads_to_the_runs_and_the_other_side(
    web: Client, make_task: MakeTask
) -> None:
    text = Page(web.get(url("detail", make_task()))).text
    assert "look at the runs on this page first" in text
    assert "ask the administrator of the other account to verify its IMAP and POP settings" in text


def test_a_finished_pull_is_told_with_its_folders(
    web: Client, make_task: MakeTask, remote: Remote
) -> None:
    remote.fill(range(3))
    remote.fill(range(10, 12), "Travel")
    task = make_task()
    run(task)
    page = Page(web.get(url("detail", task)))
    assert "5 new messages" in page.text
    assert "Travel 2 2 Complete" in " ".join(page.text.split())
    assert "1 run, 1 fine. 5 messages fetched." in page.text
    run(task)
    assert "Nothing new" in Page(web.get(url("detail", task))).text


def test_failures_are_told_in_words_with_the_server_line_folded(
    web: Client, make_task: MakeTask
) -> None:
    task = make_task(
        state=TaskState.NEEDS_PASSWORD,
        cause="login-refused",
        next_at=None,
        server_line="NO [AUTHENTICATIONFAILED] <b>no</b>",
    )
    # Runs are told day by day, so all of them are of one.
    noon = timezone.localtime().replace(hour=12, minute=0) - timedelta(days=1)
    for minutes in (50, 40, 30):
        at = noon - timedelta(minutes=minutes)
        RetrievalRun.objects.create(
            task=task, fence=1, started_at=at, ended_at=at, outcome="failed", cause="no-answer"
        )
    at = noon - timedelta(minutes=20)
    RetrievalRun.objects.create(task=task, fence=1, started_at=at, ended_at=at, outcome="ok")
    response = web.get(url("detail", task))
    source = response.content.decode()
    text = " ".join(Page(response).text.split())
    assert "Sign-in was refused" in text
    assert "<details" in source
    assert "NO [AUTHENTICATIONFAILED] &lt;b&gt;no&lt;/b&gt;" in source
    assert "3 runs: No answer" in text
    assert "Nobody has to do anything: a later run worked." in text
    assert 'name="password"' in source


def test_completeness_tells_why_counts_differ(web: Client, make_task: MakeTask) -> None:
    task = make_task()
    states = {
        "INBOX": {"stored": 3},
        "Big": {"stored": 2, "too-big": 1},
        "Long": {"stored": 1, "pending": 4},
        "Odd": {"stored": 1, "quarantined": 1},
    }
    for name, counts in states.items():
        folder = RemoteFolder.objects.create(
            task=task, raw_name=name.encode(), name=name, server_count=sum(counts.values())
        )
        uid = 0
        for state, number in counts.items():
            for _ in range(number):
                uid += 1
                RemoteMessage.objects.create(folder=folder, generation=1, uid=uid, state=state)
    RemoteFolder.objects.create(task=task, raw_name=b"Gone", name="Gone", state="gone")
    text = " ".join(Page(web.get(url("detail", task))).text.split())
    for words in (
        "INBOX 3 3 Complete",
        "Big 3 2 1 too large",
        "Long 5 1 4 still to come",
        "Odd 2 1 1 set aside",
        "No longer on the server",
        "Odd, message 2",
    ):
        assert words in text


def test_pop_completeness_counts_what_was_removed_as_here(web: Client, make_task: MakeTask) -> None:
    task = make_task("pop")
    for number, state in enumerate(["stored", "deleted", "deleted", "quarantined"]):
        PopMessage.objects.create(task=task, key=f"k{number}", state=state)
    text = " ".join(Page(web.get(url("detail", task))).text.split())
    assert "Inbox 4 3 1 set aside" in text


def test_what_a_pop_server_lacks_is_told_where_its_messages_are_counted(
    web: Client, make_task: MakeTask
) -> None:
    task = make_task("pop")
    PopMessage.objects.create(task=task, key="k", state="stored")
    RetrievalRun.objects.create(task=task, fence=1, outcome="ok", cause_text=NO_IDS)
    RetrievalRun.objects.create(task=task, fence=2, outcome="running")
    assert (
        "This server gives its messages no lasting ids" in Page(web.get(url("detail", task))).text
    )


def test_a_running_pull_shows_real_progress(web: Client, make_task: MakeTask) -> None:
    now = timezone.now()
    task = make_task(lease_until=now + timedelta(minutes=1))
    RetrievalRun.objects.create(
        task=task, fence=1, started_at=now - timedelta(seconds=60), found=3950, stored=1204
    )
    row = web.get(url("row", task)).content.decode()
    assert 'max="3950" value="1204"' in row
    assert "1,204 of 3,950" in row
    assert "every 3s" in row
    assert "every 3s" in web.get(url("detail", task)).content.decode()


def test_the_end_of_a_watched_run_is_announced(
    web: Client, make_task: MakeTask, remote: Remote
) -> None:
    remote.fill(range(2))
    task = make_task()
    run(task)
    quiet = web.get(url("row", task))
    assert "HX-Trigger" not in quiet.headers
    told = web.get(url("row", task), {"was": "running"})
    assert json.loads(told.headers["HX-Trigger"])["toast"]["text"] == "Remote: 2 new messages."
    assert "every 30s" in told.content.decode()


@pytest.mark.parametrize(
    ("outcome", "cause", "told"),
    [
        ("failed", "login-refused", "Remote: localhost was reached, but it did not accept"),
        ("failed", "no-answer", "Remote: "),
        ("interrupted", "", ""),
        ("ok", "", "Remote: nothing new."),
    ],
)
def test_a_run_that_did_not_end_well_is_never_announced_as_nothing_new(
    web: Client, make_task: MakeTask, outcome: str, cause: str, told: str
) -> None:
    now = timezone.now()
    state = TaskState.BACKOFF if cause else TaskState.PAUSED
    task = make_task(state=state, cause=cause, next_at=now + timedelta(minutes=9))
    RetrievalRun.objects.create(
        task=task, fence=1, started_at=now, ended_at=now, outcome=outcome, cause=cause
    )
    events = json.loads(web.get(url("row", task), {"was": "running"}).headers["HX-Trigger"])
    words = events.get("toast", {}).get("text", "")
    assert words.startswith(told) if told else not words
    assert ("nothing new" in words) == (outcome == "ok")


# ---- the buttons


@pytest.mark.accept("A46")
def test_retrieve_messages_now_fetches(
    web: Client, make_task: MakeTask, remote: Remote, user: User
) -> None:
    remote.fill(range(2))
    task = make_task(method="manual", next_at=None)
    response = web.post(url("run", task), follow=True)
    assert "Retrieval starts in a moment." in response.content.decode()
    task.refresh_from_db()
    assert task.next_at is not None
    assert task.next_at <= timezone.now()
    run(task)
    assert Message.objects.filter(user=user).count() == 2
    # Also on automatic tasks.
    assert "Retrieve Messages Now" in Page(web.get(url("detail", make_task()))).text


def test_run_answers_htmx_with_the_row_or_the_page(web: Client, make_task: MakeTask) -> None:
    task = make_task(method="manual", next_at=None)
    row = web.post(url("run", task), headers={"HX-Request": "true"}).content.decode()
    assert row.lstrip().startswith('<div class="item task')
    assert "Starts in a moment" in row
    live = web.post(url("run", task), {"from": "detail"}, headers={"HX-Request": "true"})
    assert 'id="live"' in live.content.decode()


def test_a_button_keeps_what_the_page_shows(web: Client, make_task: MakeTask) -> None:
    task = make_task(next_at=None)
    fine = RetrievalRun.objects.create(task=task, fence=1, outcome="ok", stored=7, expected=7)
    page = "http://testserver" + url("detail", task)
    for address, shown in (("?show=problems#timeline", False), ("#timeline", True), ("", True)):
        headers = {"HX-Request": "true", "HX-Current-URL": page + address}
        source = web.post(url("pause", task), {"from": "detail"}, headers=headers).content.decode()
        assert ("7 new messages" in source) == shown
        assert (f'id="run-{fine.pk}"' in source) == shown


def test_a_task_that_is_paused_before_its_first_run_promises_none(
    web: Client, make_task: MakeTask
) -> None:
    task = make_task(state="paused", next_at=None)
    text = text_of(web, task)
    assert "Nothing is fetched while the task is paused." in text
    assert "The first run starts in a moment" not in text


def test_pause_and_resume(web: Client, make_task: MakeTask) -> None:
    task = make_task()
    web.post(url("pause", task))
    task.refresh_from_db()
    assert (task.state, task.next_at) == (TaskState.PAUSED, None)
    assert "Resume" in Page(web.get(url("detail", task))).text
    web.post(url("resume", task))
    task.refresh_from_db()
    assert task.state == TaskState.OK
    assert task.next_at is not None


@pytest.mark.accept("A50")
def test_delete_asks_first_and_keeps_the_imported_mail(
    web: Client, make_task: MakeTask, remote: Remote, user: User
) -> None:
    remote.fill(range(3))
    task = make_task()
    run(task)
    asked = Page(web.get(url("delete", task))).text
    assert "Imported mail stays." in asked
    assert RetrievalTask.objects.exists()
    response = web.post(url("delete", task), follow=True)
    assert "Its imported mail is still here." in response.content.decode()
    assert not RetrievalTask.objects.exists()
    assert not Credential.objects.exists()
    assert Message.objects.filter(user=user, source=Source.objects.get()).count() == 3
    assert len(remote.read()) == 3


@pytest.mark.accept("A47")
def test_the_stored_settings_can_be_tested(
    web: Client, make_task: MakeTask, remote: Remote
) -> None:
    remote.fill(range(2))
    task = make_task()
    assert "2 messages" in Page(web.post(url("test", task))).text
    remote.server.add_user(remote.name, "changed there")
    response = web.post(url("test", task))
    assert response.status_code == 422
    assert "did not accept this username and password" in Page(response).text
    task.refresh_from_db()
    assert task.state == TaskState.OK
