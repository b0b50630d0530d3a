"""When to try again: pure decisions on how a pull ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectivity.roots import root
from retrieval.plan import next_due

REFUSALS_TO_STOP = 3
REFUSING_TO_STOP = timedelta(hours=1)
_REFUSED_WAITS = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=1))
_QUOTA_WAITS = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))
_LONGEST_LOCAL = 30.0  # minutes
_LONGEST_HINT = timedelta(hours=2)
_SPREAD_OF_MIDNIGHT = timedelta(minutes=15)
_PROBE = timedelta(days=1)

LOCAL_CAUSES = frozenset({"internal", "storage"})
# The other side asked for patience: it works, and so does the account.
PATIENCE = frozenset({"login-later", "busy", "throttled", "limited", "over-quota", "in-use"})
# Too much at once for this account: fewer connections, slower, for a while.
CROWDED = frozenset({"throttled", "limited"})
# Nobody was asked: it is not this account's doing, and nothing is counted against it.
HELD_BACK = frozenset(
    {
        *("feature-off", "circuit-open", "login-spacing", "daily-budget"),
        *("provider-paused", "space-full"),
    }
)
# Of these the row tells by itself for as long as they last.
_UNTOLD = frozenset({"feature-off", "login-spacing", "provider-paused"})
# There is nothing to sign in with until the person acts.
_LOST = frozenset({"oauth-revoked", "credential-unreadable", "tls-pin-changed"})
# What says that a whole server is out of order, not one account on it.
OUTAGE = frozenset(
    {"name-not-found", "port-closed", "no-answer", "unreachable", "hung", "dropped", "tls-failed"}
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a task had been through before this run; ``cause`` is that of its last failure."""

    task_id: int
    automatic: bool
    fail_count: int
    refused_count: int
    failing_since: datetime | None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the task: its state, counts, and when it is due again (None: never)."""

    state: str
    next_at: datetime | None
    fail_count: int = 0
    refused_count: int = 0
    failing_since: datetime | None = None


def waits(cause: str) -> bool:
    """Whether a run that ended so only has to wait: nothing is broken."""
    return root(cause) in PATIENCE or cause in HELD_BACK


def after_success(
    standing: Standing, *, unfinished: bool, interval: int, now: datetime, chance: float = 0.5
) -> Verdict:
    """A run that ended well; an unfinished one goes on at once, behind what is due already."""
    if unfinished:
        return Verdict("ok", now)
    return Verdict("ok", _regular(standing, interval, now, chance))


def after_failure(
    standing: Standing,
    *,
    cause: str,
    interval: int,
    now: datetime,
    chance: float,
    retry_after: float | None = None,
    until: datetime | None = None,
    progressed: bool = False,
) -> Verdict:
    """A run that failed with ``cause``; ``chance`` in [0, 1) is the jitter.

    A refused sign-in is asked about again, ever more rarely, so that the other side never
    locks the account; after three refusals over an hour the person is asked instead.
    Everything else is a matter of waiting and never disables a task.

    Args:
        standing: what came before this run.
        cause: the cause id, as in ``connectivity.causes``.
        interval: seconds between regular runs.
        now: when the run ended.
        chance: the jitter.
        retry_after: seconds the server asked for, where it named a time.
        until: when it may go on, where we know (a shut provider, a used-up budget).
        progressed: whether the run finished a folder or stored something. Only that starts the
            count of failures anew: some servers accept every sign-in and then hang up.
    """
    # A finer cause of the catalogue is for people; what is done follows from what it is one of.
    cause, standing = root(cause), replace(standing, cause=root(standing.cause))
    if cause in HELD_BACK:
        return _held_back(standing, cause, interval, now, chance, until)
    if progressed:
        standing = replace(standing, fail_count=0, failing_since=None)
    since, fails = standing.failing_since or now, standing.fail_count + 1
    if cause == "token-expired" and standing.cause != "token-expired":
        # Once at once: a fresh token is fetched for every connection.
        return Verdict("backoff", now, fails, standing.refused_count, since)
    if cause in _LOST:
        probe = now + _PROBE if standing.automatic else None
        return Verdict("needs-password", probe, fails, standing.refused_count, since)
    if cause == "clear-text-off":
        # Nobody is asked for that, so it may be looked at as often as ever.
        due = _regular(standing, interval, now, chance)
        return Verdict("needs-password", due, fails, standing.refused_count, since)
    if cause in {"login-refused", "token-expired"}:
        return _after_refusal(standing, since=since, fails=fails, now=now)
    if not standing.automatic:
        return Verdict("ok", None, fails, standing.refused_count, since)
    if retry_after is not None:
        wait = min(timedelta(seconds=max(retry_after, 1.0)) * (1 + chance / 5), _LONGEST_HINT)
    else:
        wait = _wait(standing, cause, fails=fails, lasting=now - since, chance=chance)
    return Verdict("backoff", now + wait, fails, standing.refused_count, since)


def _wait(
    standing: Standing, cause: str, *, fails: int, lasting: timedelta, chance: float
) -> timedelta:
    """How long to wait after a failure whose end nobody named."""
    if cause in LOCAL_CAUSES:
        # Soon at first, for a disk that was full; not for ever, for every try is a sign-in there.
        minutes = min(2.0 ** min(fails - 1, 10), _LONGEST_LOCAL)
        return timedelta(minutes=minutes * (1 + chance))
    if cause == "over-quota":
        step = min(fails, len(_QUOTA_WAITS)) - 1 if standing.cause == cause else 0
        return _QUOTA_WAITS[step] * (1 + chance / 20)
    if cause in PATIENCE:
        return timedelta(minutes=5 + 10 * chance)
    if cause == "not-connected":
        # At random at first; where it lasts the mailbox is missing or closed to us.
        longest = 5 * 2 ** min(fails - 1, 4)
        day = lasting >= timedelta(hours=24)
        return timedelta(hours=24) if day else timedelta(minutes=5 + chance * min(longest, 55))
    # Full jitter, so that a server that comes back is not met by everybody at once; with a
    # floor, for nothing is mended within seconds.
    return timedelta(seconds=max(15.0, chance * min(3600.0, 30.0 * 2 ** min(fails, 10))))


def _held_back(
    standing: Standing,
    cause: str,
    interval: int,
    now: datetime,
    chance: float,
    until: datetime | None,
) -> Verdict:
    """Not the account's doing: its counts stay as they are."""
    if cause == "daily-budget":
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), now.tzinfo)
        due: datetime | None = midnight + _SPREAD_OF_MIDNIGHT * chance
    elif until is not None:
        due = until + min(max(until - now, timedelta(0)), timedelta(minutes=2)) * (chance / 2)
    else:
        due = _regular(standing, interval, now, chance)
    # Nothing is asked of the server to see whether there is space, and nobody asks by itself
    # for a person who does.
    is_asked = cause == "space-full" and not standing.automatic
    state = "ok" if cause in _UNTOLD or is_asked else "backoff"
    return Verdict(state, due, standing.fail_count, standing.refused_count, standing.failing_since)


def _regular(standing: Standing, interval: int, now: datetime, chance: float) -> datetime | None:
    if not standing.automatic:
        return None
    return next_due(standing.task_id, interval=interval, now=now, chance=chance)


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
