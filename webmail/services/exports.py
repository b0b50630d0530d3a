"""Exports as rows: asked for, claimed by a worker, ready, gone after a week."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.callers import NOBODY, Caller
from accounts.models import User
from accounts.services import audit
from connectivity.services import account_news
from mailstore.models import Export, ExportState

KEPT: Final = timedelta(days=7)
LEASE: Final = timedelta(minutes=5)
#: After so many workers died at it, it is told as failed instead of killing one more.
MOST_CLAIMS: Final = 4
OPEN: Final = (ExportState.QUEUED, ExportState.RUNNING)


class LostClaimError(Exception):
    """Somebody else writes this export now, or it was taken back."""


def folder() -> Path:
    """Where the archives lie; readable by this account alone."""
    path = Path(settings.DATA_DIR) / "exports"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def of(user: User) -> Export | None:
    """The person's export, whatever its state."""
    return Export.objects.filter(user=user).first()


def ask(*, user: User, now: datetime, caller: Caller = NOBODY) -> Export:
    """Queue an export, with an audit line; one that is on its way already goes on."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        old = of(user)
        if old is not None and old.is_open:
            return old
        if old is not None:
            _remove(old)
        made = Export.objects.create(user=user, asked_at=now)
        audit.record("data-exported", now=now, actor=user, subject=user, caller=caller)
    return made


def take_back(*, user: User) -> bool:
    """Stop an export, or remove its archive; False where there is none."""
    row = of(user)
    if row is not None:
        _remove(row)
    return row is not None


def remove_all(user: User) -> None:
    """Remove what there is of a person who leaves."""
    take_back(user=user)


def due(*, now: datetime) -> list[int]:
    """The ids of what waits for a worker, and of what its worker left behind."""
    return list(_due(now).order_by("asked_at").values_list("pk", flat=True)[:50])


def claim(pk: int, *, now: datetime) -> Export | None:
    """Take an export over, once; None where it is not to be had."""
    if (
        not _due(now)
        .filter(pk=pk)
        .update(state=ExportState.RUNNING, fence=F("fence") + 1, lease_until=now + LEASE, done=0)
    ):
        return None
    row = Export.objects.select_related("user__domain").filter(pk=pk).first()
    if row is not None and row.fence > MOST_CLAIMS:
        fail(row, cause="broken", now=now)
        return None
    return row


def tell_progress(row: Export, *, now: datetime) -> None:
    """Write down how far it is and hold it for longer. Raises `LostClaimError`."""
    if not _held(row).update(done=row.done, total=row.total, lease_until=now + LEASE):
        raise LostClaimError(row.pk)


def finish(row: Export, *, now: datetime, url: str) -> None:
    """The archive is whole and has its name: tell the person. Raises `LostClaimError`."""
    with transaction.atomic():
        ready = _held(row).update(
            state=ExportState.READY,
            file=row.file,
            size=row.size,
            done=row.done,
            unreadable=row.unreadable,
            lease_until=None,
            ended_at=now,
            expires_at=now + KEPT,
        )
        if not ready:
            raise LostClaimError(row.pk)
        account_news.tell(user=row.user, what="data-exported", now=now, url=url)


def fail(row: Export, *, cause: str, now: datetime) -> None:
    """It cannot be made; the page says why."""
    _held(row).update(state=ExportState.FAILED, cause=cause, lease_until=None, ended_at=now)


def tidy(*, now: datetime) -> int:
    """Remove archives whose week is over, and files no row knows any more; how many rows."""
    over = list(Export.objects.filter(expires_at__lte=now))
    for row in over:
        _remove(row)
    # Not what was finished this moment, whose row is not written yet.
    before = (now - timedelta(hours=1)).timestamp()
    known = set(Export.objects.values_list("file", flat=True))
    for path in folder().iterdir():
        if path.name not in known and path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
    return len(over)


def _due(now: datetime) -> QuerySet[Export]:
    left_behind = Q(state=ExportState.RUNNING, lease_until__lt=now)
    return Export.objects.filter(Q(state=ExportState.QUEUED) | left_behind, user__is_active=True)


def _held(row: Export) -> QuerySet[Export]:
    return Export.objects.filter(pk=row.pk, fence=row.fence, state=ExportState.RUNNING)


def _remove(row: Export) -> None:
    row.delete()
    if row.file:
        (folder() / row.file).unlink(missing_ok=True)
