"""The test's side of `tests.chaos.worker`: processes that pull, and that can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.db import connection

from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class End:
    """How a process ended: its exit status (a signal is negative) and what it told."""

    status: int
    told: list[str]

    @property
    def last(self) -> str:
        return self.told[-1] if self.told else ""


@dataclass(frozen=True)
class Worker:
    """One pull in a process of its own."""

    workers: Workers
    pid: int

    def signal(self, number: int) -> None:
        """Send a signal; a process that has ended but was not waited for bears it."""
        os.kill(self.pid, number)

    def wait(self) -> End:
        """Wait for its end."""
        answer = self.workers.order(wait=self.pid)
        return End(answer["status"], answer["told"])

    def wait_until_asleep(self) -> str:
        """Wait until it has stopped itself; the checkpoint's name, "" where it ended instead."""
        if wait_until(self._state, f"process {self.pid} stops or ends") == "Z":
            return ""
        told: list[str] = self.workers.order(hear=self.pid)["told"]
        return told[-1]

    def _state(self) -> str:
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        state = stat.rpartition(")")[2].split()[0]
        return state if state in "TZ" else ""


class Workers:
    """Starts pulls on the database of this test, or on the one the environment names."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = dict(environment or of_this_test())
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.worker"],
            env={**self._environment, "DJANGO_SETTINGS_MODULE": "webmail.settings"},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(300)

    def order(self, **words: Any) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(words)}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process that forks has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def start(
        self,
        task_id: int,
        *,
        fence: int | None = None,
        at: int | str = 0,
        signal: int = signal.SIGKILL,
        largest: int = 0,
    ) -> Worker:
        """Start a pull; see `tests.chaos.worker` for what may be said about it."""
        words = {"fence": fence, "at": at, "signal": signal, "largest": largest}
        return Worker(self, self.order(task=task_id, **words)["pid"])

    def send(self, *, at: int | str = 0, signal: int = signal.SIGKILL) -> Worker:
        """Start sending what is due; the order may be as for a pull."""
        return Worker(self, self.order(send=True, at=at, signal=signal)["pid"])


def of_this_test() -> dict[str, str]:
    """The environment in which another process shares the database and files of this test."""
    return {
        **os.environ,
        "ENV_FILE": os.devnull,
        "DATABASE_URL": _database_url(),
        "DATA_DIR": str(settings.DATA_DIR),
        "BLOB_DIR": str(settings.BLOB_DIR),
        "CONNECTIVITY_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128",
        "CONNECTIVITY_CA_FILE": settings.CONNECTIVITY_CA_FILE,
        "LOG_LEVEL": "CRITICAL",
    }


def _database_url() -> str:
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    account = f"{found['USER']}:{found['PASSWORD']}" if found["PASSWORD"] else found["USER"]
    host = str(found["HOST"]).replace("/", "%2F")
    return f"postgres://{account}@{host}:{found['PORT']}/{found['NAME']}"
