"""Batches that wait are stored in one transaction; where one trips us, each has its own again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

import pytest

from accounts.models import User
from lib.checkpoints import set_hook
from mailstore.models import Message
from retrieval.models import RetrievalTask
from tests.retrieval.conftest import letter, run
from tests.servers.base import Server
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer
from tests.servers.pop import PopServer
from tests.waiting import wait_until

MakeTask = Callable[..., RetrievalTask]
MESSAGES = 300  # six batches
FOLDERS = {"INBOX": range(1, 111), "Work": range(111, 211), "Home": range(211, MESSAGES + 1)}

pytestmark = pytest.mark.django_db(transaction=True)


def _box(numbers: Iterable[int]) -> Box:
    return Box({number: letter(number) for number in numbers})


@pytest.fixture(params=["imap", "pop"])
def server(
    request: pytest.FixtureRequest, imap_server: ImapServer, pop_server: PopServer
) -> Server:
    imap_server.boxes = {"INBOX": _box(range(1, MESSAGES + 1))}
    pop_server.drop = [(str(number), letter(number)) for number in range(1, MESSAGES + 1)]
    return imap_server if request.param == "imap" else pop_server


class Commits:
    """What every transaction that stores mail has stored. Each waits for batches behind it."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.counts: list[int] = []
        self.broken = 0
        self.trip_above = MESSAGES

    def hear(self, name: str) -> None:
        if not name.startswith("pull:"):
            return  # of a thread that writes files and would keep a connection of its own
        here = Message.objects.filter(user=self.user).count() - sum(self.counts)
        if name == "pull: bodies durable" and not self.counts:
            wait_until(_are_two_waiting, "two batches wait to be stored")
        elif name == "pull: filed, not committed" and here > self.trip_above:
            self.broken += 1
            raise ValueError("a message nobody foresaw")
        elif name == "pull: committed":
            self.counts.append(here)


def _are_two_waiting() -> bool:
    readers = [one for one in threading.enumerate() if one.name == "reads-ahead"]
    return any(one.waiting >= 2 for one in readers)  # type: ignore[attr-defined]  # a Thread to the type checker; only readers have this name


@pytest.fixture
def commits(user: User) -> Iterator[Commits]:
    heard = Commits(user)
    set_hook(heard.hear)
    yield heard
    set_hook(None)


def test_what_waits_is_stored_in_one_transaction(
    server: Server, odd_task: MakeTask, commits: Commits
) -> None:
    assert run(odd_task(server)).stored == MESSAGES
    # What waited while the first was stored, and not much more.
    assert commits.counts[1] == 100
    assert max(commits.counts) < 150
    assert sum(commits.counts) == Message.objects.count() == MESSAGES


def test_each_message_is_in_its_own_folder(imap_server: ImapServer, odd_task: MakeTask) -> None:
    imap_server.boxes = {name: _box(numbers) for name, numbers in FOLDERS.items()}
    task = odd_task(imap_server)
    assert run(task).stored == MESSAGES
    for folder in task.folders.all():
        there = Message.objects.filter(folder=folder.local)
        subjects = set(there.values_list("subject", flat=True))
        assert subjects == {f"Letter {number}" for number in FOLDERS[folder.name]}, folder.name


def test_what_trips_us_together_is_stored_one_by_one(
    server: Server, odd_task: MakeTask, commits: Commits
) -> None:
    commits.trip_above = 50
    assert run(odd_task(server)).stored == MESSAGES
    assert commits.broken
    assert max(commits.counts) <= 50
    assert sum(commits.counts) == Message.objects.count() == MESSAGES
