"""Running a pure function over hostile bytes in a process of its own, with little of everything.

What parses winmail.dat or draws a PDF may hang, eat memory or crash. It does so in a child that
has no settings, no database and no secrets in its environment, a cap on memory, processor time
and output, and a deadline after which it is killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO, Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
#: How many children there are at once in this process; each may take `Limits.memory`.
AT_ONCE: Final = 2
_places = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use: seconds of processor time and of waiting, and bytes."""

    cpu: int = 5
    seconds: float = 10.0
    memory: int = 512 * 1024 * 1024
    answer: int = 64 * 1024 * 1024


USUAL: Final = Limits()


class NotDone(Exception):
    """There is no answer: it took too long, used too much, or failed. The words say which."""


def run(function: str, data: bytes, *, limits: Limits = USUAL, **options: Any) -> bytes:
    """Call `function` ("package.module.name") with `data` and JSON `options` in a child.

    The function is pure, takes bytes and keywords, and gives bytes; its module must not need
    Django. Raises `NotDone` whatever goes wrong, within `limits.seconds` and a little.
    """
    until = monotonic() + limits.seconds
    if not _places.acquire(timeout=limits.seconds):
        raise NotDone("others are before it")
    try:
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer:
            given.write(data)
            given.seek(0)
            _call(function, options, limits, (given, answer), until)
            answer.seek(0)
            return answer.read(limits.answer)
    finally:
        _places.release()


def _call(
    function: str,
    options: dict[str, Any],
    limits: Limits,
    files: tuple[IO[bytes], IO[bytes]],
    until: float,
) -> None:
    """Start the child and wait for its end."""
    said = json.dumps([function, options, limits.cpu, limits.memory, limits.answer])
    child = subprocess.Popen(
        [sys.executable, "-B", "-m", "lib.limited_child", said],
        stdin=files[0], stdout=files[1], stderr=subprocess.DEVNULL,
        cwd=ROOT, env={"LC_ALL": "C.UTF-8"}, start_new_session=True,
    )  # fmt: skip
    try:
        code = child.wait(max(0.0, until - monotonic()))
    except subprocess.TimeoutExpired:
        raise NotDone("it took too long") from None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    if code:
        raise NotDone(f"it ended with {code}")
