"""The history of a task as its page tells it: bars, days, runs in words, completeness."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connectivity.causes import Explained
from lib.moments import count, day, span
from retrieval.models import (
    PopMessage,
    PopState,
    RemoteFolder,
    RemoteFolderState,
    RemoteMessage,
    RemoteState,
    RetrievalRun,
    RetrievalTask,
    RunOutcome,
    TaskType,
)
from retrieval.rows import bar, fetched, problem_of

KEEP = 72
HERE = (RemoteState.STORED, RemoteState.LINKED)
HERE_POP = (PopState.STORED, PopState.DELETED)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline: a run, or several alike in a row.

    ``key`` is the oldest of them: it stays while newer ones join, so a page that refreshes
    itself knows the line again.
    """

    key: int
    clock: str
    kind: str
    title: str
    text: str
    took: str
    problem: Explained | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """The entries of one day under its heading."""

    name: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """The bar chart of the last runs: a class for every bar, and the times below it."""

    bars: tuple[str, ...]
    times: tuple[str, ...]
    text: str
    summary: str


@dataclass(frozen=True, slots=True)
class FolderState:
    """One remote folder: what is there, what is here, why they differ."""

    name: str
    there: str
    here: str
    done: int
    total: int
    kind: str
    words: str


@dataclass(slots=True)
class _Tally:
    here: int = 0
    pending: int = 0
    too_big: int = 0
    quarantined: int = 0
    skipped: int = 0
    other: dict[str, int] = field(default_factory=dict)


def runs_of(task: RetrievalTask) -> list[RetrievalRun]:
    """The newest runs, newest first."""
    runs = list(RetrievalRun.objects.filter(task=task)[:KEEP])
    for run in runs:
        run.task = task
    return runs


def line_of(runs: Sequence[RetrievalRun], *, is_running: bool) -> Line:
    """The bars, oldest first; a bar is as tall as its run brought mail."""
    oldest_first = list(reversed(runs))
    kinds = tuple(_bar(run, is_running=is_running) for run in oldest_first)
    failed = sum(run.outcome == RunOutcome.FAILED for run in runs)
    waited = sum(run.outcome in (RunOutcome.WAITED, RunOutcome.INTERRUPTED) for run in runs)
    fine = sum(run.outcome == RunOutcome.OK for run in runs)
    new = sum(fetched(run) for run in runs)
    parts = [
        ngettext("%(n)s run", "%(n)s runs", len(runs)) % {"n": count(len(runs))},
        _("%(n)s fine") % {"n": count(fine)},
        _("%(n)s failed") % {"n": count(failed)} if failed else "",
        _("%(n)s waited") % {"n": count(waited)} if waited else "",
    ]
    told = ", ".join(part for part in parts if part)
    summary = ngettext("%(n)s message fetched", "%(n)s messages fetched", new) % {"n": count(new)}
    return Line(kinds, _times(oldest_first), told, f"{told}. {summary}.")


def _bar(run: RetrievalRun, *, is_running: bool) -> str:
    kind = bar(run, is_running=is_running)
    if kind in ("x", "w", "r", "n0"):
        return kind
    new = fetched(run)
    steps = sum(new >= limit for limit in (1, 2, 4, 8, 16, 64, 256))
    return f"n h{steps}"


def _times(runs: Sequence[RetrievalRun]) -> tuple[str, ...]:
    """Moments spread over the bars: as many as have room below them."""
    if not runs:
        return ()
    steps = 4 if len(runs) >= 24 else 1
    places = sorted({round(step * (len(runs) - 1) / steps) for step in range(steps + 1)})
    return tuple(date_format(timezone.localtime(runs[place].started_at), "H:i") for place in places)


def days_of(runs: Sequence[RetrievalRun], *, now: datetime) -> list[Day]:
    """The runs in words, newest first, by day; runs that say the same are one line."""
    days = []
    newest_fine = next((at for at, run in enumerate(runs) if run.outcome == RunOutcome.OK), None)
    mended = set() if newest_fine is None else {run.pk for run in runs[newest_fine:]}
    for _date, same_day in groupby(runs, key=lambda run: timezone.localtime(run.started_at).date()):
        listed = list(same_day)
        entries = tuple(_entries(listed, mended=mended))
        days.append(Day(day(listed[0].started_at, now=now), entries))
    return days


