"""Whether the daemons an operator named answer, for the page about the installation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from filtering.daemons import CLAMD, Daemon
from filtering.services import scorers, viruses
from protocols import clamd
from protocols.errors import MailServerError

#: Seconds for each, all asked at once.
PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class State:
    """One daemon, by its name in the settings, and why it does not answer; empty: it does."""

    name: str
    cause: str = ""


def states() -> list[State]:
    """Of all daemons that are named, asked now."""
    scanner = viruses.named()
    daemons = [*scorers.named(), *([scanner] if scanner else [])]
    if not daemons:
        return []
    with ThreadPoolExecutor(len(daemons), "scanning") as pool:
        return list(pool.map(_state, daemons))


def _state(daemon: Daemon) -> State:
    try:
        if daemon.kind == CLAMD:
            clamd.ping(daemon.place, deadline=PATIENCE)
        else:
            scorers.ping(daemon, PATIENCE)
    except MailServerError as error:
        return State(daemon.name, error.cause)
    return State(daemon.name)
