"""`manage.py retrieval` for what the engine did and what it set aside."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from retrieval.models import RemoteFolder, RemoteMessage, RetrievalRun, RetrievalTask
from tests.retrieval.conftest import Remote, run

MakeTask = Callable[..., RetrievalTask]


def command(*words: object) -> Any:
    out = io.StringIO()
    call_command("retrieval", *(str(word) for word in words), "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def troubled(make_task: MakeTask) -> RetrievalTask:
    """A task that could not retrieve two of its five messages."""
    task = make_task(next_at=None)
    inbox = RemoteFolder.objects.create(
        task=task, raw_name=b"INBOX", name="INBOX", server_count=5,
        counts={"stored": 3, "quarantined": 1, "too-big": 1},
    )  # fmt: skip
    for uid, state in enumerate(["stored", "stored", "stored", "quarantined", "too-big"], start=1):
        RemoteMessage.objects.create(
            folder=inbox, generation=1, uid=uid, state=state, attempts=3, error="Cut off there."
        )
    return task


def test_show_tells_what_is_complete_and_what_is_set_aside(
    make_task: MakeTask, remote: Remote, troubled: RetrievalTask
) -> None:
    remote.fill(range(3))
    fine = make_task()
    run(fine)
    shown = command("show", fine.pk)
    assert shown["complete"] is True
    assert shown["completeness"] == "Complete: 3 of 3 messages."
    inbox = next(folder for folder in shown["folders"] if folder["name"] == "INBOX")
    assert (inbox["server"], inbox["here"], inbox["pending"]) == (3, 3, 0)
    assert shown["quarantine"] == []
    shown = command("show", troubled.pk)
    assert shown["completeness"] == "Complete: 3 of 5 messages; 2 could not be retrieved."
    assert [item["title"] for item in shown["quarantine"]] == [
        "INBOX, message 5",
        "INBOX, message 4",
    ]
    assert shown["quarantine"][1]["reason"] == "Cut off there."


def test_retry_opens_one_message_or_all_and_makes_the_task_due(troubled: RetrievalTask) -> None:
    odd = RemoteMessage.objects.get(state="quarantined")
    assert command("retry", troubled.pk, "--message", odd.pk) == {
        "task": troubled.pk,
        "messages": 1,
        "due": True,
    }
    odd.refresh_from_db()
    assert (odd.state, odd.attempts) == ("pending", 0)
    troubled.refresh_from_db()
    assert troubled.next_at is not None
    assert command("retry", troubled.pk)["messages"] == 1
    assert not RemoteMessage.objects.exclude(state__in=["stored", "pending"]).exists()
    assert command("retry", troubled.pk) == {"task": troubled.pk, "messages": 0, "due": False}


def test_retry_of_what_is_not_set_aside_fails(troubled: RetrievalTask, make_task: MakeTask) -> None:
    stored = RemoteMessage.objects.filter(state="stored").first()
    odd = RemoteMessage.objects.get(state="quarantined")
    other = make_task()
    for task, message in ((troubled, stored), (other, odd)):
        assert message is not None
        with pytest.raises(CommandError, match="no such message"):
            command("retry", task.pk, "--message", message.pk)
    assert RemoteMessage.objects.filter(state="quarantined").count() == 1


def test_a_paused_task_stays_paused(troubled: RetrievalTask) -> None:
    RetrievalTask.objects.update(state="paused")
    assert command("retry", troubled.pk) == {"task": troubled.pk, "messages": 2, "due": False}
    troubled.refresh_from_db()
    assert troubled.next_at is None


def test_only_resume_ends_a_pause(make_task: MakeTask, remote: Remote) -> None:
    remote.fill(range(3))
    task = make_task()
    assert command("pause", task.pk)["state"] == "paused"
    with pytest.raises(CommandError, match="Resume it first"):
        command("run", task.pk)
    task.refresh_from_db()
    assert (task.state, task.next_at) == ("paused", None)
    assert not task.runs.exists()
    command("resume", task.pk)
    assert command("run", task.pk)["stored"] == 3


def test_listening_is_switched_per_task(make_task: MakeTask) -> None:
    task, other = make_task(), make_task()
    assert command("set", task.pk, "--push", "off") == {"id": task.pk, "push": False}
    assert command("show", task.pk)["push"] is False
    assert command("show", other.pk)["push"] is True
    assert command("set", task.pk, "--push", "on")["push"] is True
    with pytest.raises(CommandError):
        command("set", task.pk)


def test_the_history_is_told_newest_first(make_task: MakeTask) -> None:
    task, now = make_task(), timezone.now()
    for minutes, outcome, cause in ((30, "ok", ""), (20, "waited", "daily-budget")):
        at = now - timedelta(minutes=minutes)
        RetrievalRun.objects.create(
            task=task, fence=1, started_at=at, ended_at=at + timedelta(seconds=4),
            outcome=outcome, cause=cause, expected=40, stored=12, bytes=9000,
        )  # fmt: skip
    runs = command("runs", task.pk)
    assert [(one["outcome"], one["cause"]) for one in runs] == [
        ("waited", "daily-budget"),
        ("ok", None),
    ]
    assert (runs[0]["expected"], runs[0]["stored"], runs[0]["seconds"]) == (40, 12, 4.0)
    assert len(command("runs", task.pk, "--limit", 1)) == 1
    with pytest.raises(CommandError, match="limit"):
        command("runs", task.pk, "--limit", 0)


def test_providers_are_listed_with_their_tasks(make_task: MakeTask) -> None:
    make_task(provider_key="localhost", fail_count=2)
    make_task(provider_key="localhost")
    listed = command("hosts")
    assert [(row["provider_key"], row["tasks"], row["failing"]) for row in listed] == [
        ("localhost", 2, 1)
    ]
