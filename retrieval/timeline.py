"""The history of a task as its page tells it: bars, days, runs in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connectivity.causes import Explained
from lib.moments import count, day, span
from retrieval.completeness import in_words
from retrieval.models import RetrievalRun, RetrievalTask, RunOutcome
from retrieval.rows import bar, fetched, problem_of

KEEP = 200
BARS = 72
# Messages of a run that is told with its size and rate.
LARGE = 50


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


def runs_of(task: RetrievalTask) -> list[RetrievalRun]:
    """The newest runs, newest first."""
    runs = list(RetrievalRun.objects.filter(task=task)[:KEEP])
    for run in runs:
        run.task = task
    return runs


def problems_of(runs: Sequence[RetrievalRun]) -> list[RetrievalRun]:
    """Those runs that did not end well, or left something out."""
    fine = (RunOutcome.OK, RunOutcome.RUNNING)
    return [run for run in runs if run.outcome not in fine or run.quarantined]


def line_of(runs: Sequence[RetrievalRun], *, is_running: bool) -> Line:
    """The bars, oldest first; a bar is as tall as its run brought mail."""
    oldest_first = list(reversed(runs[:BARS]))
    kinds = tuple(_bar(run, is_running=is_running) for run in oldest_first)
    failed = sum(run.outcome == RunOutcome.FAILED for run in runs)
    waited = sum(run.outcome in (RunOutcome.WAITED, RunOutcome.INTERRUPTED) for run in runs)
    fine = sum(run.outcome == RunOutcome.OK for run in runs)
    new = sum(fetched(run) for run in runs)
    parts = [
        ngettext("%(n)s run", "%(n)s runs", len(runs)) % {"n": count(len(runs))},
        _("%(n)s fine") % {"n": count(fine)} if fine else "",
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


def days_of(
    runs: Sequence[RetrievalRun], *, now: datetime, only_problems: bool = False
) -> list[Day]:
    """The runs in words, newest first, by day; runs that say the same are one line."""
    days = []
    newest_fine = next((at for at, run in enumerate(runs) if run.outcome == RunOutcome.OK), None)
    mended = set() if newest_fine is None else {run.pk for run in runs[newest_fine:]}
    shown = problems_of(runs) if only_problems else runs
    for _day, same_day in groupby(shown, key=_date):
        listed = list(same_day)
        entries = tuple(_entries(listed, mended=mended))
        days.append(Day(day(listed[0].started_at, now=now), entries))
    return days


def _date(run: RetrievalRun) -> date:
    return timezone.localtime(run.started_at).date()


def _entries(runs: Sequence[RetrievalRun], *, mended: set[int]) -> Iterable[Entry]:
    for kind, group in groupby(runs, key=_kind):
        listed = list(group)
        if kind == "quiet" and len(listed) > 2:
            yield _quiet(listed)
        elif kind.startswith("failed"):
            yield _failed(listed, is_mended=listed[0].pk in mended)
        elif kind.startswith("waited"):
            yield _waited(listed)
        else:
            yield from (_entry(run) for run in listed)


def _kind(run: RetrievalRun) -> str:
    """Runs of the same kind in a row are told as one."""
    if run.outcome == RunOutcome.FAILED:
        return f"failed {run.cause}"
    if run.outcome == RunOutcome.WAITED and not fetched(run):
        return f"waited {run.cause}"
    if run.outcome == RunOutcome.OK and not fetched(run) and not run.quarantined:
        return "quiet"
    return "each"


def _quiet(runs: Sequence[RetrievalRun]) -> Entry:
    title = _("%(n)d runs, nothing new") % {"n": len(runs)}
    text = in_words(runs[0].cause_text)
    return Entry(runs[-1].pk, _clock(runs[0]), "ok", title, text, _average(runs))


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
        return _waited([run])
    if run.outcome == RunOutcome.INTERRUPTED:
        text = _("It goes on with the next run. Nothing was lost or fetched twice.")
        return Entry(run.pk, clock, "waited", _("Interrupted"), _joined(_so_far(run), text), took)
    if run.outcome == RunOutcome.RUNNING:
        return Entry(run.pk, clock, "running", _("Running"), run.folder_name, "")
    return Entry(run.pk, clock, "ok", _fetched_words(run), _notes(run), took)


def _waited(runs: Sequence[RetrievalRun]) -> Entry:
    """What was waited for, and what had come until then."""
    last, problem = runs[0], problem_of(runs[0])
    title = problem.title if problem else _("Waited")
    sentence = problem.sentence if problem else last.cause_text
    if len(runs) > 1:
        title = _("%(n)d runs: %(problem)s") % {"n": len(runs), "problem": title}
    text = _joined(_so_far(last), sentence)
    return Entry(runs[-1].pk, _clock(last), "waited", title, text, _average(runs), problem)


def _so_far(run: RetrievalRun) -> str:
    """What a run that did not come to its end had fetched."""
    new = fetched(run)
    if not new:
        return ""
    if run.expected <= new:
        return _fetched_words(run) + "."
    numbers = {"n": count(new), "total": count(run.expected)}
    return (
        ngettext(
            "%(n)s of %(total)s message came before that.",
            "%(n)s of %(total)s messages came before that.",
            run.expected,
        )
        % numbers
    )


def _joined(*sentences: str) -> str:
    return " ".join(one for one in sentences if one)


def _fetched_words(run: RetrievalRun) -> str:
    new = fetched(run)
    if not new:
        return _("Nothing new")
    return ngettext("%(n)s new message", "%(n)s new messages", new) % {"n": count(new)}


def _notes(run: RetrievalRun) -> str:
    notes = [
        _pace(run),
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
        in_words(run.cause_text),
    ]
    return _joined(*notes)


def _pace(run: RetrievalRun) -> str:
    """Bytes and rate of a run that was large enough for them to mean something."""
    new, seconds = fetched(run), _seconds(run)
    if new < LARGE or seconds < 1:
        return ""
    values = {"size": filesizeformat(run.bytes), "rate": count(round(new / seconds))}
    return _("%(size)s, %(rate)s messages a second.") % values


def _clock(run: RetrievalRun) -> str:
    return date_format(timezone.localtime(run.started_at), "H:i")


def _seconds(run: RetrievalRun) -> float:
    length = (run.ended_at or run.started_at) - run.started_at
    return max(length, timedelta()).total_seconds()
