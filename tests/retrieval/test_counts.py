"""The counts of a folder: as the ledger has them, without counting all of it every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lib.checkpoints import set_hook
from retrieval.models import RemoteFolder, RemoteMessage, RetrievalTask
from retrieval.services import ledger, quarantine
from tests.retrieval.conftest import letter, run
from tests.retrieval.failing import HOUR
from tests.servers.acts import say
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer

MakeTask = Callable[..., RetrievalTask]


@pytest.fixture
def box(imap_server: ImapServer) -> Box:
    """The only folder there is, with ten messages."""
    imap_server.boxes = {"INBOX": Box({number: letter(number) for number in range(1, 11)})}
    return imap_server.boxes["INBOX"]


@pytest.fixture
def task(imap_server: ImapServer, odd_task: MakeTask, box: Box) -> RetrievalTask:
    return odd_task(imap_server)


def inbox(task: RetrievalTask) -> RemoteFolder:
    """The folder, whose counts have to be those of its ledger."""
    row = RemoteFolder.objects.get(task=task)
    states = ledger.of(row).values_list("state", flat=True)
    assert row.counts == Counter(states)
    return row


def counted(task: RetrievalTask, hours: int) -> list[str]:
    """The statements that counted in a run."""
    with CaptureQueriesContext(connection) as queries:
        run(task, later=timedelta(hours=hours))
    return [each["sql"] for each in queries if "COUNT(" in each["sql"] and "MIN(" in each["sql"]]


def test_only_what_is_new_is_counted(task: RetrievalTask, box: Box) -> None:
    assert all('"uid" >' not in sql for sql in counted(task, 0))
    assert inbox(task).counts == {"stored": 10}
    box.messages |= {number: letter(number) for number in (11, 12)}
    [sql] = counted(task, 2)
    assert '"uid" > 10' in sql
    assert inbox(task).counts == {"stored": 12}
    assert inbox(task).settled_uid == 12


def test_where_something_stayed_open_all_is_counted(
    task: RetrievalTask, box: Box, imap_server: ImapServer
) -> None:
    imap_server.refused.add(4)
    run(task)
    assert inbox(task).counts == {"stored": 9, "pending": 1}
    box.messages[11] = letter(11)
    assert all('"uid" >' not in sql for sql in counted(task, 2))
    assert inbox(task).counts == {"stored": 10, "pending": 1}
    run(task, later=30 * HOUR)
    assert inbox(task).counts == {"stored": 10, "quarantined": 1}
    # And what was set aside and is tried again.
    imap_server.refused.clear()
    assert quarantine.retry(task, now=timezone.now() + 31 * HOUR) == 1
    run(task, later=31 * HOUR)
    assert inbox(task).counts == {"stored": 11}


def test_what_is_tried_again_while_a_run_ends_is_counted(
    task: RetrievalTask, box: Box, imap_server: ImapServer
) -> None:
    imap_server.refused.add(4)
    for hours in (0, 2, 30):
        run(task, later=hours * HOUR)
    assert inbox(task).counts == {"stored": 9, "quarantined": 1}
    box.messages[11] = letter(11)

    def again(name: str) -> None:
        if name == "pull: committed":
            quarantine.retry(task, now=timezone.now() + 31 * HOUR)

    set_hook(again)
    try:
        run(task, later=31 * HOUR)
    finally:
        set_hook(None)
    assert inbox(task).counts == {"stored": 10, "pending": 1}
    assert inbox(task).settled_uid == 3


def test_a_folder_that_begins_anew_is_counted_anew(task: RetrievalTask, box: Box) -> None:
    run(task)
    box.uidvalidity = 8
    run(task, later=HOUR)
    assert RemoteMessage.objects.filter(folder__task=task).count() == 20
    assert sum(inbox(task).counts.values()) == 10
    box.messages[11] = letter(11)
    run(task, later=2 * HOUR)
    assert sum(inbox(task).counts.values()) == 11


def test_a_scan_that_did_not_account_for_everything_is_counted_anew(
    task: RetrievalTask, box: Box, imap_server: ImapServer
) -> None:
    run(task)
    box.messages |= {number: letter(number) for number in range(11, 15)}
    # It tells of one only, and of the rest later.
    imap_server.on("UID FETCH .*SIZE", say("* 1 FETCH (UID 11 RFC822.SIZE 9)\r\n%TAG% OK\r\n"))
    run(task, later=HOUR, expect_failure=True)
    inbox(task)
    imap_server.behave()
    run(task, later=9 * HOUR)
    assert sum(inbox(task).counts.values()) == 14
