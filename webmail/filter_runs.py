"""Filters that are being applied to mail that is here, as their page tells of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from filtering.models import FilterRun, RunState
from filtering.services import applying


@dataclass(frozen=True, slots=True)
class Shown:
    """A run in words, and what can be done about it."""

    run: FilterRun
    where: str
    words: str
    can_stop: bool
    can_undo: bool

    @property
    def is_going(self) -> bool:
        """Whether a worker is at it, or should be."""
        return self.run.state in applying.OPEN


def shown(runs: Iterable[FilterRun], *, now: datetime) -> list[Shown]:
    """The runs as a page shows them."""
    return [
        Shown(
            run=one,
            where=_where(one),
            words=_words(one),
            can_stop=one.state in (RunState.WAITING, RunState.RUNNING),
            can_undo=applying.can_undo(one, now=now),
        )
        for one in runs
    ]


def _where(run: FilterRun) -> str:
    if run.folder is not None:
        return run.folder.label
    return _("all folders") if run.is_everywhere else _("a folder that is gone")


def _words(run: FilterRun) -> str:
    if run.problem:
        return run.problem
    looked = _("%(looked)s of %(total)s messages looked at") % {
        "looked": intcomma(run.looked),
        "total": intcomma(run.total),
    }
    changed = ngettext("%(count)s changed", "%(count)s changed", run.changed) % {
        "count": intcomma(run.changed)
    }
    return {
        RunState.WAITING: _("Waiting for a worker. You can close this page."),
        RunState.RUNNING: _("%(looked)s, %(changed)s. You can close this page."),
        RunState.DONE: _("Done: %(looked)s, %(changed)s."),
        RunState.STOPPED: _("Stopped: %(looked)s, %(changed)s."),
        RunState.UNDOING: _("Being undone. You can close this page."),
        RunState.UNDONE: _("Undone: the messages are as they were before."),
    }[RunState(run.state)] % {"looked": looked, "changed": changed}
