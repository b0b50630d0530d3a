"""Runs one `main` again and again, each time in a process of its own that may be killed.

    python -m tests.forked MODULE

Arguments come as JSON lists, one a line; each is answered with the exit status of the process (a
signal is negative) and what it wrote. Forking spares every one the start of an interpreter.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tests.chaos.workers import ROOT, End, of_this_test


class Forked:
    """``main`` of a module on the database and the files of this test, inside a `with` block."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forked", module],
            env={**of_this_test(), "DJANGO_SETTINGS_MODULE": "webmail.settings"},
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=300)

    def run(self, *arguments: str | int) -> End:
        """Call it in a new process and wait for the end of that."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(arguments)}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process that forks has ended"
        status, told = json.loads(line)
        return End(status, told)


def _serve(main: Callable[..., None]) -> None:
    """Take arguments until standard input ends."""
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(_fork(main, json.loads(line)))}\n")
        sys.stdout.flush()


def _fork(main: Callable[..., None], arguments: list[Any]) -> tuple[int, list[str]]:
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.dup2(writing, sys.stdout.fileno())
        _end_after(main, arguments)
    os.close(writing)
    with os.fdopen(reading) as file:
        told = file.read()
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), told.splitlines()


def _end_after(main: Callable[..., None], arguments: list[Any]) -> None:
    status = 1
    try:
        main(*arguments)
        status = 0
    except Exception:  # noqa: BLE001 # whatever it was is told, and is the status
        sys.stdout.write(traceback.format_exc())
    finally:
        sys.stdout.flush()
        # The ordinary way out would run what the forking process has registered.
        os._exit(status)


if __name__ == "__main__":
    _serve(importlib.import_module(sys.argv[1]).main)
