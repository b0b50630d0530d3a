"""Who does not answer is left alone for a minute, so that a dead daemon delays no mail."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from protocols.errors import MailServerError

log = logging.getLogger(__name__)

#: Seconds.
PAUSE = 60.0


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

    def failed(self, name: str, error: MailServerError) -> None:
        """It did not answer as it should."""
        with self._lock:
            is_new = name not in self._until
            self._until[name] = self._clock() + PAUSE
        if is_new:
            log.warning("%s does not answer (%s); mail goes on without it", name, error.cause)

    def worked(self, name: str) -> None:
        """It answered."""
        with self._lock:
            was_out = self._until.pop(name, None) is not None
        if was_out:
            log.info("%s answers again", name)
