"""Whether the daemons an operator named answer, for the page about the installation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from connectivity.services import network
from filtering.daemons import CLAMD, RSPAMD, Daemon
from filtering.services import scorers, viruses
from protocols import clamd, rspamd, spamc
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
        if daemon.kind == RSPAMD:
            rspamd.ping(daemon.url, deadline=PATIENCE, trust=network.trust())
        elif daemon.kind == CLAMD:
            clamd.ping(daemon.place, deadline=PATIENCE)
        else:
            spamc.ping(daemon.place, deadline=PATIENCE)
    except MailServerError as error:
        return State(daemon.name, error.cause)
    return State(daemon.name)
