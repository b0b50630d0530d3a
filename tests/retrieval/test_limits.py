"""Limits of administrators where mail is fetched: tasks, intervals, the space of a person."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from pytest_django import Settings

from accounts.models import Limits, User
from accounts.services import limits
from connectivity.models import AccountDraft
from mailstore.models import FolderRole, Message
from mailstore.services import folders
from mailstore.services.usage import used
from protocols.types import Security
from retrieval.models import RetrievalTask, RunOutcome, TaskState
from retrieval.rows import problem_of
from retrieval.services import accounts, dispatch, pausing
from retrieval.services.account_values import TaskValues
from retrieval.services.session import Room
from tests.retrieval.conftest import Remote, bodies, letter, run
from tests.retrieval.pages import NEW, text_of, typed, url

MakeTask = Callable[..., RetrievalTask]
HOUR = timedelta(hours=1)


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


def nowhere(number: int) -> TaskValues:
    name = f"mara{number}"
    return TaskValues("imap", "nowhere.invalid", 993, name, "pw", security=Security.TLS)


# ---- how many tasks


@pytest.mark.parametrize(("whole", "whose"), [(False, "Your domain"), (True, "This installation")])
def test_a_task_too_many_is_told_at_the_form_and_kept_as_a_draft(
    web: Client, user: User, make_task: MakeTask, remote: Remote, whole: bool, whose: str
) -> None:
    make_task()
    Limits.objects.create(domain=None if whole else user.domain, tasks=1)
    assert f"You have 1 retrieval task. {whose} allows a person no more." in (
        web.get(NEW).content.decode()
    )
    answer = web.post(NEW, typed(port=remote.server.imaps_port, username="somebody-else"))
    assert answer.status_code == 422
    told = answer.content.decode()
    assert f"You have 1 retrieval task. {whose} allows a person no more." in told
    assert "Nothing was saved." in told
    assert "somebody-else" in told
    draft = AccountDraft.objects.get(user=user)
    assert draft.values["username"] == "somebody-else"
    assert draft.cause.startswith("task-limit")
    # Where there is room again the draft goes on; a task that is there can be changed all along.
    assert web.get(url("edit", user.retrieval_tasks.get())).status_code == 200
    Limits.objects.update(tasks=2)
    assert "allows a person no more" not in web.get(NEW).content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_save_at_once_make_no_task_too_many(user: User) -> None:
    Limits.objects.create(domain=user.domain, tasks=2)

    def save(number: int) -> bool:
        try:
            now = timezone.now()
            done = accounts.save(user=user, values=nowhere(number), now=now, test=False)
            return done.task is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        saved = list(pool.map(save, range(4)))
    assert sum(saved) == 2
    assert RetrievalTask.objects.filter(user=user).count() == 2


# ---- how often


def test_no_task_runs_more_often_than_the_floor(
    web: Client, user: User, make_task: MakeTask, settings: Settings
) -> None:
    settings.RETRIEVAL_INTERVAL = 60
    task = make_task()
    run(task)
    assert task.next_at is not None
    assert task.next_at < timezone.now() + timedelta(minutes=2)
    assert "allows no shorter interval" not in text_of(web, task)
    limits.save(user.domain, limits.Held(interval=7200), by=None, now=timezone.now())
    run(task)
    # Half an interval at least, and a tenth of it is jitter.
    assert task.next_at > timezone.now() + timedelta(minutes=45)
    due = dispatch.first_due(task, now=timezone.now())
    assert due is not None
    assert due > timezone.now() + timedelta(minutes=45)
    page = text_of(web, task)
    assert "Automatic, every 120 minutes" in page
    assert "Your administrator allows no shorter interval." in page
    # A floor below what the operator set changes nothing.
    settings.RETRIEVAL_INTERVAL = 10800
    assert "Automatic, every 180 minutes" in text_of(web, task)


# ---- how much space


@pytest.mark.parametrize("kind", ["imap", "pop"])
def test_a_pull_stops_where_the_space_ends_and_goes_on_where_there_is_room(
    web: Client, user: User, make_task: MakeTask, remote: Remote, kind: str
) -> None:
    letters = remote.fill(range(1, 401))
    one = len(letters[0])
    quota = used(user) + 30 * one
    User.objects.filter(pk=user.pk).update(quota=quota)
    task = make_task(kind, destination=folders.special(user, FolderRole.INBOX))
    done = run(task)
    assert (done.outcome, done.cause) == (RunOutcome.WAITED, "space-full")
    here = bodies(user)
    # It ends with the transaction that fills the space, and no later.
    assert 30 <= len(here) <= 130
    assert len(remote.read()) >= 400 - (len(here) if kind == "pop" else 0)
    assert (task.state, task.fail_count) == (TaskState.BACKOFF, 0)
    told = problem_of(task)
    assert told is not None
    assert told.sentence.startswith("Your space is full: ")
    row = text_of(web, task, "row")
    assert "Your space is full: " in row
    assert "Nothing is lost: new mail waits where it is." in text_of(web, task)
    # Full as it is, the other server is not even asked.
    again = run(task)
    assert (again.cause, again.stored, again.found) == ("space-full", 0, 0)
    User.objects.filter(pk=user.pk).update(quota=None)
    while run(task).cause or task.first_pass_done_at is None:
        pass
    assert bodies(user) == sorted(letters)
    assert task.state == TaskState.OK
    assert task.cause == ""


def test_a_task_that_runs_by_hand_waits_for_its_person(
    user: User, make_task: MakeTask, remote: Remote
) -> None:
    User.objects.filter(pk=user.pk).update(quota=0)
    remote.put(letter(1))
    task = make_task(method="manual", next_at=None)
    assert run(task).cause == "space-full"
    # By hand nothing goes on by itself, so that is not said.
    assert (task.state, task.next_at) == (TaskState.OK, None)
    assert Message.objects.filter(user=user).count() == 0
    User.objects.filter(pk=user.pk).update(quota=None)
    assert run(task).stored == 1


def test_the_space_is_looked_at_ever_more_often_towards_its_end() -> None:
    mib = 1 << 20
    plenty = Room(used=0, quota=800 * mib, at=0)
    assert not plenty.is_due(99 * mib)
    assert plenty.is_due(100 * mib)
    little = Room(used=799 * mib, quota=800 * mib, at=100 * mib)
    assert not little.is_due(100 * mib + 1000)
    assert little.is_due(101 * mib)
    nearly = Room(used=780 * mib, quota=800 * mib, at=0)
    assert nearly.is_due(4 * mib)


# ---- what an administrator paused


def test_the_row_and_the_page_say_who_paused_it_until_when_and_why(
    web: Client, user: User, make_task: MakeTask
) -> None:
    task = make_task(host="imap.mail.yahoo.com", provider_key="yahoo")
    now = timezone.now()
    made = pausing.pause(
        "yahoo", user.domain, by=user, now=now, until=now + HOUR, reason="Yahoo is down"
    )
    for part in ("row", "detail"):
        told = text_of(web, task, part)
        assert "Paused by your administrator until " in told
        assert ": Yahoo is down" in told
        assert "Retrieve Messages Now" not in told
    # The page of the task says it in full, and promises no mail within seconds.
    told = text_of(web, task, "detail")
    assert "Paused by your administrator since " in told
    assert "Within seconds" not in told
    # So does the line above all accounts, where it counts neither as fine nor as in trouble.
    health = " ".join(strip_tags(web.get(reverse("connectivity-health")).content.decode()).split())
    assert "0 of 1 account is fine 1 is paused by an administrator" in health
    assert f"is paused by {user.email} until" in health
    assert "The reason: Yahoo is down. It goes on by itself. If you cannot wait, write" in health
    assert "needs you" not in health
    web.post(url("run", task), {"from": "detail"}, follow=True)
    task.refresh_from_db()
    assert task.next_at is not None
    assert task.next_at > now - HOUR
    pausing.resume(made, by=user, now=now)
    assert "Paused by your administrator" not in text_of(web, task)