def _entries(runs: Sequence[RetrievalRun], *, mended: set[int]) -> Iterable[Entry]:
    for kind, group in groupby(runs, key=_kind):
        listed = list(group)
        if kind == "quiet" and len(listed) > 2:
            yield _quiet(listed)
        elif kind.startswith("failed"):
            yield _failed(listed, is_mended=listed[0].pk in mended)
        else:
            yield from (_entry(run) for run in listed)


def _kind(run: RetrievalRun) -> str:
    """Runs of the same kind in a row are told as one."""
    if run.outcome == RunOutcome.FAILED:
        return f"failed {run.cause}"
    if run.outcome == RunOutcome.OK and not fetched(run) and not run.quarantined:
        return "quiet"
    return "each"


def _quiet(runs: Sequence[RetrievalRun]) -> Entry:
    title = _("%(n)d runs, nothing new") % {"n": len(runs)}
    return Entry(runs[-1].pk, _clock(runs[0]), "ok", title, "", _average(runs))


def _failed(runs: Sequence[RetrievalRun], *, is_mended: bool) -> Entry:
    """What went wrong, and whether anybody still has to do something about it."""
    last, problem = runs[0], problem_of(runs[0])
    title = problem.title if problem else _("Failed")
    sentence = problem.sentence if problem else last.cause_text
    action = problem.action if problem else ""
    if is_mended:
        action = _("Nobody has to do anything: a later run worked.")
    if len(runs) > 1:
        title = _("%(n)d runs: %(problem)s") % {"n": len(runs), "problem": title}
    return Entry(
        runs[-1].pk,
        _clock(last),
        "failed",
        title,
        f"{sentence} {action}".strip(),
        _average(runs),
        problem,
    )


def _average(runs: Sequence[RetrievalRun]) -> str:
    took = span(sum(_seconds(run) for run in runs) / len(runs))
    return took if len(runs) == 1 else _("%(time)s avg") % {"time": took}


def _entry(run: RetrievalRun) -> Entry:
    clock, took = _clock(run), span(_seconds(run)) if run.ended_at else ""
    if run.outcome == RunOutcome.WAITED:
        problem = problem_of(run)
        sentence = problem.sentence if problem else run.cause_text
        return Entry(run.pk, clock, "waited", _("Waited"), sentence, took, problem)
    if run.outcome == RunOutcome.INTERRUPTED:
        text = _("It goes on with the next run. Nothing was lost or fetched twice.")
        return Entry(run.pk, clock, "waited", _("Interrupted"), text, took)
    if run.outcome == RunOutcome.RUNNING:
        return Entry(run.pk, clock, "running", _("Running"), run.folder_name, "")
    return Entry(run.pk, clock, "ok", _fetched_words(run), _notes(run), took)


def _fetched_words(run: RetrievalRun) -> str:
    new = fetched(run)
    if not new:
        return _("Nothing new")
    return ngettext("%(n)s new message", "%(n)s new messages", new) % {"n": count(new)}


def _notes(run: RetrievalRun) -> str:
    notes = [
        ngettext(
            "%(n)s could not be fetched and is set aside.",
            "%(n)s could not be fetched and are set aside.",
            run.quarantined,
        )
        % {"n": count(run.quarantined)}
        if run.quarantined
        else "",
        ngettext(
            "%(n)s was removed from the server, after it was safely stored here.",
            "%(n)s were removed from the server, after they were safely stored here.",
            run.removed,
        )
        % {"n": count(run.removed)}
        if run.removed
        else "",
    ]
    return " ".join(note for note in notes if note)


def _clock(run: RetrievalRun) -> str:
    return date_format(timezone.localtime(run.started_at), "H:i")


