"""What is seen of a task that waits, and of its history."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from connectivity.waits import WAITS
from retrieval.models import RetrievalRun, RetrievalTask, TaskState
from retrieval.rows import Look, look_of
from tests.retrieval.pages import Page, text_of, url

MakeTask = Callable[..., RetrievalTask]
Queries = Callable[..., AbstractContextManager[object]]
MB = 1024 * 1024


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


# ---- while it waits


@pytest.mark.parametrize("cause", sorted(set(WAITS) - {"oauth-revoked"}))
def test_waiting_is_told_calmly_on_row_page_and_history(
    web: Client, make_task: MakeTask, cause: str
) -> None:
    now = timezone.now()
    task = make_task(
        host="imap.gmail.com", state="backoff", cause=cause, fail_count=0,
        next_at=now + timedelta(hours=2), last_run_at=now, server_line="NO <i>later</i>",
    )  # fmt: skip
    at = now - timedelta(minutes=5)
    RetrievalRun.objects.create(
        task=task, fence=1, started_at=at, ended_at=at, outcome="waited", cause=cause,
        expected=90, stored=40,
    )  # fmt: skip
    assert look_of(task, now=now) == Look.WAITING
    # Some of them are nobody's fault, and leave the state of the task as it was.
    task.state = TaskState.OK
    assert look_of(task, now=now) == Look.WAITING
    row, page = text_of(web, task, "row"), text_of(web, task)
    source = web.get(url("detail", task)).content.decode()
    with translation.override("en"):
        sentence = str(WAITS[cause].sentence) % {"provider": "Gmail"}
        title = str(WAITS[cause].title)
    assert "Waiting until" in row
    assert sentence in row
    assert page.count(sentence) >= 2
    assert f'<h2 id="wait-title">{title}</h2>' in source
    assert "Nothing is lost: what was not fetched yet waits on the server." in page
    assert "40 of 90 messages came before that." in page
    assert "NO &lt;i&gt;later&lt;/i&gt;" in source
    assert "task--danger" not in web.get(url("row", task)).content.decode()


def test_a_withdrawn_permission_needs_the_reader_but_no_password(
    web: Client, make_task: MakeTask
) -> None:
    task = make_task(state="needs-password", cause="oauth-revoked", next_at=None)
    source = web.get(url("detail", task)).content.decode()
    assert "The permission was withdrawn" in source
    assert 'name="password"' not in source
    row = web.get(url("row", task)).content.decode()
    assert "no longer accepts the permission" in row
    assert "Enter new password" not in row


def test_a_large_run_tells_its_size_and_rate(web: Client, make_task: MakeTask) -> None:
    task, now = make_task(), timezone.now()
    for stored in (5000, 3):
        at = now - timedelta(minutes=stored)
        RetrievalRun.objects.create(
            task=task, fence=1, started_at=at, ended_at=at + timedelta(seconds=50),
            outcome="ok", stored=stored, bytes=stored * 40_000,
        )  # fmt: skip
    text = text_of(web, task)
    assert "5,000 new messages 190.7 MB, 100 messages a second." in text
    assert text.count("messages a second") == 1


def test_lasting_failures_are_told_and_single_ones_are_not(
    web: Client, make_task: MakeTask
) -> None:
    now = timezone.now()
    task = make_task(
        state="backoff", cause="no-answer", fail_count=1, failing_since=now,
        next_at=now + timedelta(hours=1), last_run_at=now,
    )  # fmt: skip
    assert "did not answer" not in text_of(web, task, "row")
    RetrievalTask.objects.update(fail_count=3)
    assert "did not answer" in text_of(web, task, "row")
    RetrievalTask.objects.update(fail_count=2, failing_since=now - timedelta(minutes=61))
    assert "did not answer" in text_of(web, task, "row")


def test_a_manual_task_is_not_promised_that_it_goes_on_by_itself(
    web: Client, make_task: MakeTask
) -> None:
    task = make_task(method="manual", cause="throttled", next_at=None)
    text = text_of(web, task)
    assert "Retrieve again in a few minutes." in text
    assert "by itself" not in text


# ---- the history


def test_the_history_can_be_narrowed_to_problems(web: Client, make_task: MakeTask) -> None:
    task, now = make_task(), timezone.now()
    runs: list[dict[str, object]] = [
        {"outcome": "ok", "stored": 7},
        {"outcome": "ok", "stored": 5, "quarantined": 1},
        {"outcome": "failed", "cause": "no-answer"},
        {"outcome": "waited", "cause": "in-use"},
    ]
    for minutes, fields in enumerate(runs):
        at = now - timedelta(minutes=minutes)
        RetrievalRun.objects.create(task=task, fence=1, started_at=at, ended_at=at, **fields)
    every, odd = text_of(web, task), Page(web.get(url("detail", task), {"show": "problems"})).text
    assert "7 new messages" in every
    assert "7 new messages" not in odd
    for words in ("5 new messages", "No answer", "The mailbox is in use"):
        assert words in odd
    # A later run that is not shown was fine.
    assert "Nobody has to do anything: a later run worked." in " ".join(odd.split())
    live = web.get(url("status", task), {"show": "problems"}).content.decode()
    assert "7 new messages" not in live
    assert "&amp;show=problems" in live
    RetrievalRun.objects.exclude(stored=7).delete()
    told = Page(web.get(url("detail", task), {"show": "problems"})).text
    assert "No problems in the runs that are kept." in told


def test_the_history_is_downloaded_as_a_table(
    web: Client, make_task: MakeTask, client_for: Callable[[User], Client], other_user: User
) -> None:
    task, now = make_task(), timezone.now()
    for number in range(90):
        at = now - timedelta(minutes=number)
        RetrievalRun.objects.create(
            task=task, fence=1, started_at=at, ended_at=at, outcome="waited",
            cause="throttled", stored=number, server_line="=HYPERLINK()",
        )  # fmt: skip
    response = web.get(url("history", task))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith("attachment")
    table = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert [row["stored"] for row in table] == [str(number) for number in range(90)]
    assert {row["cause"] for row in table} == {"throttled"}
    assert "HYPERLINK" not in response.content.decode()
    assert client_for(other_user).get(url("history", task)).status_code == 404
