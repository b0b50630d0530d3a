"""Folders seen for the first time: entered together, their numbers with what they number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import transaction

from accounts.models import User
from lib.checkpoints import set_hook
from retrieval import plan
from retrieval.models import RemoteFolder, RemoteMessage, RetrievalTask
from retrieval.services import ledger
from tests.retrieval.conftest import bodies, letter, run
from tests.servers.acts import cut, first
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer

MakeTask = Callable[..., RetrievalTask]


@pytest.fixture
def passed() -> Iterator[list[str]]:
    """The checkpoints a pull went through."""
    names: list[str] = []
    set_hook(names.append)
    yield names
    set_hook(None)


def test_all_are_entered_in_one_transaction(
    user: User, imap_server: ImapServer, odd_task: MakeTask, passed: list[str]
) -> None:
    """One for each would be a disk's turn for each before the first message is asked for."""
    numbers = range(1, 13)
    boxes = {f"Box {number}": Box({number: letter(number)}) for number in numbers}
    imap_server.boxes = {"INBOX": Box(), **boxes}
    assert run(odd_task(imap_server)).stored == 12
    before = [name for name in passed[: passed.index("pull: bodies durable")] if "pull" in name]
    assert before == ["pull: ledger settled"]
    scanned = RemoteFolder.objects.exclude(name="INBOX").values_list("uidnext_scanned", flat=True)
    assert sorted(scanned) == [number + 1 for number in numbers]
    assert len(bodies(user)) == 12


@pytest.mark.accept("A192")
@pytest.mark.django_db(transaction=True)
def test_a_number_becomes_visible_with_what_it_numbers(
    imap_server: ImapServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger that was begun and holds nothing would pass for a scan that found nothing."""
    monkeypatch.setattr("retrieval.services.discovery.WAITING", 10)
    monkeypatch.setattr(plan, "WINDOW", 10)
    imap_server.boxes = {"INBOX": Box({number: letter(number) for number in range(1, 41)})}
    task = odd_task(imap_server)
    seen: list[tuple[int | None, int]] = []

    def look() -> None:
        row = RemoteFolder.objects.get(task=task)
        seen.append((row.uidvalidity, RemoteMessage.objects.filter(folder=row).count()))

    insert = ledger.insert

    def insert_and_look(rows: list[ledger.New]) -> None:
        insert(rows)
        transaction.on_commit(look)

    monkeypatch.setattr(ledger, "insert", insert_and_look)
    assert run(task).stored == 40
    assert [count for _, count in seen] == [10, 20, 30, 40]
    assert {uidvalidity for uidvalidity, _ in seen} == {imap_server.boxes["INBOX"].uidvalidity}


def test_a_scan_that_told_nothing_leaves_nothing(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    box = Box({number: letter(number) for number in range(1, 6)})
    imap_server.boxes = {"INBOX": box}
    imap_server.on("UID FETCH .*SIZE", cut(0))
    task = odd_task(imap_server)
    run(task, expect_failure=True)
    assert RemoteFolder.objects.get(task=task).uidvalidity is None
    imap_server.behave()
    box.uidvalidity += 1
    assert run(task, later=timedelta(hours=1)).stored == 5
    row = RemoteFolder.objects.get(task=task)
    assert (row.uidvalidity, row.generation) == (box.uidvalidity, 1)
    assert len(bodies(user)) == 5


def test_numbers_given_out_anew_during_the_first_look(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """What the mailbox says when it is opened counts, not what the list said."""
    box = Box({number: letter(number) for number in range(1, 6)})
    imap_server.boxes = {"INBOX": box}

    def renumber() -> None:
        box.uidvalidity += 1
        box.messages = {uid + 100: raw for uid, raw in box.messages.items()}

    imap_server.on("^EXAMINE", first(renumber), times=1)
    task = odd_task(imap_server)
    assert run(task).stored == 5
    row = RemoteFolder.objects.get(task=task)
    assert row.uidvalidity == box.uidvalidity
    assert len(bodies(user)) == 5
