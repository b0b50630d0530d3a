"""What a mail server asks for in passing: patience, fewer connections, a fresh token.

Servers say it as response codes (RFC 5530, RFC 2449, RFC 3206) or in words of their own; the
patterns are those seen in the wild.  Only what cannot be part of a mailbox name is looked for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from protocols.errors import Later, MailServerError, Stage, TokenExpired

LONGEST = 86_400.0  # seconds; no server is believed to mean more
_BACKOFF = re.compile(
    r"(?:suggested backoff time|retry[- ]after|try again in|wait(?: at least)?)[: ]{1,3}(\d{1,12})"
    r" ?(?:(milliseconds?|msec|ms)|(minutes?|mins?)|(hours?)|(?:seconds?|secs?|s)?\b)",
    re.I,
)
_TOKEN = re.compile(
    r"AccessTokenExpired|access token (?:has |is )?expired|expired access token", re.I
)
# The first that is found counts; a server that names a time is throttling, whatever else it says.
_CAUSES: Mapping[str, tuple[str, ...]] = {
    "throttled": (r"suggested backoff time", r"\[THROTTLED\]", r"request is throttled"),
    "not-connected": (r"authenticated but not connected",),
    "over-quota": (
        r"\[OVERQUOTA\]",
        r"command or bandwidth limits",
        r"bandwidth limit",
        r"download exceed",
    ),
    "limited": (
        r"\[LIMIT\]",
        r"too many (?:simultaneous |concurrent |open )?connections",
        r"rate limit (?:hit|exceeded)",
        r"maximum number of connections",
        r"connection limit exceeded",
    ),
    "in-use": (
        r"\[IN-?USE\]",
        r"\[LOGIN-DELAY\]",
        r"lock busy",
        r"(?:mailbox|maildrop|is) (?:already )?locked",
        r"unable to (?:get |obtain )?(?:a )?lock",
        r"wait a few minutes",
    ),
}
_PATTERNS = tuple((cause, re.compile("|".join(each), re.I)) for cause, each in _CAUSES.items())


@dataclass(frozen=True, slots=True)
class Hint:
    """A cause as in `protocols.errors`, and the seconds the server named, if it did."""

    cause: str
    retry_after: float | None = None


def read(line: str) -> Hint | None:
    """What a line of a server's asks for, if anything; pure, and linear in the line's length."""
    if _TOKEN.search(line):
        return Hint("token-expired")
    for cause, pattern in _PATTERNS:
        if pattern.search(line):
            return Hint(cause, _seconds(line))
    return None


def error(line: str, stage: Stage) -> MailServerError | None:
    """The error to raise for a refusal or a farewell in these (redacted) words, or None."""
    hint = read(line)
    if hint is None:
        return None
    if hint.cause == "token-expired":
        return TokenExpired(stage, server_line=line)
    return Later(stage, hint.cause, server_line=line, retry_after=hint.retry_after)


def wish(line: str) -> float | None:
    """How many seconds to wait a line names, whatever else it says."""
    return _seconds(line)


def _seconds(line: str) -> float | None:
    found = _BACKOFF.search(line)
    if found is None:
        return None
    number, milli, minutes, hours = found.groups()
    factor = 0.001 if milli else 60.0 if minutes else 3600.0 if hours else 1.0
    return min(int(number) * factor, LONGEST)
