"""Whose turn it is: few threads at once work on pages, so that they do not hinder each other.

The interpreter runs one thread at a time, and each question to the database is a moment at which
another one takes over: eight threads that all have work spend half their time on handing over and
on memory that the other one pushed out of the processor's. So a page waits until fewer than `most`
others are at it. But one that has been at it for longer waits for something itself, for a server
of somebody else's or for a slow browser, and does not count any more.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock


class Turns:
    """Lets `most` threads work at once, and more where some have worked for `long` seconds."""

    def __init__(
        self, most: int, long: float, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._long, self._clock = most, long, clock
        self._changed = Condition(Lock())
        # When each that works began; the oldest first.
        self._begun: list[float] = []
        self._line: deque[object] = deque()

    @property
    def waiting(self) -> int:
        return len(self._line)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, then work."""
        began = self._begin()
        try:
            yield
        finally:
            with self._changed:
                self._begun.remove(began)
                self._changed.notify_all()

    def _begin(self) -> float:
        with self._changed:
            self._line.append(mine := object())
            try:
                # In the order they came: who was just done must not be there first again.
                while (is_behind := self._line[0] is not mine) or self._until_free() > 0:
                    self._changed.wait(None if is_behind else self._until_free())
                self._begun.append(now := self._clock())
                return now
            finally:
                self._line.remove(mine)
                self._changed.notify_all()

    def _until_free(self) -> float:
        """Seconds after which there is a turn, whoever is done before; 0 where there is one now."""
        if len(self._begun) < self._most:
            return 0
        # Those that do not count are the oldest: this one decides.
        return self._begun[-self._most] + self._long - self._clock()
