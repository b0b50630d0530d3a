"""What a task looks like in a list: its state, its last runs and its progress, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from connectivity.causes import CAUSES, Explained, Turn, explain_cause
from connectivity.waits import WAITS
from lib.moments import count, moment
from retrieval.models import (
    Method,
    ProviderPause,
    RetrievalRun,
    RetrievalTask,
    RunOutcome,
    TaskState,
)
from retrieval.pace import Progress, earlier, progress_of
from retrieval.repair import Repair, Senders, repair_of, senders_of
from retrieval.services import pausing
from retrieval.set_aside import numbers_of

BARS = 16
# A failure is shown as one only when it lasts; single ones mend themselves.
QUIET_FAILURES = 3
QUIET_TIME = timedelta(hours=1)

# What a run noted that found no space, in bytes.
_SPACE = re.compile(r"(\d+) of (\d+) bytes")


class Look(StrEnum):
    """The states a row can show; HELD is a pause of an administrator's."""

    FINE = "fine"
    MANUAL = "manual"
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    FAILED = "failed"
    NEEDS_YOU = "needs-you"
    PAUSED = "paused"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Row:
    """A task as the list and the head of its page show it.

    ``aside`` messages of it could not be retrieved; ``held`` is the pause of a task that is HELD.
    """

    task: RetrievalTask
    look: Look
    word: str
    line: str
    note: str
    bars: tuple[str, ...]
    bars_text: str
    progress: Progress | None = None
    problem: Explained | None = None
    wait: Explained | None = None
    is_listening: bool = False
    aside: int = 0
    repair: Repair | None = None
    held: ProviderPause | None = None

    @property
    def is_live(self) -> bool:
        """Whether something is about to change, so the page should look often."""
        return self.look in (Look.RUNNING, Look.QUEUED)


WORDS = {
    Look.FINE: lambda: _("Fine"),
    Look.MANUAL: lambda: _("Manual"),
    Look.QUEUED: lambda: _("Starts in a moment"),
    Look.RUNNING: lambda: _("Running"),
    Look.WAITING: lambda: _("Waiting"),
    Look.FAILED: lambda: _("Failed"),
    Look.NEEDS_YOU: lambda: _("Needs you"),
    Look.PAUSED: lambda: _("Paused"),
    Look.HELD: lambda: _("Paused"),
}


def tasks_of(user: User) -> QuerySet[RetrievalTask]:
    """The tasks of a user with what a row shows of them."""
    tasks = RetrievalTask.objects.filter(user=user)
    return tasks.select_related("source", "credential__grant__client")


def rows_for(tasks: Sequence[RetrievalTask], *, now: datetime) -> list[Row]:
    """A row for every task, with one query for all their runs and few others."""
    newest = Window(
        RowNumber(), partition_by=F("task_id"), order_by=[F("started_at").desc(), F("id").desc()]
    )
    runs = RetrievalRun.objects.filter(task__in=tasks).annotate(place=newest)
    by_task: dict[int, list[RetrievalRun]] = {task.pk: [] for task in tasks}
    for run in runs.filter(place__lte=BARS).order_by("task_id", "place"):
        by_task[run.task_id].append(run)
    before = earlier([task for task in tasks if is_running(task, now=now)])
    aside, senders = numbers_of(tasks), senders_of(tasks)
    held = pausing.paused_among(tasks, now=now) if tasks else {}
    return [
        replace(
            row_for(
                task,
                by_task[task.pk],
                now=now,
                before=before.get(task.pk, 0),
                held=held.get(task.pk),
            ),
            aside=aside.get(task.pk, 0),
            repair=_repair(task, senders, now=now),
        )
        for task in tasks
    ]


def _repair(task: RetrievalTask, senders: Senders, *, now: datetime) -> Repair | None:
    if look_of(task, now=now) not in (Look.NEEDS_YOU, Look.WAITING, Look.FAILED):
        return None
    return repair_of(task, problem_of(task), senders=senders, now=now)


