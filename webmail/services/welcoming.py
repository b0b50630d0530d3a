"""The first sign-in: what was asked is stored, and it is not asked again."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from accounts.arriving import ENOUGH
from accounts.models import User


def welcome(*, user: User, language: str, time_zone: str, skipped: bool, now: datetime) -> None:
    """Store the answers of the first sign-in. ``skipped``: without a backup address."""
    user.language, user.time_zone, user.welcomed_at = language, time_zone, now
    user.backup_skipped = 1 if skipped else 0
    user.save(update_fields=["language", "time_zone", "welcomed_at", "backup_skipped"])


def put_off(*, user: User) -> None:
    """The bar that reminds of the backup address was closed once more."""
    people = User.objects.filter(pk=user.pk, backup_skipped__lt=ENOUGH)
    people.update(backup_skipped=F("backup_skipped") + 1)
