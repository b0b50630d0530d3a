"""`manage.py demo`: a newcomer finds mail, and nothing is left when it ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.infra.running import Installation
from tests.waiting import wait_until
from webmail.services import demo, workers


@pytest.fixture(scope="module")
def installation(server_folder: Path, lay_tables: Callable[[Path], None]) -> Iterator[Installation]:
    folder = server_folder / "demo"
    lay_tables(folder / "data")
    with Installation(folder / "data", ("demo",), DEMO_DIR=str(folder)) as running:
        yield running


def messages(installation: Installation) -> int:
    """How many messages Mara has."""
    stats = installation.answer("mailbox", "stats", f"mara@{demo.DOMAIN}")
    return sum(folder["messages"] for folder in stats)


def test_it_tells_where_and_who(installation: Installation) -> None:
    log = installation.log()
    assert f"http://localhost:{installation.port}/" in log
    for local in demo.PEOPLE:
        assert f"{local}@{demo.DOMAIN}" in log
    assert demo.PASSWORD in log
    assert demo.POP_USER in log


def test_there_is_somebody_of_every_role(installation: Installation) -> None:
    assert {person["role"] for person in installation.answer("user", "list")} == {
        "user",
        "domain-admin",
        "system-admin",
    }


def test_mail_of_the_other_account_arrives_by_itself(installation: Installation) -> None:
    wait_until(lambda: messages(installation) >= 300, "the external mailbox is here")


def test_the_clock_and_the_workers_say_that_they_live(
    installation: Installation, settings: Settings
) -> None:
    settings.BROKER_URL = f"redis+socket://{installation.data_dir}/run/valkey.sock"

    def missed() -> set[str]:
        state = workers.state(now=datetime.now(UTC))
        return {part.name for part in state.gone} if state.is_reached else {"broker"}

    wait_until(lambda: not missed(), "clock and workers were heard of")


def test_nothing_is_left_when_it_is_killed(installation: Installation) -> None:
    assert any("dovecot" in running.command for running in installation.processes())
    os.kill(installation.pid, signal.SIGKILL)
    installation.wait()
    wait_until(lambda: not installation.processes(), "every process has ended")


def test_a_second_start_goes_on_with_the_same_mail(installation: Installation) -> None:
    before = messages(installation)
    installation.start()
    assert messages(installation) == before
    assert len(installation.answer("user", "list")) == len(demo.PEOPLE)
    assert len(installation.answer("retrieval", "list", f"mara@{demo.DOMAIN}")) == 1


def test_it_stops_provider_and_all(installation: Installation) -> None:
    os.kill(installation.pid, signal.SIGINT)
    assert installation.wait() == 0
    assert installation.history()[-1] == ("provider", "stopped")
    assert installation.processes() == []
