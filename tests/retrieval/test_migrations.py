"""Rows of the first version: after the migrations nothing is fetched twice or lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

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


def test_everything_goes_on_where_it_was(remote: Remote, make_task: MakeTask) -> None:
    """An IMAP mailbox, one message of it still open, a maildrop, and a paused task.

    One test, since migrating back and forth takes long.
    """
    remote.fill([1, 2, 3])
    remote.fill([4, 5], "Archive")
    imap = make_task(host="LocalHost")
    run(imap)
    pop = make_task("pop", leave_on_server=True)
    run(pop)
    paused = make_task(state="paused", next_at=None)
    assert Message.objects.count() == 8
    still_open = RemoteMessage.objects.latest("uid")
    assert still_open.message is not None
    still_open.message.delete()
    pending = {"state": "pending", "sha256": None, "message": None}
    RemoteMessage.objects.filter(pk=still_open.pk).update(**pending)
    places = list(RemoteMessage.objects.order_by("pk").values_list("pk", "uid", "state"))
    heads = list(PopMessage.objects.order_by("pk").values_list("pk", "key", "state"))
    assert len(heads) == 3

    go_back_and_forth()

    imap.refresh_from_db()
    pop.refresh_from_db()
    assert (imap.provider_key, imap.push_enabled, imap.budget_bytes) == ("localhost", True, 0)
    rows = RemoteMessage.objects.order_by("pk").values_list("pk", "uid", "state")
    assert list(rows) == places
    assert set(RemoteFolder.objects.values_list("settled_uid", flat=True)) == {0}
    claims = dispatch.claim_due(now=timezone.now() + timedelta(hours=1))
    assert {claim.task_id for claim in claims} == {imap.pk, pop.pk}
    paused.refresh_from_db()
    assert paused.state == "paused"
    RetrievalTask.objects.update(lease_until=None)
    assert run(imap).stored == 1
    assert set(RemoteMessage.objects.values_list("state", flat=True)) == {"stored"}
    assert run(imap).stored == 0
    remote.fill([6], "Archive")
    assert run(imap).stored == 1
    remote.fill([7])
    assert run(pop).stored == 1
    after = PopMessage.objects.order_by("pk").values_list("pk", "key", "state")
    assert list(after)[:3] == heads
    assert Message.objects.count() == 10
