"""How often a user may have us knock at a server: the test button must not become a scanner."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import User
from connectivity.models import ConnectionTrial

WINDOW = timedelta(hours=1)


class TooManyTrialsError(Exception):
    """The user has used up the connection tests of this hour."""


def take(user: User, *, now: datetime) -> None:
    """Count one connection test of ``user``. Raises `TooManyTrialsError` beyond the hourly limit.

    The row is written before it is counted, so tests begun at the same moment see each other.
    """
    ConnectionTrial.objects.filter(user=user, at__lt=now - WINDOW).delete()
    trial = ConnectionTrial.objects.create(user=user, at=now)
    if ConnectionTrial.objects.filter(user=user).count() > settings.CONNECTIVITY_TESTS_PER_HOUR:
        trial.delete()
        raise TooManyTrialsError
