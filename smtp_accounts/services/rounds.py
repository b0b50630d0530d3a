"""One worker's round: a claimed message, and what waits behind it, over one connection."""

from __future__ import annotations

from collections import Counter, deque
from datetime import timedelta

from smtp_accounts.models import OutboxState
from smtp_accounts.services import delivery, queue
from smtp_accounts.services.line import Clock, Line
from smtp_accounts.services.queue import Claim

ROUND = timedelta(seconds=60)
"""How long one worker stays with one account before others have their turn."""
TRIES = 20
"""Of one message in a round: one for many recipients may have to go out in parts."""


def deliver(*, outbox_id: int, fence: int, clock: Clock) -> OutboxState | None:
    """Try a claimed message, then what else is due for the same account.

    The state of the first one, or None when this hint is out of date. The round ends with the
    first failure of the connection: what waits behind it is claimed again in its time.
    """
    message = queue.start(outbox_id=outbox_id, fence=fence, now=clock())
    if message is None:
        return None
    until = clock() + ROUND
    behind: deque[Claim] = deque()
    tries: Counter[int] = Counter()
    with Line(clock) as line:
        state = last = delivery.work(message, line, clock)
        # Mail between people here needs no connection.
        while (line.is_open or last == OutboxState.SENT) and (now := clock()) < until:
            if not behind:
                found = queue.due_behind(message, now=now)
                behind.extend(one for one in found if tries[one[0]] < TRIES)
                if not behind:
                    break
            pk, seen = behind.popleft()
            tries[pk] += 1
            following = queue.start_due(outbox_id=pk, fence=seen, now=now)
            if following is not None:
                last = delivery.work(following, line, clock)
    return state
