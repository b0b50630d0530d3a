"""When to try again: pure decisions on how a pull ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from retrieval.plan import next_due

REFUSALS_TO_STOP = 3
REFUSING_TO_STOP = timedelta(hours=1)
_REFUSED_WAITS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=1))
_LATER_WAIT = timedelta(minutes=5)
_LOCAL_WAIT = timedelta(minutes=1)
_PROBE = timedelta(days=1)
LOCAL_CAUSES = frozenset({"internal", "storage"})


@dataclass(frozen=True, slots=True)
class Standing:
    """What a task had been through before this run."""

    task_id: int
    automatic: bool
    fail_count: int
    refused_count: int
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the task: its state, counts, and when it is due again (None: never)."""

    state: str
    next_at: datetime | None
    fail_count: int = 0
    refused_count: int = 0
    failing_since: datetime | None = None


def after_success(standing: Standing, *, unfinished: bool, interval: int, now: datetime) -> Verdict:
    """A run that ended well; an unfinished one goes on at once."""
    if unfinished:
        return Verdict("ok", now)
    due = next_due(standing.task_id, interval=interval, now=now) if standing.automatic else None
    return Verdict("ok", due)


def after_failure(
    standing: Standing, *, cause: str, interval: int, now: datetime, chance: float
) -> Verdict:
    """A run that failed with ``cause``; ``chance`` in [0, 1) is the jitter.

    A refused sign-in is asked about again, ever more rarely, so that the other side never
    locks the account; after three refusals over an hour the person is asked instead.
    Everything else is a matter of waiting and never disables a task.
    """
    since = standing.failing_since or now
    fails = standing.fail_count + 1
    if cause == "feature-off":
        # Not the account's doing: the counts stay, and dispatch waits for the switch.
        due = next_due(standing.task_id, interval=interval, now=now) if standing.automatic else None
        return Verdict(
            "ok", due, standing.fail_count, standing.refused_count, standing.failing_since
        )
    if cause == "login-refused":
        return _after_refusal(standing, since=since, fails=fails, now=now)
    if not standing.automatic:
        return Verdict("ok", None, fails, standing.refused_count, since)
    if cause in LOCAL_CAUSES:
        # Soon at first, for a disk that was full; not for ever, for every try is a sign-in there.
        wait = min(_LOCAL_WAIT * 2 ** min(fails - 1, 10), timedelta(minutes=30)) * (1 + chance)
    elif cause in {"login-later", "busy"}:
        wait = _LATER_WAIT * (1 + 2 * chance)
    else:
        ceiling = min(3600.0, 30.0 * 2 ** min(fails, 10))
        # Never sooner than the first step, never later than the regular interval for the
        # first few: full jitter (AWS architecture note) with a floor.
        wait = timedelta(seconds=max(15.0, chance * max(ceiling, min(interval, 60))))
    return Verdict("backoff", now + wait, fails, standing.refused_count, since)


def _after_refusal(standing: Standing, *, since: datetime, fails: int, now: datetime) -> Verdict:
    refused = standing.refused_count + 1
    stop = refused >= REFUSALS_TO_STOP and now - since >= REFUSING_TO_STOP
    if not standing.automatic:
        state = "needs-password" if stop else "ok"
        return Verdict(state, None, fails, refused, since)
    if stop:
        return Verdict("needs-password", now + _PROBE, fails, refused, since)
    wait = _REFUSED_WAITS[min(refused, len(_REFUSED_WAITS)) - 1]
    return Verdict("backoff", now + wait, fails, refused, since)
