"""Options, fixtures and the table of figures of the chaos tests."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from retrieval.models import Provider, RemoteFolder, RemoteMessage, RetrievalTask
from tests.chaos.mailbox import FOLDERS, Mailbox
from tests.chaos.workers import Workers
from tests.retrieval.conftest import (  # noqa: F401 # fixtures are found by their names here
    Remote,
    make_task,
    remote,
)

_figures: list[str] = []


@dataclass(frozen=True)
class Size:
    """How much chaos this run makes."""

    seed: int
    kills: int
    cuts: int
    messages: int


@pytest.fixture(scope="session")
def size(pytestconfig: pytest.Config) -> Size:
    """What ``--seed``, ``--kills``, ``--cuts`` and ``--messages`` ask for."""
    return Size(**{name: pytestconfig.getoption(f"--{name}") for name in Size.__annotations__})


@pytest.fixture
def figure() -> Callable[[str], None]:
    """Adds a row to the table at the end of the run."""
    return _figures.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _figures:
        terminalreporter.write_line("")
        terminalreporter.write_line("| what | how often | ended with |")
        terminalreporter.write_line("| --- | --- | --- |")
        for line in _figures:
            terminalreporter.write_line(line)


@pytest.fixture
def workers(remote: Remote) -> Iterator[Workers]:  # noqa: F811 # a fixture takes the others' names
    """Processes that pull, on the database of this test."""
    with Workers() as running:
        yield running


@pytest.fixture
def make_mailbox(remote: Remote, size: Size) -> Callable[[RetrievalTask], Mailbox]:  # noqa: F811 # the same
    """The remote mailbox of a task, with nothing in it yet; POP3 knows the Inbox only."""

    def make(task: RetrievalTask) -> Mailbox:
        folders = dict(FOLDERS) if task.type == "imap" else {"INBOX": 1}
        return Mailbox(remote, random.Random(size.seed), folders)

    return make


def time_passes(task: RetrievalTask) -> None:
    """As if some hours had gone by: leases have run out, and every wait is over."""
    RetrievalTask.objects.filter(pk=task.pk).update(lease_until=None, slowed_until=None)
    Provider.objects.all().delete()
    RemoteMessage.objects.filter(folder__task=task).update(next_try_at=None)
    RemoteFolder.objects.filter(task=task).update(parked_until=None)
    task.pop_ledger.update(next_try_at=None)
