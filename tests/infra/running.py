"""A Tributary of its own, started the way an operator does, for tests that kill its parts."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.infra import proc
from tests.postgres import free_port
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
_STATUS = re.compile(
    r"^\d\d:\d\d:\d\d (?P<name>.+?) (?P<what>started|ended|stopped)\b", re.MULTILINE
)


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """The environment of a fresh installation: nothing of the test run's own settings."""
    ours = {"PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "TMPDIR"}
    kept = {name: value for name, value in os.environ.items() if name in ours}
    return {
        **kept,
        "ENV_FILE": os.devnull,
        "DATA_DIR": str(data_dir),
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def manage(
    *arguments: str, env: dict[str, str], stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run an operator command to its end."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=env, input=stdin, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def fetch(
    port: int, path: str, *, host: str = "localhost", scheme: str = "http"
) -> tuple[int, str, Mapping[str, str]]:
    """Status, text and headers (in lower case) of a page; status 0 while nobody answers.

    ``scheme`` is what a proxy in front would have been asked with.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Host": host, "X-Forwarded-Proto": scheme})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, answer.read().decode(), headers
    except OSError:
        return 0, "", {}
    finally:
        connection.close()


class Installation:
    """``manage.py COMMAND`` in the background; whatever is left of it at the end is killed."""

    def __init__(self, data_dir: Path, command: Sequence[str] = ("serve",), **more: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.environment = environment(data_dir, **more)
        self._command = [*command, "--port", str(self.port)]
        self._log = data_dir.with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for running in self.processes():
            with suppress(ProcessLookupError):  # it ended with the one that started it
                os.kill(running.pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def start(self) -> None:
        self._starts += 1
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", *self._command],
                cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(self._ready, f"Tributary is ready (see {self._log})")

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        return self.log().count("ready at") == self._starts

    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def history(self) -> list[tuple[str, str]]:
        """What the supervisor told: (process, started | ended | stopped), in order."""
        return [(found["name"], found["what"]) for found in _STATUS.finditer(self.log())]

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def wait(self) -> int:
        assert self._process is not None
        return self._process.wait(300)

    def processes(self) -> list[proc.Running]:
        """All processes of this installation, the supervisor included."""
        folder = Path(self.environment.get("DEMO_DIR", self.data_dir))
        return proc.of_installation(self.data_dir, folder)

    def children(self) -> dict[str, int]:
        """The supervised processes by name."""
        kinds = {"valkey-server": "broker", "celery": "", "granian": "web", " listen": "listener"}
        names: dict[str, int] = {}
        for running in self.processes():
            if running.parent != self.pid:
                continue
            kind = next((kind for kind in kinds if kind in running.command), None)
            if kind == "celery":
                host = re.search(r"--hostname (\w+)@", running.command)
                names[f"worker {host[1]}" if host else "beat"] = running.pid
            elif kind:
                names[kinds[kind]] = running.pid
        return names

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page; status 0 while nobody answers."""
        status, text, _ = fetch(self.port, path)
        return status, text

    def answer(self, *arguments: str, stdin: str = "") -> Any:
        """The parsed JSON of an operator command on this installation's data."""
        done = manage(*arguments, "--json", env=self.environment, stdin=stdin)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)
