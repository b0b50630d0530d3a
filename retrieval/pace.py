"""How far a running pull is, in words: done and total, rate and time left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from lib.moments import count, span
from retrieval.models import RetrievalRun, RetrievalTask, RunOutcome

# A rate says something only after a while.
STEADY_SECONDS = 2
SLOWEST = 0.5

PHASES: Mapping[str, Callable[[], str]] = {
    "connecting": lambda: _("Connecting"),
    "listing": lambda: _("Looking at the folders"),
    "removing": lambda: _("Removing what is stored here from the server"),
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pull is. ``total`` 0 means that is not known yet.

    ``left`` and ``right`` stand below the bar; ``folder`` is being fetched; ``amount`` and
    ``speed`` tell of the bytes. What is not known is empty.
    """

    done: int
    total: int
    left: str
    right: str
    folder: str = ""
    amount: str = ""
    speed: str = ""

    @property
    def words(self) -> str:
        """The bar for those who do not see it."""
        return ", ".join(part for part in (self.left, self.right) if part)


def settled(run: RetrievalRun) -> int:
    """Messages of a run that have their verdict."""
    return run.stored + run.linked + run.skipped + run.quarantined


def earlier(tasks: Sequence[RetrievalTask]) -> dict[int, int]:
    """What the earlier runs of long first passes have settled, so that their bars go on.

    A first pass is cut into runs of some minutes; one query for all the tasks.
    """
    first = [task.pk for task in tasks if task.first_pass_done_at is None]
    if not first:
        return {}
    runs = RetrievalRun.objects.filter(
        # With another account the password was typed again: what was before does not count.
        task__in=first,
        started_at__gte=F("task__credential__changed_at"),
    )
    sums = (
        runs.exclude(outcome=RunOutcome.RUNNING)
        .order_by()
        .values_list("task_id")
        .annotate(n=Sum(F("stored") + F("linked") + F("skipped") + F("quarantined")))
    )
    return dict(sums)


def progress_of(run: RetrievalRun | None, *, now: datetime, before: int = 0) -> Progress:
    """What a running pull has done so far; ``before`` is what earlier runs did of the same."""
    if run is None:
        return Progress(0, 0, _("Connecting"), "")
    own = settled(run)
    total = max(run.expected or run.found, own)
    if not total or run.phase == "removing":
        words = PHASES.get(run.phase, lambda: _("Looking for new messages"))
        return Progress(0, 0, words(), run.folder_name)
    done, whole = before + own, before + total
    left = _("%(done)s of %(total)s") % {"done": count(done), "total": count(whole)}
    seconds = (now - run.started_at).total_seconds()
    amount = _amount(run)
    rate = own / max(seconds, 0.1)
    if seconds < STEADY_SECONDS or rate < SLOWEST or own >= total:
        return Progress(done, whole, left, run.folder_name, run.folder_name, amount)
    right = _("%(rate)s/s, %(time)s left") % {
        "rate": count(round(rate)),
        "time": span(_seconds_left(run, seconds, missing=total - own)),
    }
    speed = _("%(size)s/s") % {"size": filesizeformat(run.bytes / seconds)} if run.bytes else ""
    return Progress(done, whole, left, right, run.folder_name, amount, speed)


def _amount(run: RetrievalRun) -> str:
    if not run.bytes:
        return ""
    if run.expected_bytes <= run.bytes:
        return str(filesizeformat(run.bytes))
    sizes = {"size": filesizeformat(run.bytes), "total": filesizeformat(run.expected_bytes)}
    return _("%(size)s of %(total)s") % sizes


def _seconds_left(run: RetrievalRun, seconds: float, *, missing: int) -> float:
    """By bytes where sizes are known, as large messages take long; else by messages."""
    if run.bytes and run.expected_bytes > run.bytes:
        return (run.expected_bytes - run.bytes) * seconds / run.bytes
    return missing * seconds / max(settled(run), 1)
