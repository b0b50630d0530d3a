"""How often a user may have us knock at a server: the test button must not become a scanner."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from connectivity.models import ConnectionTrial

WINDOW = timedelta(hours=1)


class TooManyTrialsError(Exception):
    """The connection tests of this hour are used up; ``cause`` says whose, as in the catalogue."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def take(user: User, *, now: datetime, target: str = "") -> None:
    """Count one connection test of ``user``, of the host or domain ``target``.

    Raises `TooManyTrialsError` beyond the hourly limit of the person, of everybody in their
    domain, or of the target. The row is written before it is counted, so tests begun at the same
    moment see each other. A target is kept without the part that names a person.
    """
    where = target.rpartition("@")[2].strip().rstrip(".").lower()[:260]
    ConnectionTrial.objects.filter(at__lt=now - WINDOW).delete()
    trial = ConnectionTrial.objects.create(user=user, at=now, target=where)
    recent = ConnectionTrial.objects.filter(at__gte=now - WINDOW)
    limits = [
        ("too-many-tests", Q(user=user), settings.CONNECTIVITY_TESTS_PER_HOUR),
        (
            "too-many-tests-domain",
            Q(user__domain=user.domain_id),
            settings.CONNECTIVITY_DOMAIN_TESTS_PER_HOUR,
        ),
    ]
    if where:
        limits.append(
            (
                "too-many-tests-target",
                Q(target=where),
                settings.CONNECTIVITY_TARGET_TESTS_PER_HOUR,
            )
        )
    for cause, whose, most in limits:
        if recent.filter(whose).count() > most:
            trial.delete()
            raise TooManyTrialsError(cause)
