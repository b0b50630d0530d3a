"""Running a whole installation on one machine: what `manage.py serve` and `demo` share."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections

from lib.operator import OperatorError
from webmail import health, processes
from webmail.supervisor import Supervisor

WEB_SECONDS = 60.0
#: Three workers: imports may take all day, and must keep neither polls nor answers waiting.
EMBEDDED_WORKERS = (
    ("polls", ("polls",)),
    ("imports", ("imports",)),
    ("rest", ("outgoing", "housekeeping")),
)


def prepare() -> None:
    """Bring database, static files and the folder of run-time files up to date; idempotent."""
    (Path(settings.DATA_DIR) / "run").mkdir(mode=0o700, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def refuse_taken_port(host: str, port: int) -> None:
    """Raises OperatorError when the web server could not listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sentence = f"Port {port} on {host} is in use: choose another one with --port."
        else:
            sentence = f"Cannot listen on {host} port {port}: {error.strerror}."
        raise OperatorError(sentence) from None


def bundled_broker() -> bool:
    """Whether the broker is ours to start."""
    return bool(f"redis+socket://{settings.BUNDLED_BROKER_SOCKET}" == settings.BROKER_URL)


def background() -> list[processes.Process]:
    """Broker, workers, beat and the listener, in the order they start."""
    workers = [processes.worker(queues, name=name) for name, queues in EMBEDDED_WORKERS]
    listed = [*workers, processes.beat()]
    if settings.PUSH_CONNECTIONS:
        listed.append(processes.listener())
    if bundled_broker():
        listed.insert(0, processes.broker(Path(settings.BUNDLED_BROKER_SOCKET)))
    return listed


def run(supervisor: Supervisor, *, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Start everything, call ``ready`` with the address once the web answers, and watch.

    Returns when somebody asked to stop; the supervisor's block then stops the children.
    """
    connections.close_all()
    supervisor.add_all([*background(), processes.web(host, port)])
    name = health.own_host(settings.ALLOWED_HOSTS, host)
    if supervisor.wait_for(lambda: health.answers(host, port, name=name), seconds=WEB_SECONDS):
        ready(address(host, port))
    supervisor.watch()


def address(host: str, port: int) -> str:
    """What to type into a browser on this machine."""
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::", "::1") else host  # noqa: S104  # compared
    return f"http://{shown}:{port}/"


def say(write: Callable[[str], object]) -> Callable[[str], None]:
    """A status line with the time of day in front, one at a time."""

    def line(text: str) -> None:
        write(f"{time.strftime('%H:%M:%S')} {text}")

    return line


def banner(lines: Sequence[str]) -> str:
    """A framed block that stands out among log lines."""
    width = max(map(len, lines))
    edge = "─" * (width + 2)
    return "\n".join([f"╭{edge}╮", *(f"│ {line.ljust(width)} │" for line in lines), f"╰{edge}╯"])