def is_running(task: RetrievalTask, *, now: datetime) -> bool:
    """Whether somebody works on the task, or is about to."""
    return task.lease_until is not None and task.lease_until > now


def look_of(task: RetrievalTask, *, now: datetime, is_held: bool = False) -> Look:
    """The state to show; whoever's turn it is comes first."""
    if is_running(task, now=now):
        return Look.RUNNING
    if task.state == TaskState.NEEDS_PASSWORD:
        return Look.NEEDS_YOU
    if task.state == TaskState.PAUSED:
        return Look.PAUSED
    if is_held:
        return Look.HELD
    if task.next_at is not None and task.next_at <= now:
        return Look.QUEUED
    if task.state == TaskState.BACKOFF or (task.next_at is not None and task.cause in WAITS):
        return Look.WAITING
    if task.cause:
        return Look.FAILED
    return Look.MANUAL if task.method == Method.MANUAL else Look.FINE


def row_for(
    task: RetrievalTask,
    runs: Sequence[RetrievalRun],
    *,
    now: datetime,
    before: int = 0,
    held: ProviderPause | None = None,
) -> Row:
    """The row of one task; ``runs`` are its newest runs, newest first.

    ``before`` is what the earlier runs of its first pass have settled, ``held`` the pause of an
    administrator's that it waits for.
    """
    look = look_of(task, now=now, is_held=held is not None)
    runs_now = look == Look.RUNNING
    current = next((run for run in runs if run.outcome == RunOutcome.RUNNING), None)
    line, note = _lines(task, look, runs, now=now)
    if look == Look.HELD and held is not None:
        line = held_words(held, now=now)
    return Row(
        task=task,
        look=look,
        word=_goes_on() if look == Look.QUEUED and _is_between(task, runs) else WORDS[look](),
        line=line,
        note=note,
        bars=tuple(bar(run, is_running=runs_now) for run in reversed(runs)),
        bars_text=_bars_text(runs),
        progress=progress_of(current, now=now, before=before) if runs_now else None,
        held=held if look == Look.HELD else None,
        problem=problem_of(task) if look in (Look.NEEDS_YOU, Look.FAILED) else None,
        wait=_wait(task, look, now=now),
        is_listening=is_listening(task, now=now),
    )


def problem_of(task: RetrievalTask | RetrievalRun) -> Explained | None:
    """Why a task or a run failed, in the reader's language where the cause is a known one."""
    if not task.cause:
        return None
    if task.cause not in CAUSES and task.cause_text:
        told = explain_cause(task.cause, server_line=task.server_line)
        return replace(told, sentence=task.cause_text, field="")
    owner = task if isinstance(task, RetrievalTask) else task.task
    values = {"host": owner.host, "port": owner.port, "username": owner.username}
    told = explain_cause(task.cause, values, server_line=task.server_line)
    if owner.method == Method.MANUAL and told.turn == Turn.NOBODY:
        # Nothing goes on by itself where somebody has to ask.
        return replace(told, action=_("Retrieve again in a few minutes."))
    figures = _SPACE.search(task.cause_text) if task.cause == "space-full" else None
    if figures is not None:
        words = _("Your space is full: %(used)s of %(quota)s.")
        sizes = {"used": filesizeformat(figures[1]), "quota": filesizeformat(figures[2])}
        return replace(told, sentence=words % sizes)
    return told


def fetched(run: RetrievalRun) -> int:
    """Messages a run put into folders here."""
    return run.stored + run.linked


def bar(run: RetrievalRun, *, is_running: bool = True) -> str:
    """The kind of bar a run is drawn as; a run nobody works on any more was interrupted."""
    if run.outcome == RunOutcome.RUNNING:
        return "r" if is_running else "w"
    if run.outcome == RunOutcome.FAILED:
        return "x"
    if run.outcome in (RunOutcome.WAITED, RunOutcome.INTERRUPTED):
        return "w"
    new = fetched(run)
    if not new:
        return "n0"
    return "n1" if new < 3 else "n2" if new < 10 else "n3"


