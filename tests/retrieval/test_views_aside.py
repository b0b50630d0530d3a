"""What could not be retrieved: the list, trying again, and who may."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from mailstore.models import Message
from retrieval.completeness import folders_of
from retrieval.models import PopMessage, RemoteFolder, RemoteMessage, RetrievalTask
from tests.retrieval.conftest import Remote, letter, run
from tests.retrieval.pages import text_of, url

MakeTask = Callable[..., RetrievalTask]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


def aside(task: RetrievalTask, **fields: object) -> RemoteMessage:
    """A message of the folder Archive that was not retrieved."""
    folder, _ = RemoteFolder.objects.get_or_create(task=task, raw_name=b"Archive", name="Archive")
    uid = RemoteMessage.objects.count() + 1
    values: dict[str, object] = {"state": "quarantined", "attempts": 3}
    return RemoteMessage.objects.create(folder=folder, generation=1, uid=uid, **(values | fields))


def retry(web: Client, task: RetrievalTask, row: RemoteMessage | PopMessage) -> int:
    address = f"{url('retry-all', task)}{row.pk}/"
    return web.post(address, {"from": "detail"}, headers=HTMX).status_code


def test_what_the_next_run_tries_anyway_has_no_button(web: Client, make_task: MakeTask) -> None:
    task, now = make_task(), timezone.now()
    due = aside(task, state="pending", attempts=1, next_try_at=now - timedelta(minutes=1))
    later = aside(task, state="pending", attempts=1, next_try_at=now + timedelta(hours=1))
    source = web.get(url("detail", task)).content.decode()
    assert "again in the next run" in source
    assert f"{url('retry-all', task)}{due.pk}/" not in source
    assert f"{url('retry-all', task)}{later.pk}/" in source
    assert retry(web, task, later) == 200


def test_each_message_is_told_with_folder_date_size_reason_and_tries(
    web: Client, make_task: MakeTask, settings: Settings
) -> None:
    settings.MAX_MESSAGE_SIZE = 150 * 1024 * 1024
    task, now = make_task(), timezone.now()
    at = now - timedelta(days=700)
    aside(task, size=88_000, internal_at=at, error="Cut off <b>there</b>.", attempts=3)
    aside(task, state="too-big", size=400 * 1024 * 1024, attempts=0)
    aside(task, state="pending", attempts=1, next_try_at=now + timedelta(days=2))
    aside(task, state="pending", attempts=2, next_try_at=now - timedelta(minutes=1))
    aside(task, state="pending", attempts=0)
    aside(task, state="stored", attempts=2)
    source = web.get(url("detail", task)).content.decode()
    text = text_of(web, task)
    assert "Archive, message 1" in text
    assert f"{at:%b %Y}" in text
    assert "85.9\xa0KB" in source
    assert "Cut off &lt;b&gt;there&lt;/b&gt;." in source
    assert "Tried 3 times" in text
    assert "It is larger than 150.0 MB, the most that is fetched here." in text
    assert "Tried once, again at " in text
    assert "Tried 2 times, again in the next run" in text
    assert "Archive, message 5" not in text
    assert "Archive, message 6" not in text
    assert "Quarantine 4" in text


def test_nothing_set_aside_is_said_after_the_first_pass(
    web: Client, make_task: MakeTask, remote: Remote
) -> None:
    task = make_task()
    assert "Nothing is set aside" not in text_of(web, task)
    remote.fill(range(2))
    run(task)
    assert "Nothing is set aside: no message failed to arrive." in text_of(web, task)


def test_one_message_is_tried_again_at_once(
    web: Client, make_task: MakeTask, remote: Remote, user: User
) -> None:
    remote.fill(range(3))
    task = make_task()
    run(task)
    lost = RemoteMessage.objects.order_by("uid")[1]
    assert lost.message is not None
    lost.message.delete()
    RemoteMessage.objects.filter(pk=lost.pk).update(
        state="quarantined", sha256=None, attempts=3, error="Cut off there."
    )
    RetrievalTask.objects.update(next_at=None)
    response = web.post(f"{url('retry-all', task)}{lost.pk}/", {"from": "detail"}, headers=HTMX)
    assert json.loads(response["HX-Trigger"])["toast"]["text"] == "The message is tried again."
    assert "Starts in a moment" in response.content.decode()
    task.refresh_from_db()
    run(task)
    lost.refresh_from_db()
    assert lost.state in ("stored", "linked")
    assert Message.objects.filter(user=user).count() == 3
    assert "Nothing is set aside" in text_of(web, task)


def test_a_folder_forgets_what_was_set_aside_when_it_is_tried_again(
    web: Client, make_task: MakeTask
) -> None:
    task = make_task()
    row = aside(task)
    RemoteFolder.objects.update(counts={"quarantined": 1}, server_count=1)
    assert retry(web, task, row) == 200
    (folder,) = folders_of(RetrievalTask.objects.get(pk=task.pk))
    assert (folder.failed, folder.pending) == (0, 1)


def test_all_are_tried_again_but_nothing_else(web: Client, make_task: MakeTask) -> None:
    task, other = make_task(next_at=None), make_task(next_at=None)
    kept = [aside(task, state="stored"), aside(task, state="skipped"), aside(other)]
    aside(task)
    aside(task, state="too-big", attempts=0)
    page = web.post(url("retry-all", task), follow=True).content.decode()
    assert "2 messages are tried again." in page
    states = RemoteMessage.objects.filter(folder__task=task).values_list("state", flat=True)
    assert sorted(states) == ["pending", "pending", "skipped", "stored"]
    assert [RemoteMessage.objects.get(pk=one.pk).state for one in kept] == [
        "stored",
        "skipped",
        "quarantined",
    ]
    task.refresh_from_db()
    other.refresh_from_db()
    assert task.next_at is not None
    assert other.next_at is None
    again = web.post(url("retry-all", task), follow=True).content.decode()
    assert "There is nothing to try again." in again


def test_pop_messages_are_tried_again_too(web: Client, make_task: MakeTask) -> None:
    task = make_task("pop", next_at=None)
    odd = PopMessage.objects.create(task=task, key="uidl-7", state="quarantined", attempts=3)
    PopMessage.objects.create(task=task, key="uidl-8", state="stored")
    assert "Message uidl-7" in text_of(web, task)
    assert retry(web, task, odd) == 200
    odd.refresh_from_db()
    assert (odd.state, odd.attempts) == ("pending", 0)


@pytest.mark.parametrize("kind", ["imap", "pop"])
def test_too_large_messages_come_once_larger_ones_are_allowed(
    web: Client, make_task: MakeTask, remote: Remote, user: User, settings: Settings, kind: str
) -> None:
    settings.MAX_MESSAGE_SIZE = 2000
    remote.put(letter(1))
    remote.put(letter(2, body="x" * 5000))
    task = make_task(kind, leave_on_server=True)
    run(task)
    assert Message.objects.filter(user=user).count() == 1
    assert "It is larger than 2.0 KB, the most that is fetched here." in text_of(web, task)
    # The limit is the operator's: asking again does not get around it.
    assert "Retry" not in text_of(web, task)
    web.post(url("retry-all", task))
    ledger = RemoteMessage if kind == "imap" else PopMessage
    assert retry(web, task, ledger.objects.get(state="too-big")) == 404
    run(task)
    assert "It is larger than 2.0 KB" in text_of(web, task)
    settings.MAX_MESSAGE_SIZE = 20_000
    assert "It was larger than what was fetched here then." in text_of(web, task)
    web.post(url("retry-all", task))
    run(task)
    assert Message.objects.filter(user=user).count() == 2
    assert "Nothing is set aside" in text_of(web, task)


def test_only_what_is_set_aside_in_ones_own_task_can_be_retried(
    web: Client, make_task: MakeTask, other_user: User, client_for: Callable[[User], Client]
) -> None:
    task, twin = make_task(), make_task()
    odd, stored = aside(task), aside(task, state="stored")
    assert retry(web, twin, odd) == 404
    assert retry(web, task, stored) == 404
    assert retry(client_for(other_user), task, odd) == 404
    assert client_for(other_user).post(url("retry-all", task)).status_code == 404
    odd.refresh_from_db()
    assert odd.state == "quarantined"


@pytest.mark.parametrize("state", ["paused", "needs-password"])
def test_a_task_that_does_not_run_is_not_started_by_a_retry(
    web: Client, make_task: MakeTask, state: str
) -> None:
    task = make_task(state=state, next_at=None)
    aside(task)
    page = web.post(url("retry-all", task), follow=True).content.decode()
    assert "That happens when the task runs again." in page
    task.refresh_from_db()
    assert (task.state, task.next_at) == (state, None)
    assert RemoteMessage.objects.get().state == "pending"


def test_the_list_of_tasks_tells_how_many_are_set_aside(web: Client, make_task: MakeTask) -> None:
    imap, pop, fine = make_task(), make_task("pop"), make_task()
    aside(imap)
    aside(imap, state="too-big", attempts=0)
    aside(imap, state="pending", attempts=1, next_try_at=timezone.now() + timedelta(hours=1))
    aside(fine, state="stored")
    PopMessage.objects.create(task=pop, key="k", state="quarantined")
    for task, words in ((imap, "2 messages could not be"), (pop, "1 message could not be")):
        assert words in text_of(web, task, "row")
    assert "could not be" not in text_of(web, fine, "row")


def test_a_long_list_is_cut_and_says_so(
    web: Client,
    make_task: MakeTask,
    django_assert_max_num_queries: Callable[..., AbstractContextManager[object]],
) -> None:
    task = make_task()
    first = aside(task)
    RemoteMessage.objects.bulk_create(
        RemoteMessage(folder=first.folder, generation=1, uid=uid, state="quarantined")
        for uid in range(10, 130)
    )
    with django_assert_max_num_queries(30):
        text = text_of(web, task)
    assert "21 more messages are not shown." in text
    assert "Quarantine 121" in text
