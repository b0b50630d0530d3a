"""Counters that keep a page from being tried without end. They live in the database."""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime, timedelta

from django.db.models import F

from accounts.models import Tries

log = logging.getLogger(__name__)


def allow(name: str, key: str, *, limit: int, seconds: int, now: datetime) -> bool:
    """Count one more try and say whether it is within ``limit`` of this stretch of ``seconds``.

    ``name`` is what is counted, ``key`` for whom: an address, a network, a user. Both are hashed.
    Stretches begin at multiples of their length, so everybody's counter ends at a known time.
    """
    hashed, began = _counter(name, key, seconds, now)
    row, _made = Tries.objects.get_or_create(
        key=hashed, began_at=began, defaults={"ends_at": began + timedelta(seconds=seconds)}
    )
    Tries.objects.filter(pk=row.pk).update(count=F("count") + 1)
    row.refresh_from_db(fields=["count"])
    if row.count == limit + 1:  # once in a stretch: whoever goes on does not fill the log
        log.warning("more than %s in %s s of %r by %s", limit, seconds, name, hashed[:12])
    return row.count <= limit


def count(name: str, key: str, *, seconds: int, now: datetime) -> int:
    """How many tries were counted in this stretch of ``seconds``, without counting another."""
    hashed, began = _counter(name, key, seconds, now)
    found = Tries.objects.filter(key=hashed, began_at=began).values_list("count", flat=True)
    return found.first() or 0


def tidy(*, now: datetime) -> int:
    """Remove counters of stretches that are over; how many."""
    return Tries.objects.filter(ends_at__lt=now).delete()[0]


def _counter(name: str, key: str, seconds: int, now: datetime) -> tuple[str, datetime]:
    hashed = hashlib.sha256(f"{name}\0{key}".encode()).hexdigest()
    return hashed, datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=UTC)
