"""A worker that dies at any numbered step loses nothing, doubles nothing, removes nothing early."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from retrieval.models import RetrievalTask
from tests.retrieval.conftest import Remote, bodies, run

MOST_STEPS = 60


def _database_url() -> str:
    """How another process reaches the database of this test."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    account = f"{found['USER']}:{found['PASSWORD']}" if found["PASSWORD"] else found["USER"]
    host = str(found["HOST"]).replace("/", "%2F")
    return f"postgres://{account}@{host}:{found['PORT']}/{found['NAME']}"


def _pull_and_die(task: RetrievalTask, step: int) -> str | None:
    """Pull in another process that dies at a step; the step's name, None when it ran through."""
    process = subprocess.run(
        [sys.executable, "-m", "tests.retrieval.killed_pull", str(task.pk), str(step)],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "webmail.settings",
            "ENV_FILE": os.devnull,
            "DATABASE_URL": _database_url(),
            "DATA_DIR": str(configured.DATA_DIR),
            "BLOB_DIR": str(configured.BLOB_DIR),
            "CONNECTIVITY_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128",
            "CONNECTIVITY_CA_FILE": configured.CONNECTIVITY_CA_FILE,
        },
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if process.returncode == 0:
        return None
    assert process.returncode == -signal.SIGKILL, process.stderr
    return process.stdout.strip()


@pytest.mark.django_db(transaction=True)
@pytest.mark.accept("A191", "A192", "A193")
@pytest.mark.parametrize("type", ["imap", "pop"])
def test_a_kill_at_every_step(
    user: User, remote: Remote, make_task: Callable[..., RetrievalTask], type: str
) -> None:
    task = make_task(type)
    everything: list[bytes] = []
    steps: list[str] = []
    for step in range(1, MOST_STEPS):
        # New mail for every try, so that each step is met with work left to do.
        everything += remote.fill(range(step * 100, step * 100 + 3))
        name = _pull_and_die(task, step)
        on_server, here = sorted(remote.read()), bodies(user)
        assert set(everything) <= set(on_server) | set(here)
        if name is None:
            break
        steps.append(name)
        RetrievalTask.objects.filter(pk=task.pk).update(lease_until=None)
        run(task, later=timedelta(seconds=1))
        assert bodies(user) == sorted(everything), f"after {name}"
        assert run(task, later=timedelta(seconds=2)).stored == 0
    else:
        pytest.fail("the pull never ended")
    assert len(set(steps)) >= (9 if type == "pop" else 7), steps
    assert (remote.read() == []) == (type == "pop")
    call_command("check_store")