def held_words(pause: ProviderPause, *, now: datetime) -> str:
    """That an administrator paused the provider, until when, and why."""
    return _("Paused by your administrator until %(time)s: %(reason)s") % {
        "time": moment(pause.until, now=now),
        "reason": pause.reason,
    }


def _is_between(task: RetrievalTask, runs: Sequence[RetrievalRun]) -> bool:
    """Whether a long first pass was cut here, and its next part follows."""
    return task.first_pass_done_at is None and bool(runs) and runs[0].outcome == RunOutcome.OK


def _goes_on() -> str:
    return _("Goes on in a moment")


def is_listening(task: RetrievalTask, *, now: datetime) -> bool:
    """Whether somebody listens for news of this task right now."""
    return task.watched_until is not None and task.watched_until > now


def _wait(task: RetrievalTask, look: Look, *, now: datetime) -> Explained | None:
    """What is waited for, where it is worth a word: a wish of the provider, or a lasting fault."""
    told = problem_of(task) if look == Look.WAITING else None
    if told is None:
        return None
    lasts = task.failing_since is not None and now - task.failing_since >= QUIET_TIME
    is_loud = told.turn == Turn.YOU or told.cause in WAITS
    return told if is_loud or lasts or task.fail_count >= QUIET_FAILURES else None


def _lines(
    task: RetrievalTask, look: Look, runs: Sequence[RetrievalRun], *, now: datetime
) -> tuple[str, str]:
    """The two lines about the last and the next check."""
    if look == Look.RUNNING and runs and runs[0].outcome == RunOutcome.RUNNING:
        return _("since %(time)s") % {"time": moment(runs[0].started_at, now=now)}, ""
    last = _last(task, runs, now=now)
    if look == Look.QUEUED and _is_between(task, runs):
        return _goes_on(), last
    if look == Look.QUEUED:
        return WORDS[look](), last
    if look == Look.WAITING:
        until = moment(task.next_at, now=now) if task.next_at else ""
        told = _wait(task, look, now=now)
        note = told.sentence if told else _("The last check failed. Nothing is lost.")
        return _("Waiting until %(time)s") % {"time": until}, note
    if look == Look.PAUSED:
        return last, _("paused, nothing is fetched")
    if look == Look.NEEDS_YOU:
        return last, ""
    if look == Look.HELD:
        return "", last
    if task.method == Method.MANUAL:
        return last, _("only when you ask")
    if task.next_at is not None:
        words = _("next at %(time)s, or when mail arrives")
        if not is_listening(task, now=now):
            words = _("next at %(time)s")
        return last, words % {"time": moment(task.next_at, now=now)}
    return last, ""


def _last(task: RetrievalTask, runs: Sequence[RetrievalRun], *, now: datetime) -> str:
    done = next((run for run in runs if run.outcome != RunOutcome.RUNNING), None)
    if done is None or task.last_run_at is None:
        return _("Not checked yet")
    when = moment(done.ended_at or done.started_at, now=now)
    if done.outcome == RunOutcome.FAILED:
        return _("%(time)s, failed") % {"time": when}
    new = fetched(done)
    words = ngettext("%(time)s, %(n)s new", "%(time)s, %(n)s new", new)
    return words % {"time": when, "n": count(new)}


def _bars_text(runs: Iterable[RetrievalRun]) -> str:
    """The bars for those who do not see them."""
    kinds = [bar(run) for run in runs]
    if not kinds:
        return _("No runs yet")
    failed, waited = kinds.count("x"), kinds.count("w")
    parts = [
        ngettext("Last run", "Last %(n)d runs", len(kinds)) % {"n": len(kinds)},
        ngettext("%(n)d failed", "%(n)d failed", failed) % {"n": failed} if failed else "",
        ngettext("%(n)d waited", "%(n)d waited", waited) % {"n": waited} if waited else "",
    ]
    fine = _("all fine")
    told = ", ".join(part for part in parts[1:] if part)
    return f"{parts[0]}: {told or fine}"