def _seconds(run: RetrievalRun) -> float:
    length = (run.ended_at or run.started_at) - run.started_at
    return max(length, timedelta()).total_seconds()


def folders_of(task: RetrievalTask) -> list[FolderState]:
    """Every remote folder with its counts, from two queries."""
    if task.type == TaskType.POP:
        return _pop_folder(task)
    rows = list(RemoteFolder.objects.filter(task=task).order_by("name"))
    tallies: dict[int, _Tally] = {row.pk: _Tally() for row in rows}
    counted = (
        RemoteMessage.objects.filter(folder__task=task)
        .values_list("folder_id", "generation", "state")
        .annotate(n=Count("pk"))
    )
    newest = {row.pk: row.generation for row in rows}
    for folder, generation, state, number in counted:
        if generation == newest[folder]:
            _add(tallies[folder], state, number)
    return [_folder_state(row, tallies[row.pk]) for row in rows]


def _add(tally: _Tally, state: str, number: int) -> None:
    if state in HERE or state in HERE_POP:
        tally.here += number
    elif state == RemoteState.PENDING:
        tally.pending += number
    elif state == RemoteState.TOO_BIG:
        tally.too_big += number
    elif state == RemoteState.QUARANTINED:
        tally.quarantined += number
    elif state == RemoteState.SKIPPED:
        tally.skipped += number


def _folder_state(row: RemoteFolder, tally: _Tally) -> FolderState:
    there = row.server_count
    total = there if there is not None else tally.here + tally.pending
    # Messages that have left the server since are still here.
    done = min(tally.here, total)
    kind, words = _verdict(row, tally, missing=total - tally.here)
    shown = count(there) if there is not None else "–"  # noqa: RUF001 - the sign for no value
    return FolderState(row.name, shown, count(tally.here), done, total, kind, words)


def _verdict(row: RemoteFolder, tally: _Tally, *, missing: int) -> tuple[str, str]:
    """Why the two counts differ."""
    if row.state == RemoteFolderState.GONE:
        return "wait", _("No longer on the server. Its mail here stays.")
    if row.cause_text:
        return "wait", row.cause_text
    if row.server_count is None:
        return "wait", _("Not looked into yet")
    if tally.pending:
        return "run", _("Still fetching, newest first")
    reasons = _reasons(tally)
    if missing > 0 and not reasons:
        return "run", _("Waits for the next run")
    return ("ok", _("Complete")) if not reasons else ("run", ", ".join(reasons))


def _reasons(tally: _Tally) -> list[str]:
    pairs = (
        (tally.too_big, _("%(n)s too large")),
        (tally.quarantined, _("%(n)s set aside")),
        (tally.skipped, _("%(n)s marked as deleted there")),
    )
    return [words % {"n": count(number)} for number, words in pairs if number]


def _pop_folder(task: RetrievalTask) -> list[FolderState]:
    tally = _Tally()
    counted = PopMessage.objects.filter(task=task).values_list("state").annotate(n=Count("pk"))
    for state, number in counted:
        _add(tally, state, number)
    total = tally.here + tally.pending + tally.too_big + tally.quarantined
    if not total:
        return []
    reasons = _reasons(tally)
    words = ", ".join(reasons) or (_("Still fetching") if tally.pending else _("Complete"))
    kind = "ok" if not reasons and not tally.pending else "run"
    return [
        FolderState(_("Inbox"), count(total), count(tally.here), tally.here, total, kind, words)
    ]


def quarantine_of(task: RetrievalTask) -> list[RemoteMessage] | list[PopMessage]:
    """Messages that could not be fetched, newest first; at most a hundred."""
    if task.type == TaskType.POP:
        odd = PopMessage.objects.filter(
            Q(state=PopState.QUARANTINED) | Q(state=PopState.TOO_BIG), task=task
        )
        return list(odd.order_by("-pk")[:100])
    rows = RemoteMessage.objects.filter(
        folder__task=task, state__in=[RemoteState.QUARANTINED, RemoteState.TOO_BIG]
    )
    return list(rows.select_related("folder").order_by("-pk")[:100])
