"""Pictures of mail that lie elsewhere, fetched by us: their senders learn that a message was
opened somewhere here, and neither who, where, nor with what.

The address comes from a mail, so it is a stranger's: the guard judges where it leads, at every
redirect again, and what comes back is shown only if its bytes are a picture of bearable size.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from connectivity.services.network import policy, trust
from lib.disk_cache import DiskCache
from lib.picture_size import is_bearable
from lib.pictures import picture_type
from protocols import web
from protocols.errors import MailServerError

CAP: Final = 5 * 1024 * 1024  # bytes
SECONDS: Final = 10.0
REDIRECTS: Final = 3
PORTS: Final = frozenset({80, 443})
#: Fetched for one person in a minute; what is kept here is not counted.
A_MINUTE: Final = 60
#: Requests that wait for other people's servers at once. There are eight threads for all pages.
AT_ONCE: Final = 3
#: How long a request waits for its turn, in seconds; the frame asks again.
TURN: Final = 0.3
#: Seconds for which nobody asks again after a server gave no picture.
REST: Final = 300.0
MINUTE: Final = 60.0
CACHE: Final = DiskCache("pictures")
_turns = threading.BoundedSemaphore(AT_ONCE)


class Busy(Exception):
    """Not now: too many wait, or this person asked for too many. Later it will be done."""


@dataclass
class _Asked:
    """When each person had something fetched, within the last minute."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    times: dict[int, deque[float]] = field(default_factory=dict)

    def allows(self, user_id: int) -> bool:
        now = time.monotonic()
        with self.lock:
            mine = self.times.setdefault(user_id, deque())
            while mine and now - mine[0] > MINUTE:
                mine.popleft()
            if len(mine) >= A_MINUTE:
                return False
            mine.append(now)
            return True


asked: Final = _Asked()


def fetch(user_id: int, address: str) -> bytes | None:
    """The bytes of a picture; None where there is none to be shown. Raises `Busy`."""
    key = address.encode()
    kept = CACHE.get(key)
    if kept is not None and not _is_tired(kept):
        return kept if picture_type(kept) else None
    if not _turns.acquire(timeout=TURN):
        raise Busy
    try:
        if not asked.allows(user_id):
            raise Busy
        found = _ask(address)
    finally:
        _turns.release()
    CACHE.put(key, found or str(time.time()).encode())
    return found


def _is_tired(kept: bytes) -> bool:
    """Whether what is kept says that there was no picture, long enough ago to ask again."""
    return not picture_type(kept) and time.time() - float(kept) > REST


def _ask(address: str) -> bytes | None:
    try:
        answer = web.get(
            address,
            policy=policy(),
            trust=trust(),
            deadline=SECONDS,
            redirects=REDIRECTS,
            allow_http=True,
            ports=PORTS,
            cap=CAP,
        )
    except MailServerError:
        return None
    fits = answer.status == 200 and picture_type(answer.body) and is_bearable(answer.body)
    return answer.body if fits else None
