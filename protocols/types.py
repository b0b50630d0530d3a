"""The frozen values every protocol module takes as arguments."""

import time
from dataclasses import dataclass, field
from enum import StrEnum

from protocols.errors import Hung, Stage


class Security(StrEnum):
    """How a connection is encrypted; the value is what a database row stores."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server as the user named it: the host is judged and resolved only when connecting."""

    host: str
    port: int
    security: Security


@dataclass(frozen=True, slots=True)
class Login:
    """Name and secret for one server; the secret never shows in a representation.

    With `oauth` the secret is an OAuth 2 access token (`protocols.sasl`).
    """

    username: str
    password: str = field(repr=False)
    apop: bool = False
    oauth: bool = False


class Deadline:
    """A moment on the monotonic clock by which something must have ended."""

    __slots__ = ("_end", "stage")

    def __init__(self, seconds: float, stage: Stage = Stage.CONNECT) -> None:
        """End `seconds` from now; `stage` names what was going on when it passes."""
        self._end = time.monotonic() + seconds
        self.stage = stage

    def remaining(self) -> float:
        """Seconds left, always more than 0; raises `Hung` when there are none."""
        left = self.left()
        if left <= 0:
            raise Hung(self.stage)
        return left

    def left(self) -> float:
        """Seconds left, 0 or less when the time is over; raises nothing."""
        return self._end - time.monotonic()

    def extend(self, seconds: float) -> None:
        """Allow so many seconds more."""
        self._end += seconds

    def note(self, name: str, value: str) -> None:
        """Something learnt about the server on the way; only a check keeps it (`CheckReport`)."""

    def within(self, seconds: float, stage: Stage) -> "Deadline":
        """A deadline for one step: at most `seconds`, never later than this one."""
        return Deadline(min(seconds, self.left()), stage)
