"""Keeps the processes of one installation running on one machine.

Each child has a session of its own, so a Ctrl-C reaches only us and they stop in order. Each is
told by the kernel when we die (prctl(2), PR_SET_PDEATHSIG), so that not even kill -9 of the
supervisor leaves one behind. A child that ends is started again, later and later if it keeps
ending.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from webmail.processes import Process

TICK = 0.1
SHORTEST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
#: A child that lived this long had started well; the next pause is the shortest again.
GOOD_LIFE = 60.0

_PR_SET_PDEATHSIG = 1
# Loaded before the fork: between fork and exec nothing may be imported.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class AlreadyRunning(Exception):
    """Another supervisor has this data folder."""


def pause_before_restart(failures: int) -> float:
    """Seconds to wait before the n-th restart in a row (n from 1): 0.5, 1, 2, 4 … 30."""
    return min(LONGEST_PAUSE, SHORTEST_PAUSE * 2.0 ** min(failures - 1, 10))


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the lock of a data folder. Raises AlreadyRunning at once if another has it.

    The kernel drops the lock with its holder, so a crash leaves nothing to clean up.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode().strip() or "unknown"
            message = f"Tributary already runs with the data in {folder.parent} (process {holder})."
            raise AlreadyRunning(message) from None
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


@dataclass
class Child:
    """One supervised process and its history."""

    process: Process
    running: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    restart_at: float | None = None

    def start(self) -> None:
        """Start it; raises OSError if its program cannot be run."""
        supervisor = os.getpid()

        def follow_the_supervisor() -> None:
            if _libc is not None:
                _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != supervisor:  # it died in between, before the kernel was told
                os._exit(1)

        self.running = subprocess.Popen(
            list(self.process.command),
            env={**os.environ, **self.process.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=follow_the_supervisor,  # noqa: PLW1509  # it takes no lock: two system calls
        )
        self.started_at = time.monotonic()
        self.restart_at = None

    def ended(self) -> int | None:
        """The exit status if it has ended since it was started, else None."""
        return self.running.poll() if self.running else None

    def bury(self, now: float) -> float:
        """After its end: end what it left behind, plan the restart; returns the pause."""
        self._signal_all(signal.SIGKILL)
        self.running = None
        self.failures = 1 if now - self.started_at >= GOOD_LIFE else self.failures + 1
        pause = pause_before_restart(self.failures)
        self.restart_at = now + pause
        return pause

    def stop(self) -> None:
        """Ask it to end, wait for its grace time, then kill it and everything it started."""
        if self.running is None:
            return
        with suppress(ProcessLookupError):
            self.running.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.running.wait(self.process.stop_within)
        self._signal_all(signal.SIGKILL)
        self.running.wait()
        self.running = None

    def _signal_all(self, number: signal.Signals) -> None:
        """Signal its whole session; the leader may be gone already."""
        if self.running is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.running.pid, number)


class Supervisor:
    """Starts processes in the order they are added and stops them in the opposite one."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._children: list[Child] = []
        self._stopping = False

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop_soon)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A second Ctrl-C ends the waiting: what is left is killed by _stop_soon.
        for child in reversed(self._children):
            if child.running is not None:
                child.stop()
                self._say(f"{child.process.name} stopped")

    @property
    def stopping(self) -> bool:
        """Whether somebody asked us to end."""
        return self._stopping

    def add(self, process: Process) -> None:
        """Start a process and look after it from now on."""
        child = Child(process)
        child.start()
        self._children.append(child)
        self._tell_started(child)

    def add_all(self, processes: Sequence[Process]) -> None:
        """Start several, in order."""
        for process in processes:
            if not self._stopping:
                self.add(process)

    def wait_for(self, ready: Callable[[], bool], *, seconds: float) -> bool:
        """Look after the children until ``ready`` or the time is over or we are to stop."""
        end = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < end:
            if ready():
                return True
            self._look_after()
            time.sleep(TICK)
        return False

    def watch(self) -> None:
        """Look after the children until somebody asks us to stop."""
        while not self._stopping:
            self._look_after()
            time.sleep(TICK)

    def _look_after(self) -> None:
        now = time.monotonic()
        for child in self._children:
            status = child.ended()
            if status is not None:
                pause = child.bury(now)
                name = child.process.name
                self._say(f"{name} ended ({_describe(status)}); starts again in {pause:g} s")
            elif child.restart_at is not None and now >= child.restart_at:
                child.start()
                self._tell_started(child)

    def _tell_started(self, child: Child) -> None:
        assert child.running is not None  # noqa: S101  # start() has just set it
        self._say(f"{child.process.name} started (process {child.running.pid})")

    def _stop_soon(self, number: int, frame: FrameType | None) -> None:
        if self._stopping:
            for child in self._children:
                child._signal_all(signal.SIGKILL)
        self._stopping = True


def _describe(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    with suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"
