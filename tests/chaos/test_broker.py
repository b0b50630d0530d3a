"""The broker dies with every hint in it: the rows are still the queue."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.broker import PrivateBroker, bundled
from tests.chaos.conftest import Size
from tests.chaos.elsewhere import Elsewhere
from tests.chaos.mailbox import FOLDERS, Mailbox
from tests.chaos.proxy import Proxy
from tests.chaos.workers import ROOT, Workers
from tests.retrieval.conftest import Remote
from tests.waiting import wait_until
from webmail import processes

DISPATCH = (
    "import django; django.setup(); from retrieval.tasks import dispatch_due as d; print(d())"
)


class MortalBroker(PrivateBroker):
    """A broker that may be killed; the next one on its port knows nothing."""

    def die_and_forget(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(60)
        self.__enter__()


class Doors:
    """Keeps connections waiting for a greeting until told otherwise."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.knocked = threading.Event()

    def __call__(self, number: int) -> None:
        self.knocked.set()
        self.open.wait(25)


@contextmanager
def running(command: Sequence[str], environment: dict[str, str]) -> Iterator[None]:
    """A process for the length of the block."""
    process = subprocess.Popen(list(command), env=environment, cwd=ROOT)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def leases_run_out(data: Path) -> None:
    """As if the claims had been made long ago."""
    with sqlite3.connect(data / "tributary.sqlite3", timeout=30) as connection:
        changed = connection.execute(
            "UPDATE retrieval_retrievaltask"
            " SET lease_until = '2026-01-01 00:00:00', next_at = '2026-01-01 00:00:00'"
            " WHERE lease_until IS NOT NULL"
        )
        assert changed.rowcount == 1
    connection.close()


@pytest.mark.long
@pytest.mark.accept("A192", "A193")
def test_it_is_killed_with_a_hint_in_it_and_again_during_the_pull(
    remote: Remote, tmp_path: Path, size: Size, figure: Callable[[str], None]
) -> None:
    mailbox = Mailbox(remote, random.Random(size.seed), dict(FOLDERS))
    mailbox.fill(size.messages)
    doors = Doors()
    with (
        MortalBroker(bundled()) as broker,
        Proxy(remote.server.imap_port, doors) as proxy,
    ):
        there = Elsewhere(tmp_path, mailbox, BROKER_URL=broker.url)
        there.make("imap", proxy.port)
        dispatched = subprocess.run(
            [sys.executable, "-c", DISPATCH],
            env={**there.environment, "DJANGO_SETTINGS_MODULE": "webmail.settings"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert dispatched.stdout.strip() == "1"
        broker.die_and_forget()
        leases_run_out(tmp_path / "data")
        (tmp_path / "data" / "run").mkdir(exist_ok=True)
        worker = processes.worker(processes.QUEUES).command
        with (
            running(worker, there.environment),
            running(processes.beat().command, there.environment),
        ):
            assert wait_until(doors.knocked.is_set, "the task is claimed again")
            broker.die_and_forget()
            doors.open.set()
            wait_until(lambda: there.count() == mailbox.total, "all mail is here")
        with Workers(there.environment) as workers:
            there.check_complete(workers)
    figure(
        f"| imap, broker killed and emptied | 2 times, {mailbox.total} messages "
        "| 0 lost, 0 doubled |"
    )
