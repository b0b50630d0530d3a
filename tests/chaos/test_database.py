"""PostgreSQL crashes in the middle of a pull and comes back."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.chaos.conftest import Size
from tests.chaos.elsewhere import Elsewhere
from tests.chaos.mailbox import Mailbox
from tests.chaos.test_kills import STEPS
from tests.chaos.workers import Workers
from tests.postgres import PrivatePostgres
from tests.retrieval.conftest import Remote


class MortalPostgres(PrivatePostgres):
    """A cluster that keeps its word about what was committed, and may be crashed."""

    def be_durable(self) -> None:
        with (self.folder / "data" / "postgresql.conf").open("a") as config:
            config.write("fsync = on\nsynchronous_commit = on\nfull_page_writes = on\n")
        self.crash()
        self.start()

    def crash(self) -> None:
        """End it without any tidying; the next start recovers from the log."""
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        self._control("start", "-w", "-l", str(self.folder / "log"))

    def time_passes(self) -> None:
        """As `tests.chaos.conftest.time_passes`."""
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "UPDATE retrieval_retrievaltask SET lease_until = NULL, slowed_until = NULL"
            )
            connection.execute("UPDATE retrieval_remotemessage SET next_try_at = NULL")
            connection.execute("UPDATE retrieval_popmessage SET next_try_at = NULL")
            connection.execute("DELETE FROM retrieval_provider")


@pytest.fixture
def mortal() -> Iterator[MortalPostgres]:
    with MortalPostgres() as postgres:
        postgres.be_durable()
        yield postgres


@pytest.mark.long
@pytest.mark.accept("A191", "A192", "A193")
def test_it_crashes_at_every_checkpoint(
    mortal: MortalPostgres,
    remote: Remote,
    tmp_path: Path,
    size: Size,
    figure: Callable[[str], None],
) -> None:
    """With POP3, where mail is also removed from the other server."""
    mailbox = Mailbox(remote, random.Random(size.seed), {"INBOX": 1})
    there = Elsewhere(tmp_path, mailbox, DATABASE_URL=mortal.url)
    there.make("pop", remote.server.pop3_port)
    with Workers(there.environment) as workers:
        for name in sorted(STEPS["pop"]):
            mailbox.fill(6)
            worker = workers.start(1, at=name, signal=signal.SIGSTOP)
            assert worker.wait_until_asleep() == name
            mortal.crash()
            mortal.start()
            # Its connection is broken, and what it had not committed is forgotten.
            worker.signal(signal.SIGCONT)
            worker.wait()
            there.check_at_death(workers)
            mortal.time_passes()
        assert workers.start(1).wait().last == "ok"
        there.check_complete(workers)
    figure(
        f"| pop, PostgreSQL crashed and restarted | {len(STEPS['pop'])} times | 0 lost, 0 doubled |"
    )
