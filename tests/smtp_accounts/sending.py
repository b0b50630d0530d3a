"""What a worker does with the outbox, for tests that look at it from many sides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from smtp_accounts.models import OutboxMessage, OutboxState
from smtp_accounts.services import queue, rounds
from tests.smtp_accounts.conftest import NOW

Submit = Callable[..., OutboxMessage]


def first_round(now: datetime = NOW) -> OutboxState | None:
    """What the first worker does that gets a hint."""
    pk, fence = queue.claim_due(now=now)[0]
    return rounds.deliver(outbox_id=pk, fence=fence, clock=lambda: now)
