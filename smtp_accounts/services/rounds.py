"""One worker's round: a claimed message, and what waits behind it, over one connection."""

from __future__ import annotations

from datetime import timedelta

from smtp_accounts.models import OutboxMessage, OutboxState
from smtp_accounts.services import delivery, queue
from smtp_accounts.services.line import Clock, Line

ROUND = timedelta(seconds=60)
"""How long one worker stays with one account before others have their turn."""


def deliver(*, outbox_id: int, fence: int, clock: Clock) -> OutboxState | None:
    """Try a claimed message, then what else is due for the same account.

    The state of the first one, or None when this hint is out of date. The round ends with the
    first failure of the connection: what waits behind it is claimed again in its time.
    """
    message = queue.start(outbox_id=outbox_id, fence=fence, now=clock())
    if message is None:
        return None
    until = clock() + ROUND
    with Line(clock) as line:
        state = last = delivery.work(message, line, clock)
        # Mail between people here needs no connection.
        while (line.is_open or last == OutboxState.SENT) and clock() < until:
            following = _next(message, clock)
            if following is None:
                break
            last = delivery.work(following, line, clock)
    return state


def _next(message: OutboxMessage, clock: Clock) -> OutboxMessage | None:
    now = clock()
    claim = queue.claim_next(message, now=now)
    return claim and queue.start(outbox_id=claim[0], fence=claim[1], now=now)
