"""What becomes of an outgoing message after an attempt. Pure: values in, a decision out.

Refusals of the 5xx kind are final for that recipient; of the 4xx kind are tried again, from one
minute to four hours apart, for 48 hours and five tries (RFC 5321 section 4.5.4.1). What may
have been delivered is never tried again by itself (RFC 1047).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from connectivity.roots import like

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
FIRST_WAITS = {
    # Most of those who send strangers away once want them back after five minutes.
    "greylisted": timedelta(minutes=5),
    "mailbox-full": timedelta(minutes=15),
    "server-full": timedelta(minutes=15),
    "sending-limit": timedelta(hours=1),
}
TOO_MANY = "too-many-recipients"
LIMITS = frozenset({"sending-limit"})
"""Refusals for today only, whatever the first digit of their code says."""
GIVE_UP_AFTER = timedelta(hours=48)
FEWEST_TRIES = 5
"""Before giving up: what lay still for days has not been refused for days."""
AUTH_CAUSES = like("login-refused", "login-method", "oauth-revoked")
"""Causes that pause the account in time: trying on would get it locked by its provider."""
PAUSING = (*sorted(AUTH_CAUSES), "credential-unreadable")
"""Causes that an account can be paused for (`refusals.Standing.is_paused`)."""


class Recipient(StrEnum):
    """The values of `RecipientState`, known here without the database."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """The values of `OutboxState` that an attempt can end in."""

    SENT = "sent"
    RETRY = "retry"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """The message's next state; `wait` says how long until the next try, None when there is none.

    With `gave_up` the recipients still waiting are to be marked refused.
    """

    outcome: Outcome
    wait: timedelta | None = None
    gave_up: bool = False


def backoff(attempts: int, cause: str = "") -> timedelta:
    """How long to wait after so many attempts: 1, 2, 4 … minutes, at most four hours.

    Some causes are known to take longer from the first.
    """
    doublings = min(max(attempts - 1, 0), 12)
    return min(FIRST_WAITS.get(cause, FIRST_WAIT) * (1 << doublings), LONGEST_WAIT)


def of_reply(code: int, *, cause: str = "") -> Recipient:
    """What a reply code means for the recipient it answers (RFC 5321 section 4.2.1).

    Too many recipients for one message are tried again in the next, even where the code is the
    final one (RFC 5321 section 4.5.3.1.10).
    """
    if 200 <= code < 300:
        return Recipient.ACCEPTED
    if cause in LIMITS or cause == TOO_MANY:
        return Recipient.DEFERRED
    return Recipient.REFUSED if code >= 500 else Recipient.DEFERRED


def settle(recipient: Recipient, final: Recipient) -> Recipient:
    """A recipient's state once the message itself was answered: accepted only if both are."""
    return final if recipient == Recipient.ACCEPTED else recipient


def decide(
    recipients: Iterable[str],
    *,
    attempts: int,
    age: timedelta,
    cause: str = "",
    progressed: bool = False,
    wish: timedelta | None = None,
) -> Decision:
    """The message's next state from those of its recipients.

    `attempts` counts this one; `age` is how long the message has been due; `cause` is why some
    still wait, `progressed` whether some were served this time, `wish` how long the server asked
    to wait.
    """
    states = {Recipient(state) for state in recipients}
    if Recipient.UNKNOWN in states:
        return Decision(Outcome.UNKNOWN)
    if states & {Recipient.PENDING, Recipient.DEFERRED}:
        if age >= GIVE_UP_AFTER and attempts >= FEWEST_TRIES:
            return Decision(Outcome.REFUSED, gave_up=True)
        if cause == TOO_MANY and progressed:
            return Decision(Outcome.RETRY, wait=timedelta())
        wait = max(backoff(attempts, cause), min(wish or timedelta(), LONGEST_WAIT))
        return Decision(Outcome.RETRY, wait=wait)
    return Decision(Outcome.REFUSED if Recipient.REFUSED in states else Outcome.SENT)


def is_final(*, temporary: bool, stage: str, cause: str = "") -> bool:
    """Whether an error before the message was handed over is the server's last word on it.

    Only a permanent refusal of the message itself is. A refused or missing sign-in, a broken
    certificate or a missing name say nothing about the message: it waits until that is mended,
    or 48 hours.
    """
    return stage == "send" and not temporary and cause not in AUTH_CAUSES | LIMITS
