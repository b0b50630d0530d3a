"""Filters applied to mail that is here, in batches, with progress, a stop and a way back."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import User
from filtering.models import Filter, FilterRun
from mailstore.models import Folder

#: How long a run that ended can be undone.
UNDO = timedelta(hours=1)


class RunRefused(Exception):
    """A filter cannot be applied now; `str()` may be shown to the user."""


def request(user: User, row: Filter, *, folder: Folder | None, now: datetime) -> FilterRun:
    """Have a person's filter applied to a folder, or everywhere (None) but in Junk, Deleted Items
    and Drafts. Nothing is forwarded. Raises RunRefused while another run of this person goes on.
    The caller nudges `filtering.tasks.apply_filters`.
    """
    raise NotImplementedError


def stop(run: FilterRun, *, now: datetime) -> bool:
    """End a run where it stands; False where it had ended. What it changed can be undone."""
    raise NotImplementedError


def undo(run: FilterRun, *, now: datetime) -> bool:
    """Have a run that ended undone; False where it is too late. The caller nudges as for a run."""
    raise NotImplementedError


def can_undo(run: FilterRun, *, now: datetime) -> bool:
    """Whether `undo` is offered."""
    raise NotImplementedError


def recent(user: User, *, now: datetime) -> list[FilterRun]:
    """Runs that go on or ended within the last day, the newest first."""
    raise NotImplementedError
