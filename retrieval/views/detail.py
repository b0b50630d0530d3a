"""One task: its page, its row in the list, and its status line while it runs."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.pacing import MINUTE, paced
from connectivity import pairing
from connectivity.access import person, requires
from connectivity.causes import explain_cause
from connectivity.models import Feature
from connectivity.services import pins
from lib.moments import count
from retrieval import completeness, news, set_aside, timeline
from retrieval.access import task_for
from retrieval.forms import PasswordForm
from retrieval.models import RetrievalRun, RetrievalTask, RunOutcome
from retrieval.repair import Way, provider_of, sign_in_of
from retrieval.rows import Look, Row, fetched, problem_of, rows_for
from retrieval.services import allowance

FIGURES = ("expected", "stored", "linked", "skipped", "quarantined", "removed", "bytes")


@require_safe
@requires(Feature.RETRIEVAL)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Settings, activity, folders and quarantine of a task."""
    task = task_for(person(request), pk)
    return render(request, "retrieval/detail.html", _context(task, only=_only(request)))


@require_safe
@requires(Feature.RETRIEVAL)
def row(request: HttpRequest, pk: int) -> HttpResponse:
    """The task's row in the list, alone; the row asks for itself again."""
    return _row(request, task_for(person(request), pk))


@require_safe
@requires(Feature.RETRIEVAL)
def status(request: HttpRequest, pk: int) -> HttpResponse:
    """The live part of the task's page."""
    task = task_for(person(request), pk)
    response = render(request, "retrieval/_live.html", _context(task, only=_only(request)))
    return _told(request, response, task)


@paced("history", limit=60, seconds=10 * MINUTE)
@require_safe
@requires(Feature.RETRIEVAL)
def history(request: HttpRequest, pk: int) -> HttpResponse:
    """Every run that is kept, newest first, as a table for spreadsheets (RFC 4180)."""
    task = task_for(person(request), pk)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="runs-{task.pk}.csv"'
    table = csv.writer(response)
    table.writerow(["started", "ended", "outcome", "cause", *FIGURES])
    for run in task.runs.all():
        times = [at.isoformat(timespec="seconds") if at else "" for at in _times(run)]
        figures = [getattr(run, name) for name in FIGURES]
        table.writerow([*times, run.outcome, run.cause, *figures])
    return response


def _times(run: RetrievalRun) -> tuple[datetime | None, datetime | None]:
    return run.started_at, run.ended_at


def _only(request: HttpRequest) -> bool:
    """Whether only problems are asked for."""
    return request.GET.get("show") == "problems"


def password_form(
    task: RetrievalTask, data: QueryDict | None = None, *, focus: bool = True
) -> PasswordForm:
    """The one field that mends a task; its id names the task, as a page may show several.

    Where a person asked for it, or has to look at it again, it has the ``focus``.
    """
    form = PasswordForm(data, auto_id=f"id_{task.pk}_%s")
    if focus:
        form.fields["password"].widget.attrs["autofocus"] = True
    return form


def answer(
    request: HttpRequest,
    task: RetrievalTask,
    *,
    form: PasswordForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """What a pressed button is replaced by: the row in the list, or the live part of the page.

    The page goes on to show what its address asks for, and a ``form`` what is wrong with it.
    """
    if request.POST.get("from") == "detail":
        address = request.headers.get("HX-Current-URL", "").partition("#")[0]
        only = QueryDict(address.partition("?")[2]).get("show") == "problems"
        context = _context(task, only=only)
        context["password_form"] = form or context["password_form"]
        return render(request, "retrieval/_live.html", context, status=status)
    return _row(request, task, form=form, status=status)


def _row(
    request: HttpRequest,
    task: RetrievalTask,
    *,
    form: PasswordForm | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = rows_for([task], now=timezone.now())[0]
    wants = "fix" in request.GET and shown.repair and shown.repair.way == Way.PASSWORD
    context = {"row": shown, "fix": form or (password_form(task) if wants else None)}
    response = render(request, "retrieval/_row.html", context, status=status)
    return _told(request, response, task, shown)


def _told(
    request: HttpRequest, response: HttpResponse, task: RetrievalTask, shown: Row | None = None
) -> HttpResponse:
    """Say in words how a run ended that the page was watching; the page's live region reads it."""
    shown = shown or rows_for([task], now=timezone.now())[0]
    if request.GET.get("was") not in (Look.RUNNING, Look.QUEUED) or shown.is_live:
        return response
    words = _ended(task, shown)
    events: dict[str, dict[str, str]] = {"toast": {"text": words}} if words else {}
    events["retrieval-changed"] = {}
    response.headers["HX-Trigger"] = json.dumps(events)
    return response


def _ended(task: RetrievalTask, shown: Row) -> str:
    """How the last run ended; empty for one that was only stopped, which the row shows."""
    last = task.runs.exclude(outcome=RunOutcome.RUNNING).first()
    name = task.source.name
    if shown.problem is not None:
        return f"{name}: {shown.problem.sentence}"
    new = 0 if last is None else fetched(last)
    if new:
        return ngettext("%(name)s: %(n)s new message.", "%(name)s: %(n)s new messages.", new) % {
            "name": name,
            "n": count(new),
        }
    if last is None or last.outcome == RunOutcome.OK:
        return _("%(name)s: nothing new.") % {"name": name}
    # It is tried again by itself, so the row is calm; but nobody knows whether there is new mail.
    problem = problem_of(last)
    return f"{name}: {problem.sentence}" if problem is not None else ""


def _context(task: RetrievalTask, *, only: bool = False) -> dict[str, Any]:
    now = timezone.now()
    shown = rows_for([task], now=now)[0]
    runs = timeline.runs_of(task)
    fetching = None if shown.progress is None else shown.progress.folder
    folders = completeness.folders_of(task, fetching=fetching)
    return _trust(task) | {
        "task": task,
        "row": shown,
        "line": timeline.line_of(runs, is_running=shown.look == Look.RUNNING),
        "runs": len(runs),
        "only": only,
        "days": timeline.days_of(runs, now=now, only_problems=only),
        "folders": folders,
        "completeness": completeness.summary_of(folders),
        "aside": set_aside.set_aside_of(task, now=now),
        "news": news.news_of(task, now=now),
        "password_form": password_form(task, focus=False)
        if shown.repair and shown.repair.way == Way.PASSWORD
        else None,
        **_interval(task),
    }


def _interval(task: RetrievalTask) -> dict[str, Any]:
    """How often it runs, in minutes, and whether that is as the administrator wants it."""
    seconds = allowance.interval_of(task.user)
    own = int(settings.RETRIEVAL_INTERVAL)
    return {"minutes": max(1, seconds // 60), "is_slowed": seconds > own}


def _trust(task: RetrievalTask) -> dict[str, Any]:
    """What the account signs in with, and which certificate was chosen to be believed."""
    pin = pins.pin_for(task.user, task.host, task.port)
    digits = pin.sha256.upper() if pin else ""
    grant = getattr(task.credential, "grant", None)
    begun = sign_in_of(task) if grant else None
    return {
        "attempt": explain_cause(
            begun.cause,
            {"host": task.host, "username": task.username},
            server_line=begun.server_line,
        )
        if begun and begun.cause
        else None,
        "pin": pin,
        "pins_count": pin is not None and pins.allowed(task.user),
        "fingerprint": ":".join(digits[at : at + 2] for at in range(0, len(digits), 2)),
        "senders": pairing.senders([task.credential_id]).get(task.credential_id, []),
        "provider_name": provider_of(task),
        "scopes": grant.scopes.split() if grant else [],
    }
