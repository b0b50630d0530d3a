"""Looking for viruses in what comes in, where the operator named a ClamAV (CLAMAV).

It fails open as `scorers` does: without an answer mail is delivered unlooked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial

from django.conf import settings

from filtering.breaker import Breaker, is_there
from filtering.daemons import Daemon, scanner
from filtering.models import Decision, DecisionKind
from mailstore.models import Message
from protocols import clamd
from protocols.errors import MailServerError, Refused
from protocols.types import Deadline

#: Seconds for one message, and for a whole batch.
PATIENCE = 20.0
BATCH = 60.0
#: Seconds to find out whether one that failed is there at all.
PING = 1.0

breaker = Breaker()

Pieces = Callable[[], Iterable[bytes]]


def named() -> Daemon | None:
    """The daemon the operator named, if any."""
    return _parsed(settings.CLAMAV)


def look(messages: Sequence[tuple[int, Pieces]], deadline: float = BATCH) -> list[str]:
    """The name of the virus in each message, empty where none was found or nobody could say.

    A message is its size in bytes and what gives it in pieces. Never raises for what a daemon
    does; within so many seconds for all.
    """
    daemon = named()
    if daemon is None:
        return ["" for _ in messages]
    total = Deadline(deadline)
    return [_one(daemon, size, pieces, total) for size, pieces in messages]


def found_in(message: Message) -> bool:
    """Whether one was found in a message when it came in, whatever scans by now; one query."""
    return Decision.objects.filter(message=message, kind=DecisionKind.VIRUS).exists()


def _one(daemon: Daemon, size: int, pieces: Pieces, total: Deadline) -> str:
    left = min(total.left(), PATIENCE)
    if left <= 0 or size > clamd.MAX_MESSAGE or not breaker.allows(daemon.name):
        return ""
    try:
        found = clamd.ask(pieces(), daemon.place, deadline=left)
    except Refused:
        # It answers, and could not tell of this one message: too large for it, broken, encrypted.
        found = ""
    except MailServerError as error:
        # A daemon that is sent more than it takes hangs up as a dead one does.
        ping = partial(clamd.ping, daemon.place, deadline=PING)
        breaker.failed(daemon.name, error, is_there=is_there(error, ping))
        return ""
    breaker.worked(daemon.name)
    return found


@lru_cache(maxsize=8)
def _parsed(entry: str) -> Daemon | None:
    return scanner(entry)
