"""One worker's round: a claimed message, and what waits behind it, over one connection."""

from __future__ import annotations

from collections import Counter, deque
from datetime import datetime, timedelta

from smtp_accounts.models import OutboxState
from smtp_accounts.services import delivery, forgetting, jobs, queue
from smtp_accounts.services.jobs import Job
from smtp_accounts.services.line import Clock, Line

ROUND = timedelta(seconds=60)
"""How long one worker stays with one account before others have their turn."""
FRESH = timedelta(seconds=5)
"""How long what was looked up for messages together may be relied on."""
TRIES = 20
"""Of one message in a round: one for many recipients may have to go out in parts."""


def deliver(*, outbox_id: int, fence: int, clock: Clock) -> OutboxState | None:
    """Try a claimed message, then what else is due for the same account.

    The state of the first one, or None when this hint is out of date. The round ends with the
    first failure of the connection: what waits behind it is claimed again in its time.
    """
    first = jobs.first(outbox_id=outbox_id, fence=fence, now=clock())
    if first is None:
        return None
    with Line(clock) as line:
        work = _Round(first, line, clock)
        try:
            return work.run()
        finally:
            if work.written:
                forgetting.forget_sent(work.written)


class _Round:
    """What waits behind a message, and which of it is begun."""

    def __init__(self, first: Job, line: Line, clock: Clock) -> None:
        self._first, self._line, self._clock = first, line, clock
        self._until = clock() + ROUND
        self._behind: deque[Job] = deque()
        self._looked_at: datetime | None = None
        self._tries: Counter[int] = Counter()
        self._next: Job | None = None
        self._was_asked = False
        self.written: list[int] = []
        """The drafts of what was sent."""

    def run(self) -> OutboxState | None:
        """Work until nothing follows; how the first message ended."""
        state = last = self._work(self._first)
        while True:
            # Where nothing was recorded, nothing was begun either.
            if not self._was_asked:
                self._follow(last)
            if (job := self._next) is None:
                return state
            last = self._work(job)

    def _work(self, job: Job) -> OutboxState | None:
        self._next, self._was_asked = None, False
        state = delivery.work(job, self._line, self._clock, self._follow)
        if state == OutboxState.SENT and job.message.draft_id is not None:
            self.written.append(job.message.draft_id)
        return state

    def _follow(self, last: OutboxState | None) -> None:
        """Begin the next message, in the transaction that records the last where there is one."""
        self._was_asked = True
        # Mail between people here needs no connection.
        if self._line.is_open or last == OutboxState.SENT:
            self._next = self._begin(self._clock())

    def _begin(self, now: datetime) -> Job | None:
        """The next message that is still as it was when it was looked at; None at the end."""
        while now < self._until:
            if self._looked_at is None or now - self._looked_at > FRESH:
                self._behind.clear()
            if not self._behind:
                found = jobs.behind(self._first.message, now=now)
                self._behind.extend(one for one in found if self._tries[one.message.pk] < TRIES)
                self._looked_at = now
                if not self._behind:
                    return None
            job = self._behind.popleft()
            self._tries[job.message.pk] += 1
            if queue.start_due(job.message, now=now):
                return job
        return None
