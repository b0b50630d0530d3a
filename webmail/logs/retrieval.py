"""Runs of retrieval tasks, with their causes in our words."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from connectivity.causes import explain_cause
from connectivity.providers import name_of
from lib.moments import count
from retrieval.models import RetrievalRun, RunOutcome
from webmail.logs.asking import Asked, narrowed
from webmail.logs.line import Badge, Cell, Line, Log, person_of

_LOOK = {
    RunOutcome.RUNNING: ("sync", "run"),
    RunOutcome.OK: ("check-circle", "ok"),
    RunOutcome.FAILED: ("error", "danger"),
    RunOutcome.WAITED: ("clock", ""),
    RunOutcome.INTERRUPTED: ("warning", "warn"),
}
# What a line shows: no name of a folder, no line of the server, no address of the account.
_SHOWN = (
    *("started_at", "outcome", "stored", "linked", "quarantined", "cause", "task__host"),
    *("task__port", "task__type", "task__user__email", "task__user__display_name"),
)


def _lines(asked: Asked, most: int) -> Sequence[Line]:
    rows = RetrievalRun.objects.select_related("task__user").only(*_SHOWN)
    rows = narrowed(rows, asked, at="started_at", person="task__user")
    if asked.outcome:
        rows = rows.filter(outcome=asked.outcome)
    return [_line(row) for row in rows[:most]]


def _line(run: RetrievalRun) -> Line:
    icon, tone = _LOOK.get(RunOutcome(run.outcome), ("info", ""))
    who, name = person_of(run.task.user)
    cells = (
        Cell(name_of(run.task.host), str(run.task.get_type_display())),
        Cell(*_what(run)),
    )
    badge = Badge(str(run.get_outcome_display()), icon, tone)
    return Line(pk=run.pk, at=run.started_at, who=who, name=name, badge=badge, cells=cells)


def _what(run: RetrievalRun) -> tuple[str, str]:
    """What came of it: a cause and its sentence, or how many messages."""
    new = run.stored + run.linked
    told = ngettext("%(n)s new message", "%(n)s new messages", new) % {"n": count(new)}
    if run.quarantined:
        told += ". " + ngettext(
            "%(n)s could not be fetched and is set aside.",
            "%(n)s could not be fetched and are set aside.",
            run.quarantined,
        ) % {"n": count(run.quarantined)}
    if run.cause and run.outcome in (RunOutcome.FAILED, RunOutcome.WAITED):
        # Without a name of the account: what cannot be filled in is said in general words.
        why = explain_cause(run.cause, {"host": run.task.host, "port": run.task.port})
        return why.title, why.sentence + (f" {told}." if new else "")
    return (told if new or run.quarantined else _("Nothing new")), ""


RETRIEVAL = Log(
    "retrieval",
    gettext_lazy("Retrieval"),
    gettext_lazy("Every run of every retrieval task: how it ended, and why."),
    gettext_lazy("Nothing has been retrieved yet."),
    (gettext_lazy("Outcome"), gettext_lazy("Provider"), gettext_lazy("What happened")),
    dict(RunOutcome.choices),
    _lines,
)
