"""Whether the clock and the workers live, and how much waits for them, as the broker knows.

Each says so to the broker every few seconds (`webmail.beat`, `webmail.celery`), and not to the
database: what is lost with the broker is told anew at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from lib.valkey import Line

#: The queues of `webmail.processes`, in the order people think of them.
QUEUES: Final = ("polls", "imports", "outgoing", "housekeeping")
BEAT: Final = "beat"
SWEEP: Final = "sweep"
#: Seconds between two signs of life, and after which somebody is missed.
EVERY, MISSED_AFTER = 15, 90
_KEPT = 30 * 24 * 3600
_SECONDS = 2.0
_ALIVE = "tributary:alive:"


@dataclass(frozen=True, slots=True)
class Part:
    """The clock, or who works on one queue. ``waiting`` is None for the clock."""

    name: str
    seen: datetime | None
    is_gone: bool
    waiting: int | None = None


@dataclass(frozen=True, slots=True)
class Workers:
    """``is_reached`` False: the broker does not answer, and nothing else is known."""

    is_reached: bool
    parts: tuple[Part, ...] = ()
    swept: datetime | None = None

    @property
    def gone(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.is_gone)

    @property
    def waiting(self) -> int:
        return sum(part.waiting or 0 for part in self.parts)


def alive(names: Iterable[str]) -> None:
    """Tell that these are at work. Raises OSError while the broker is away."""
    now = str(int(time.time()))
    with _broker() as line:
        for name in names:
            line.ask("SET", _ALIVE + name, now, "EX", str(_KEPT))


def state(*, now: datetime) -> Workers:
    """What the broker knows of them; never raises."""
    try:
        with _broker() as line:
            clock = _part(line, BEAT, now)
            queues = [_part(line, name, now, _waiting(line, name)) for name in QUEUES]
            swept = _seen(line, SWEEP)
    except OSError:
        return Workers(is_reached=False)
    return Workers(is_reached=True, parts=(clock, *queues), swept=swept)


def _part(line: Line, name: str, now: datetime, waiting: int | None = None) -> Part:
    seen = _seen(line, name)
    is_gone = seen is None or now - seen > timedelta(seconds=MISSED_AFTER)
    return Part(name, seen, is_gone, waiting)


def _seen(line: Line, name: str) -> datetime | None:
    told = line.ask("GET", _ALIVE + name)
    if isinstance(told, str) and told.isdecimal() and len(told) < 12:
        return datetime.fromtimestamp(int(told), tz=UTC)
    return None


def _waiting(line: Line, queue: str) -> int:
    # Celery's queue of the usual priority, the only one in use, has its plain name.
    length = line.ask("LLEN", queue)
    return length if isinstance(length, int) else 0


@contextmanager
def _broker() -> Iterator[Line]:
    parts = urlsplit(settings.BROKER_URL)
    is_socket = parts.scheme in ("redis+socket", "unix")
    number = parse_qs(parts.query).get("virtual_host", ["0"])[0] if is_socket else parts.path[1:]
    with Line(settings.BROKER_URL, seconds=_SECONDS) as line:
        if number.isdecimal() and int(number):
            line.ask("SELECT", number)
        yield line
