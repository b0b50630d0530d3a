"""What becomes of an account whose sign-in is refused. Pure: values in, values out.

Providers refuse good passwords, too, while something is broken there. So a refusal is asked about
again, ever more rarely, and the person is asked only after three of them over an hour, as where
mail is retrieved. Each try is one sign-in, however many messages wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectivity.roots import like, root
from smtp_accounts.retry import AUTH_CAUSES, PAUSING

TO_PAUSE = 3
PATIENCE = timedelta(hours=1)
PROBE = timedelta(days=1)
"""From one try to the next while the account is paused."""
LATEST = PROBE + timedelta(minutes=10)
"""No try is further away; what is, was set by a clock that was wrong."""
_WAITS = (timedelta(minutes=10), timedelta(hours=1))
_PROBE_AGAIN = timedelta(hours=1)
# There is nothing to sign in with until the person acts.
_LOST = like("oauth-revoked") | {"credential-unreadable"}


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account has been through; the fields of its row by the same names.

    Tries go on from ``refused_since`` on. Where that is empty and the cause is one of a sign-in,
    the account is paused, and ``next_at`` is when it is tried all the same.
    """

    cause: str = ""
    refused_count: int = 0
    refused_since: datetime | None = None
    next_at: datetime | None = None

    @property
    def is_paused(self) -> bool:
        """Whether it waits for its owner."""
        return self.cause in PAUSING and self.refused_since is None

    def is_held(self, now: datetime) -> bool:
        """Whether nothing may be tried through it yet."""
        if self.next_at is None:
            return self.is_paused
        return now < self.next_at <= now + LATEST


def after_failure(before: Standing, *, cause: str, now: datetime) -> Standing:
    """An attempt failed with this cause; a transient one never pauses anything."""
    if root(cause) == "refused":
        return Standing(cause)  # of a message: the sign-in went well
    if cause in _LOST:
        return Standing(cause, next_at=now + PROBE)
    if before.is_paused:
        if cause in AUTH_CAUSES:
            return Standing(cause, next_at=now + PROBE)
        return replace(before, next_at=now + _PROBE_AGAIN)
    if cause in AUTH_CAUSES:
        return _after_refusal(before, cause, now)
    if before.refused_since is not None:
        return replace(before, cause=cause, next_at=now + _WAITS[0])
    return Standing(cause)


def _after_refusal(before: Standing, cause: str, now: datetime) -> Standing:
    count, since = before.refused_count + 1, before.refused_since or now
    if count >= TO_PAUSE and now - since >= PATIENCE:
        return Standing(cause, next_at=now + PROBE)
    return Standing(cause, count, since, now + _WAITS[min(count, len(_WAITS)) - 1])
