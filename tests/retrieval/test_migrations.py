"""Rows of the first version: after the migrations nothing is fetched twice or lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from mailstore.models import Message
from retrieval.models import PopMessage, RemoteFolder, RemoteMessage, RetrievalTask
from retrieval.services import dispatch
from tests.retrieval.conftest import Remote, run

pytestmark = pytest.mark.django_db(transaction=True)
MakeTask = Callable[..., RetrievalTask]
FIRST = ("retrieval", "0001_initial")


@pytest.fixture(autouse=True)
def as_it_is_now() -> Iterator[None]:
    yield
    call_command("migrate", "retrieval", verbosity=0)


def go_back_and_forth() -> None:
    """Leave of every row what the first version knew, then bring the tables up to date."""
    MigrationExecutor(connection).migrate([FIRST])
    with connection.cursor() as cursor:
        names = {
            column.name
            for column in connection.introspection.get_table_description(
                cursor, "retrieval_retrievaltask"
            )
        }
    assert "slice_bytes" in names
    assert "provider_key" not in names
    call_command("migrate", "retrieval", verbosity=0)


def test_an_imap_mailbox_goes_on_where_it_was(remote: Remote, make_task: MakeTask) -> None:
    remote.fill([1, 2, 3])
    remote.fill([4, 5], "Archive")
    task = make_task(host="LocalHost")
    run(task)
    assert Message.objects.count() == 5
    before = list(RemoteMessage.objects.order_by("pk").values_list("pk", "uid", "state"))
    go_back_and_forth()
    task.refresh_from_db()
    assert (task.provider_key, task.push_enabled, task.budget_bytes) == ("localhost", True, 0)
    assert list(RemoteMessage.objects.order_by("pk").values_list("pk", "uid", "state")) == before
    assert set(RemoteFolder.objects.values_list("settled_uid", flat=True)) == {0}
    assert run(task).stored == 0
    remote.fill([6], "Archive")
    assert run(task).stored == 1
    assert Message.objects.count() == 6


def test_an_imap_message_that_was_open_is_fetched(remote: Remote, make_task: MakeTask) -> None:
    remote.fill([1, 2, 3])
    task = make_task()
    run(task)
    row = RemoteMessage.objects.latest("uid")
    assert row.message is not None
    row.message.delete()
    RemoteMessage.objects.filter(pk=row.pk).update(state="pending", sha256=None, message=None)
    go_back_and_forth()
    task.refresh_from_db()
    run(task)
    assert Message.objects.count() == 3
    assert set(RemoteMessage.objects.values_list("state", flat=True)) == {"stored"}


def test_a_maildrop_goes_on_where_it_was(remote: Remote, make_task: MakeTask) -> None:
    remote.fill([1, 2, 3])
    task = make_task("pop", leave_on_server=True)
    run(task)
    before = list(PopMessage.objects.order_by("pk").values_list("pk", "key", "state"))
    assert len(before) == 3
    go_back_and_forth()
    task.refresh_from_db()
    remote.fill([4])
    assert run(task).stored == 1
    rows = PopMessage.objects.order_by("pk").values_list("pk", "key", "state")
    assert list(rows)[:3] == before
    assert Message.objects.count() == 4


def test_tasks_of_before_are_claimed(remote: Remote, make_task: MakeTask) -> None:
    task, paused = make_task(), make_task(state="paused", next_at=None)
    go_back_and_forth()
    claims = dispatch.claim_due(now=timezone.now())
    assert [claim.task_id for claim in claims] == [task.pk]
    paused.refresh_from_db()
    assert paused.state == "paused"
