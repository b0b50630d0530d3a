"""A test whose person has agreed to believe a certificate they were shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from accounts.models import User
from connectivity.services import pins
from protocols.check import CheckReport


class Outcome(Protocol):
    """How a test ended; without a report no server was asked."""

    @property
    def report(self) -> CheckReport | None: ...


Found = TypeVar("Found", bound=Outcome)


def tested(
    test: Callable[[], Found], *, user: User, host: str, port: int, sha256: str, now: datetime
) -> Found:
    """Look at the certificate again, pin it if it is the one agreed to, and test with it.

    Whatever else the server shows by now is told instead.
    """
    found = test()
    if found.report is None or not pins.allowed(user):
        return found
    report = found.report
    taken = pins.accept(user=user, host=host, port=port, sha256=sha256, report=report, now=now)
    return test() if taken else found
