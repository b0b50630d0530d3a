"""Who does not answer is left alone for a minute, so that a dead daemon delays no mail."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from protocols.errors import ConnectFailed, MailServerError

log = logging.getLogger(__name__)

#: Seconds.
PAUSE = 60.0
#: Messages in a row that a daemon has no answer to while it is there, before it is left alone: one
#: that was made to be too much for it takes the others' filter away from nobody.
STRIKES = 3


class Breaker:
    """Which daemons are left alone, in this process; `name` is the kind and place of one.

    After the pause one of those who ask may try; the others go on without until it worked. Both
    ends of an outage are logged, once each.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds."""
        self._clock = clock
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}
        self._strikes: dict[str, int] = {}

    def allows(self, name: str) -> bool:
        """Whether a daemon may be asked now; of one that failed, only the first who asks may."""
        with self._lock:
            until = self._until.get(name)
            if until is None:
                return True
            if self._clock() < until:
                return False
            self._until[name] = self._clock() + PAUSE
            return True

    def failed(self, name: str, error: MailServerError, *, is_there: bool = False) -> None:
        """It did not answer as it should; ``is_there`` says that it answers at all."""
        with self._lock:
            strikes = self._strikes[name] = self._strikes.get(name, 0) + 1
            if is_there and strikes < STRIKES:
                return
            is_new = name not in self._until
            self._until[name] = self._clock() + PAUSE
        if is_new:
            log.warning("%s does not answer (%s); mail goes on without it", name, error.cause)

    def worked(self, name: str) -> None:
        """It answered."""
        with self._lock:
            self._strikes.pop(name, None)
            was_out = self._until.pop(name, None) is not None
        if was_out:
            log.info("%s answers again", name)


def is_there(error: MailServerError, ping: Callable[[], None]) -> bool:
    """Whether a daemon that failed answers when it is asked for nothing."""
    if isinstance(error, ConnectFailed):
        return False
    try:
        ping()
    except MailServerError:
        return False
    return True
