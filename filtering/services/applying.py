"""Filters applied to mail that is here: asked for, stopped, undone. A worker does it (`rounds`)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from filtering.models import Filter, FilterRun, RunState, RunStep
from filtering.services import active, stored
from filtering.services.checked import CLOSED
from mailstore.models import Folder, Message
from mailstore.services import locks

#: How long a run that ended can be undone.
UNDO: Final = timedelta(hours=1)
#: How long a run is listed.
LISTED: Final = timedelta(days=1)
OPEN: Final = (RunState.WAITING, RunState.RUNNING, RunState.UNDOING)
_ENDED: Final = (RunState.DONE, RunState.STOPPED)


class RunRefused(Exception):
    """A filter cannot be applied now; `str()` may be shown to the user."""


def request(user: User, row: Filter, *, folder: Folder | None, now: datetime) -> FilterRun:
    """Have a person's filter applied to a folder, or everywhere (None): all but Junk, Deleted
    Items, Drafts, Sent and what is snoozed. Nothing is forwarded.

    Raises RunRefused where another run of this person goes on, the filter needs attention or what
    lies in the folder has a row of its own beside it. The
    caller nudges `filtering.tasks.apply_filter` after the commit; the schedule finds it anyway.
    """
    if row.user_id != user.pk or (folder is not None and folder.user_id != user.pk):
        raise ValueError("the filter or the folder belongs to someone else")
    if folder is not None and folder.role in CLOSED:
        raise RunRefused(
            _("Filters are not applied to “%s”. Choose another folder.") % folder.label
        )
    if active.ready_rule(row, active.belongings([row])) is None:
        raise RunRefused(_("This filter needs attention: open it and mend it first."))
    with transaction.atomic():
        locks.hold(user.pk)
        if FilterRun.objects.filter(user=user, state__in=OPEN).exists():
            raise RunRefused(_("Another filter is being applied. Wait for it, or stop it."))
        mine = reach(user, folder)
        top = mine.order_by("-pk").values_list("pk", flat=True).first() or 0
        return FilterRun.objects.create(
            user=user,
            filter=row,
            name=row.name,
            definition=frozen(row),
            folder=folder,
            is_everywhere=folder is None,
            total=mine.count(),
            cursor=top + 1,
            asked_at=now,
        )


def frozen(row: Filter) -> dict[str, object]:
    """What a filter says now, fit for JSON."""
    return {"match": row.match, "conditions": row.conditions, "actions": row.actions}


def reach(user: User, folder: Folder | None) -> QuerySet[Message]:
    """The messages a run looks at."""
    mine = Message.objects.filter(user=user)
    return mine.filter(folder=folder) if folder is not None else mine.exclude(stored.untouched())


def stop(run: FilterRun, *, now: datetime) -> bool:
    """End a run where it stands; False where it had ended. What it changed can be undone."""
    going = FilterRun.objects.filter(pk=run.pk, state__in=(RunState.WAITING, RunState.RUNNING))
    # The fence keeps out a worker that is in the middle of something.
    stopped = going.update(
        state=RunState.STOPPED, ended_at=now, fence=F("fence") + 1, lease_until=None
    )
    run.refresh_from_db()
    return bool(stopped)


def undo(run: FilterRun, *, now: datetime) -> bool:
    """Have a run that ended undone; False where it is too late. The caller nudges as for a run."""
    ended = FilterRun.objects.filter(pk=run.pk, state__in=_ENDED, ended_at__gt=now - UNDO)
    found = ended.update(state=RunState.UNDOING, fence=F("fence") + 1, lease_until=None)
    run.refresh_from_db()
    return bool(found)


def can_undo(run: FilterRun, *, now: datetime) -> bool:
    """Whether `undo` is offered."""
    is_young = run.ended_at is not None and run.ended_at > now - UNDO
    return run.state in _ENDED and run.changed > 0 and is_young


def recent(user: User, *, now: datetime) -> list[FilterRun]:
    """Runs that go on or ended within the last day, the newest first."""
    shown = Q(state__in=OPEN) | Q(ended_at__gt=now - LISTED)
    rows = FilterRun.objects.filter(shown, user=user).select_related("folder", "filter")
    return list(rows.order_by("-pk")[:20])


def tidy(*, now: datetime) -> int:
    """Forget how to undo what nobody may undo any more, and runs nobody looks at; how many."""
    RunStep.objects.filter(run__ended_at__lt=now - UNDO).exclude(run__state__in=OPEN).delete()
    old = FilterRun.objects.filter(ended_at__lt=now - 7 * LISTED).exclude(state__in=OPEN)
    return old.delete()[0]
