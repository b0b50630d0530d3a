"""`manage.py serve` on this machine, with its parts killed one after the other."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from redis.exceptions import RedisError

from tests.infra.running import Installation, manage
from tests.waiting import wait_until

WORKERS = ["worker polls", "worker imports", "worker rest"]
PARTS = ["broker", *WORKERS, "beat", "listener", "web"]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("serve") / "data") as running:
        yield running


def workers(installation: Installation) -> set[str]:
    """The workers that answer through the broker."""
    app = Celery(broker=f"redis+socket://{installation.data_dir}/run/valkey.sock")
    try:
        answers = app.control.ping(timeout=2.0, limit=len(WORKERS))
    except (OSError, RedisError):
        return set()
    finally:
        app.close()
    return {name.partition("@")[0] for answer in answers for name in answer}


def all_well(installation: Installation) -> bool:
    status, _ = installation.get("/readyz")
    return status == 200 and workers(installation) == {"polls", "imports", "rest"}


def test_it_starts_everything_and_says_where(installation: Installation) -> None:
    assert f"ready at http://localhost:{installation.port}/" in installation.log()
    assert sorted(installation.children()) == sorted(PARTS)
    wait_until(lambda: all_well(installation), "web and workers answer")


def test_the_first_start_makes_an_administrator(installation: Installation) -> None:
    people = installation.answer("user", "list")
    assert [(person["email"], person["role"]) for person in people] == [
        ("admin@tributary.localhost", "system-admin")
    ]
    shown = re.findall(r"with the password (\S+) ", installation.log())
    assert len(shown) == 1
    stored = b"".join(path.read_bytes() for path in installation.data_dir.glob("*.sqlite3*"))
    assert shown[0].encode() not in stored


def test_secrets_are_readable_by_their_owner_only(installation: Installation) -> None:
    secrets = list((installation.data_dir / "secrets").iterdir())
    assert {path.name for path in secrets} == {"secret_key", "credential_keys"}
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}


def test_a_second_start_with_the_same_data_is_refused(installation: Installation) -> None:
    done = manage("serve", "--port", "1", env=installation.environment)
    assert done.returncode == 1
    assert done.stderr == (
        f"Tributary already runs with the data in {installation.data_dir}"
        f" (process {installation.pid}).\n"
    )


def test_a_taken_port_is_told_in_one_sentence(installation: Installation, tmp_path: Path) -> None:
    environment = {**installation.environment, "DATA_DIR": str(tmp_path / "other")}
    done = manage("serve", "--port", str(installation.port), env=environment)
    assert done.returncode == 1
    assert done.stderr == (
        f"Port {installation.port} on 127.0.0.1 is in use: choose another one with --port.\n"
    )


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_comes_back(installation: Installation, part: str) -> None:
    before = wait_until(lambda: installation.children().get(part, 0), f"{part} runs")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: installation.children().get(part, before) != before, f"{part} runs again")
    wait_until(lambda: all_well(installation), "web and workers answer again")
    wait_until(lambda: sorted(installation.children()) == sorted(PARTS), "each part runs once")


def test_it_stops_in_order_and_leaves_nothing_behind(installation: Installation) -> None:
    os.kill(installation.pid, signal.SIGTERM)
    assert installation.wait() == 0
    stops = [name for name, what in installation.history() if what == "stopped"]
    assert stops == ["web", "listener", "beat", *reversed(WORKERS), "broker"]
    assert installation.processes() == []


def test_a_second_start_keeps_the_people(installation: Installation) -> None:
    installation.start()
    assert len(re.findall(r"with the password", installation.log())) == 1
    assert len(installation.answer("user", "list")) == 1


def test_a_killed_supervisor_leaves_no_orphans(installation: Installation) -> None:
    assert len(installation.children()) == len(PARTS)
    os.kill(installation.pid, signal.SIGKILL)
    installation.wait()
    wait_until(lambda: not installation.processes(), "every process has ended")
