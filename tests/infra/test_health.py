"""What load balancers and containers ask."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from tests.broker import PrivateBroker, bundled
from tests.postgres import free_port
from webmail import health
from webmail.processes import QUEUES, beat, broker_program, web, worker
from webmail.supervisor import Child, pause_before_restart


def test_the_process_answers_without_database_or_sign_in(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.fixture
def all_there(blob_dir: Path) -> None:
    blob_dir.mkdir(exist_ok=True)


@pytest.mark.django_db
def test_ready_means_database_mail_store_and_broker(
    client: Client, settings: Settings, all_there: None
) -> None:
    with PrivateBroker(bundled()) as broker:
        settings.BROKER_URL = broker.url
        answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "mail_store": "ok", "broker": "ok"}


@pytest.mark.django_db
def test_a_missing_broker_is_named_and_no_more_told(
    client: Client, settings: Settings, all_there: None
) -> None:
    settings.BROKER_URL = f"redis://:hunter2@127.0.0.1:{free_port()}/0"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "mail_store": "ok", "broker": "failing"}
    assert b"hunter2" not in answer.content


@pytest.mark.django_db
def test_a_missing_mail_store_is_named(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.BLOB_DIR = tmp_path / "gone"
    assert client.get("/readyz").json()["mail_store"] == "failing"


def test_health_is_not_cached_and_only_read(client: Client) -> None:
    assert "no-store" in client.get("/healthz")["Cache-Control"]
    assert client.post("/healthz").status_code == 405


@pytest.mark.parametrize(
    ("allowed", "host", "name"),
    [
        (["localhost", "127.0.0.1"], "127.0.0.1", "127.0.0.1"),
        (["mail.example.test"], "127.0.0.1", "mail.example.test"),
        ([".example.test"], "0.0.0.0", "example.test"),
        (["*"], "127.0.0.1", "127.0.0.1"),
        ([], "localhost", "localhost"),
    ],
)
def test_the_name_asked_for_is_one_the_site_answers_to(
    allowed: list[str], host: str, name: str
) -> None:
    assert health.own_host(allowed, host) == name


def test_nobody_there_is_an_answer() -> None:
    assert not health.answers("127.0.0.1", free_port(), name="localhost")


def test_pauses_grow_to_half_a_minute() -> None:
    pauses = [pause_before_restart(failures) for failures in range(1, 10)]
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert pause_before_restart(1_000_000) == 30


@pytest.mark.parametrize(("lived", "pause"), [(59.0, 4.0), (61.0, 0.5)])
def test_a_good_life_forgives_earlier_failures(lived: float, pause: float) -> None:
    child = Child(beat(), started_at=100.0, failures=3)
    assert child.bury(now=100.0 + lived) == pause
    assert child.restart_at == 100.0 + lived + pause


def test_command_lines_hold_no_secret_and_no_embedded_clock() -> None:
    for process in (web("127.0.0.1", 8000), worker(QUEUES), beat()):
        line = " ".join(process.command)
        assert "://" not in line
        assert " -B" not in line
        assert "--beat" not in line
    assert Path(broker_program()).is_file()


def test_a_worker_listens_to_its_queues_only() -> None:
    command = list(worker(["polls", "imports"], name="retrieval").command)
    assert command[command.index("--queues") + 1] == "polls,imports"
    assert command[command.index("--concurrency") + 1] == "11"
