"""What is seen of a pull while it runs, and of what is complete when it is through."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from retrieval.completeness import COUNTED_LIVE, folders_of, summary_of
from retrieval.models import RemoteFolder, RemoteMessage, RetrievalRun, RetrievalTask
from retrieval.pace import earlier, progress_of
from retrieval.rows import rows_for
from tests.retrieval.pages import text_of, url

MakeTask = Callable[..., RetrievalTask]
Queries = Callable[..., AbstractContextManager[object]]
MB = 1024 * 1024


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


def running(task: RetrievalTask, *, seconds: int = 100, **fields: object) -> RetrievalRun:
    """A run of this task that somebody works on."""
    now = timezone.now()
    RetrievalTask.objects.filter(pk=task.pk).update(lease_until=now + timedelta(minutes=1))
    return RetrievalRun.objects.create(
        task=task, fence=1, started_at=now - timedelta(seconds=seconds), **fields
    )


# ---- while it runs


def test_a_running_pull_tells_folder_bytes_rate_and_time_left(
    web: Client, make_task: MakeTask
) -> None:
    task = make_task()
    running(
        task, seconds=80, expected=4000, expected_bytes=400 * MB, stored=900, linked=100,
        bytes=100 * MB, folder_name="Archive/2019", phase="fetching",
    )  # fmt: skip
    text = text_of(web, task, "status")
    assert "Fetching Archive/2019" in text
    assert "1,000 of 4,000" in text
    assert "100.0 MB of 400.0 MB, 1.2 MB/s" in text
    # A quarter of the bytes took 80 seconds.
    assert "12/s, 4 min left" in text
    row = web.get(url("row", task)).content.decode()
    assert 'max="4000" value="1000"' in row
    assert 'aria-valuetext="1,000 of 4,000, 12/s, 4 min left"' in row


def test_a_first_pass_of_many_runs_goes_on_where_it_was(web: Client, make_task: MakeTask) -> None:
    task = make_task()
    at = timezone.now() - timedelta(minutes=10)
    for number in range(2):
        RetrievalRun.objects.create(
            task=task, fence=1, started_at=at + timedelta(seconds=number), ended_at=at,
            outcome="ok", expected=3000, stored=800, linked=150, skipped=50,
        )  # fmt: skip
    task.credential.changed_at = at - timedelta(hours=1)
    task.credential.save()
    running(task, expected=1000, stored=500)
    assert "2,500 of 3,000" in text_of(web, task, "row")
    RetrievalRun.objects.filter(outcome="running").update(outcome="ok")
    RetrievalTask.objects.update(lease_until=None, next_at=at)
    assert "Goes on in a moment" in text_of(web, task, "row")
    assert "Goes on in a moment" in text_of(web, task)
    running(task, expected=1000, stored=500)
    RetrievalRun.objects.filter(outcome="ok", expected=1000).delete()
    # Not where the pass is a later one, and not what belonged to another account.
    RetrievalTask.objects.update(first_pass_done_at=at)
    assert "500 of 1,000" in text_of(web, task, "row")
    RetrievalTask.objects.update(first_pass_done_at=None)
    task.credential.changed_at = timezone.now()
    task.credential.save()
    assert "500 of 1,000" in text_of(web, task, "row")


def test_many_running_tasks_cost_no_query_each(
    make_task: MakeTask, django_assert_num_queries: Queries
) -> None:
    tasks = [make_task() for _ in range(5)]
    for task in tasks:
        running(task, expected=10, stored=5)
        task.refresh_from_db()
    with django_assert_num_queries(4):
        rows = rows_for(tasks, now=timezone.now())
    assert {row.progress.done for row in rows if row.progress} == {5}
    with django_assert_num_queries(0):
        assert earlier([]) == {}


def test_what_is_not_known_is_not_made_up() -> None:
    now = timezone.now()
    start = now - timedelta(seconds=50)
    run = RetrievalRun(started_at=start, phase="listing")
    assert progress_of(run, now=now).left == "Looking at the folders"
    run = RetrievalRun(started_at=start, phase="removing", expected=5, stored=5)
    told = progress_of(run, now=now)
    assert (told.total, told.left) == (0, "Removing what is stored here from the server")
    # More came than was expected, and sizes were never told.
    run = RetrievalRun(started_at=start, expected=100, stored=120, bytes=5 * MB)
    told = progress_of(run, now=now)
    assert (told.done, told.total, told.amount) == (120, 120, "5.0\xa0MB")
    run = RetrievalRun(started_at=start, expected=100, stored=50)
    assert progress_of(run, now=now).right == "1/s, 50 s left"


def test_the_folder_being_fetched_is_counted_live_but_a_huge_one_is_not(
    make_task: MakeTask, django_assert_num_queries: Queries
) -> None:
    task = make_task()
    small = RemoteFolder.objects.create(
        task=task, raw_name=b"A", name="A", server_count=4, counts={"pending": 4}
    )
    RemoteFolder.objects.create(
        task=task, raw_name=b"B", name="B", server_count=COUNTED_LIVE + 1, counts={}
    )
    RemoteFolder.objects.create(
        task=task, raw_name=b"C", name="C", server_count=2, counts={"stored": 2}
    )
    for uid, state in enumerate(["stored", "stored", "stored", "pending"], start=1):
        RemoteMessage.objects.create(folder=small, generation=1, uid=uid, state=state)
    with django_assert_num_queries(2):
        found = {one.name: one for one in folders_of(task, fetching="A")}
    assert (found["A"].here, found["A"].words) == ("3", "Still fetching, newest first")
    assert (found["B"].here, found["B"].kind) == ("–", "run")  # noqa: RUF001 - no value
    assert (found["C"].here, found["C"].words) == ("2", "Complete")
    RemoteFolder.objects.filter(name="B").delete()
    with django_assert_num_queries(1):
        noted = folders_of(task)
    assert [one.here for one in noted] == ["0", "2"]


def test_a_folder_that_is_fetched_while_others_still_come_says_so(make_task: MakeTask) -> None:
    task = make_task()
    inbox = RemoteFolder.objects.create(task=task, raw_name=b"INBOX", name="INBOX")
    row = RemoteMessage.objects.create(folder=inbox, generation=1, uid=1, state="pending")
    told = folders_of(task, fetching="INBOX")[0]
    assert (told.there, told.here, told.words) == ("1", "0", "Still fetching, newest first")
    row.state = "stored"
    row.save()
    told = folders_of(task, fetching="Archive")[0]
    assert (told.there, told.here, told.words) == ("1", "1", "Fetched, not compared yet")
    assert told.is_open


# ---- when it is through


def test_completeness_is_one_sentence_for_all_folders(web: Client, make_task: MakeTask) -> None:
    task = make_task(first_pass_done_at=timezone.now())
    noted: dict[str, tuple[int, dict[str, int]]] = {
        "INBOX": (12_000, {"stored": 11_000, "linked": 998, "quarantined": 2, "vanished": 9}),
        "Travel": (403, {"stored": 400, "skipped": 3}),
        "Shrunk": (5, {"stored": 9}),
    }
    for name, (there, counts) in noted.items():
        RemoteFolder.objects.create(
            task=task, raw_name=name.encode(), name=name, server_count=there, counts=counts
        )
    text = text_of(web, task)
    words = "Complete: 12,403 of 12,408 messages; 2 could not be retrieved; "
    assert f"{words}3 are marked as deleted there." in text
    RemoteFolder.objects.filter(name="Travel").update(counts={"stored": 100, "pending": 303})
    assert "12,103 of 12,408 messages are here so far." in text_of(web, task)


def test_folders_that_are_gone_or_empty_keep_nothing_from_being_complete(
    make_task: MakeTask,
) -> None:
    task, now = make_task(), timezone.now()
    common = {"task": task, "checked_at": now}
    RemoteFolder.objects.create(
        raw_name=b"I", name="I", server_count=2, counts={"stored": 2}, **common
    )
    RemoteFolder.objects.create(
        raw_name=b"G", name="G", state="gone", server_count=9, counts={"stored": 4}, **common
    )
    RemoteFolder.objects.create(raw_name=b"E", name="E", **common)
    told = summary_of(folders_of(task))
    assert told is not None
    assert (told.is_complete, told.words) == (True, "Complete: 6 of 6 messages.")
    empty = folders_of(task)[0]
    assert (empty.name, empty.there, empty.words) == ("E", "0", "Complete")


def test_nothing_is_said_before_a_folder_was_looked_into(make_task: MakeTask) -> None:
    task = make_task()
    RemoteFolder.objects.create(task=task, raw_name=b"INBOX", name="INBOX")
    folders = folders_of(task)
    assert summary_of(folders) is None
    assert folders[0].words == "Not looked into yet"


def test_a_folder_in_trouble_says_so(web: Client, make_task: MakeTask) -> None:
    task = make_task()
    common = {"task": task, "server_count": 1, "counts": {"stored": 1}}
    RemoteFolder.objects.create(raw_name=b"P", name="P", state="parked", **common)
    RemoteFolder.objects.create(
        raw_name=b"U", name="U", state="unstable", cause_text="Renumbers its <b>mail</b>.", **common
    )
    source = web.get(url("detail", task)).content.decode()
    assert "The server does not open it. It is tried again later." in source
    assert "Renumbers its &lt;b&gt;mail&lt;/b&gt;." in source
