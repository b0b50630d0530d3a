"""Spam filters of the operator's own, asked beside what is judged here.

They fail open: one that is slow, dead or talks nonsense adds nothing, and is left alone for a
minute. Nothing of a message is logged.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial

from django.conf import settings

from connectivity.services import network
from filtering.breaker import Breaker, is_there
from filtering.daemons import RSPAMD, Daemon, scorers
from protocols import rspamd, spamc
from protocols.errors import MailServerError, Refused
from protocols.scores import Score
from protocols.types import Deadline

log = logging.getLogger(__name__)

#: Seconds for one message; both give their own tests of the network less.
PATIENCE = 10.0
#: Seconds to find out whether one that failed is there at all.
PING = 1.0
#: Less than these seconds are no time for an answer.
LEAST = 0.5
#: How many messages are asked about at once; spamd has five children unless told otherwise.
AT_ONCE = 4
LIMITS = {RSPAMD: rspamd.MAX_MESSAGE}

breaker = Breaker()


def named() -> tuple[Daemon, ...]:
    """The daemons the operator named."""
    return _parsed(tuple(settings.SPAM_SCORERS))


def ask(raw: bytes, deadline: float) -> list[Score]:
    """What each daemon says of a message, within so many seconds for all of them.

    Never raises; who says nothing is not in the list, nor who may not be asked about a message
    as large as this one.
    """
    return _asked(raw, Deadline(deadline)) if named() else []


def ask_all(raws: Sequence[bytes], deadline: float) -> list[list[Score]]:
    """The same for several messages at once, within so many seconds for all; in order.

    Messages whose turn does not come in time have no scores.
    """
    if not named():
        return [[] for _ in raws]
    total = Deadline(deadline)
    if len(raws) < 2:
        return [_asked(raw, total) for raw in raws]
    with ThreadPoolExecutor(min(AT_ONCE, len(raws)), "scorers") as pool:
        return list(pool.map(partial(_asked, total=total), raws))


def _asked(raw: bytes, total: Deadline) -> list[Score]:
    found = (_one(daemon, raw, total) for daemon in named())
    return [one for one in found if one is not None]


def _one(daemon: Daemon, raw: bytes, total: Deadline) -> Score | None:
    left = min(total.left(), PATIENCE)
    if left < LEAST or len(raw) > LIMITS.get(daemon.kind, spamc.MAX_MESSAGE):
        return None
    if not breaker.allows(daemon.name):
        return None
    try:
        found: Score | None = _talk(daemon, raw, left)
    except Refused:
        # It answers, but not about this message: nobody shuts a filter out for all by one letter.
        found = None
    except MailServerError as error:
        breaker.failed(daemon.name, error, is_there=is_there(error, partial(ping, daemon)))
        return None
    except Exception:  # nobody's answer may cost what the others say
        log.exception("the answer of %s could not be read", daemon.name)
        return None
    breaker.worked(daemon.name)
    return found


def ping(daemon: Daemon, seconds: float = PING) -> None:
    """Raises a `MailServerError` unless the daemon answers."""
    if daemon.kind == RSPAMD:
        rspamd.ping(daemon.url, deadline=seconds, trust=network.trust())
    else:
        spamc.ping(daemon.place, deadline=seconds)


def _talk(daemon: Daemon, raw: bytes, seconds: float) -> Score:
    if daemon.kind == RSPAMD:
        return rspamd.ask(raw, daemon.url, deadline=seconds, trust=network.trust())
    return spamc.ask(raw, daemon.place, deadline=seconds)


@lru_cache(maxsize=8)
def _parsed(entries: tuple[str, ...]) -> tuple[Daemon, ...]:
    return scorers(entries)
