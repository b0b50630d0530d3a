"""Counting what servers say that the catalogue does not know, so that it can learn it."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from connectivity import catalogue
from connectivity.masking import mask
from connectivity.models import UnknownFailure
from protocols.errors import MailServerError

#: A server that says something else every time must not fill the table.
MOST_ROWS = 500


def note(
    protocol: str, error: MailServerError, *, host: str = "", username: str = "", now: datetime
) -> None:
    """Count the words of this failure if no entry of the catalogue fits them; else nothing.

    Addresses, names and numbers are taken out first. ``protocol`` is imap, pop, smtp or oauth.
    """
    if catalogue.is_known(protocol, error, host=host):
        return
    words = mask(error.server_line, username, host)
    key = {"protocol": protocol, "stage": str(error.stage), "line": words}
    rows = UnknownFailure.objects.filter(**key)
    if rows.update(count=F("count") + 1, last_at=now) or not _has_room():
        return
    try:
        with transaction.atomic():
            UnknownFailure.objects.create(**key, count=1, first_at=now, last_at=now)
    except IntegrityError:  # another worker met it at the same moment
        rows.update(count=F("count") + 1, last_at=now)


def unknown() -> QuerySet[UnknownFailure]:
    """What is not known yet, the most frequent first."""
    return UnknownFailure.objects.order_by("-count", "-last_at", "pk")


def _has_room() -> bool:
    """Whether one more fits; the oldest of those met only once makes room."""
    if UnknownFailure.objects.count() < MOST_ROWS:
        return True
    oldest = UnknownFailure.objects.filter(count=1).order_by("last_at").values("pk").first()
    return oldest is not None and bool(UnknownFailure.objects.filter(**oldest).delete()[0])
