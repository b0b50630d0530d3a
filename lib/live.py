"""Telling the web process that a mailbox changed, so that open pages look at once.

It is a hint: a page that hears nothing looks every half minute by itself. Telling therefore never
waits and never fails: a thread does it, many changes become one word, and a broker that is away
is asked again later.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from lib.valkey import Line

#: Seconds between two words of one process: what happens meanwhile is told together.
PAUSE = 0.25
#: Seconds a broker may take to answer, and is left alone after it did not.
PATIENCE = 2.0
REST = 5.0
#: People named in one word.
MOST = 1000


def channel() -> str:
    """Where it is told. Channels know no database numbers, so it is part of the name."""
    return f"tributary:live:{urlsplit(settings.BROKER_URL).path.strip('/') or '0'}"


def changed(user_id: int) -> None:
    """Something in this person's mailbox changes with the transaction that is under way.

    It is told once that is committed, and not at all where it is undone.
    """
    transaction.on_commit(partial(_teller.add, user_id), robust=True)


class Teller:
    """Collects who is to be told, and tells it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line_lock = threading.Lock()
        self._due: set[int] = set()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._line: Line | None = None
        self._rests_until = 0.0

    def add(self, user_id: int) -> None:
        """Tell soon that this mailbox changed."""
        with self._lock:
            self._due.add(user_id)
            if self._thread is None or not self._thread.is_alive():
                if self._thread is None:
                    # A command that ends at once has not told everything yet.
                    atexit.register(self.tell)
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            self.tell()
            time.sleep(PAUSE)

    def tell(self) -> None:
        """Tell what is due; forgets it where nobody can be told."""
        with self._lock:
            due, self._due = self._due, set()
        with self._line_lock:
            if not due or time.monotonic() < self._rests_until:
                return
            try:
                self._say(due)
            except OSError:
                self._hang_up()
                self._rests_until = time.monotonic() + REST

    def _say(self, due: set[int]) -> None:
        again = self._line is not None
        line = self._line = self._line or Line(settings.BROKER_URL, seconds=PATIENCE)
        try:
            for words in _words(due):
                line.ask("PUBLISH", channel(), words)
        except OSError:
            if not again:
                raise
            # The broker was started anew since the last time.
            self._hang_up()
            self._say(due)

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None


def _words(due: set[int]) -> Iterator[str]:
    ids = sorted(due)
    for start in range(0, len(ids), MOST):
        yield " ".join(map(str, ids[start : start + MOST]))


_teller = Teller()
