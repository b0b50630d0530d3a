"""The buttons of a task: retrieve now, pause, resume, test, delete."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from connectivity import report as reports
from connectivity.access import person, requires
from connectivity.models import Feature
from connectivity.providers import by_key
from connectivity.services import pins
from retrieval.access import task_for
from retrieval.models import RetrievalTask
from retrieval.nudge import nudge
from retrieval.rows import held_words
from retrieval.services import accounts, dispatch, pausing
from retrieval.views.detail import answer


@require_POST
@requires(Feature.RETRIEVAL)
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Retrieve Messages Now (A46)."""
    task = task_for(person(request), pk)
    now = timezone.now()
    if held := pausing.paused_for(task, now=now):
        return after(request, task, held_words(held, now=now))
    dispatch.run_now(task, now=now)
    nudge()
    return after(request, task, _("Retrieval starts in a moment."))


@require_POST
@requires(Feature.RETRIEVAL)
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Fetch nothing until resumed; also stops a pull that is running."""
    task = task_for(person(request), pk)
    dispatch.pause(task)
    return after(request, task, _("The task is paused. Nothing is fetched until you resume it."))


@require_POST
@requires(Feature.RETRIEVAL)
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on after a pause."""
    task = task_for(person(request), pk)
    dispatch.resume(task, now=timezone.now())
    nudge()
    return after(request, task, _("Retrieval goes on."))


@require_POST
@requires(Feature.RETRIEVAL)
def push(request: HttpRequest, pk: int) -> HttpResponse:
    """Listen for new mail between the regular runs, or no longer."""
    task = task_for(person(request), pk)
    enabled = request.POST.get("enabled") == "on"
    accounts.listen(task=task, enabled=enabled)
    on, off = _("New mail arrives within seconds now."), _("New mail comes with the regular runs.")
    return after(request, task, on if enabled else off)


@require_POST
@requires(Feature.RETRIEVAL)
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Test Connection with what is stored; changes nothing (A47)."""
    user = person(request)
    task = task_for(user, pk)
    outcome = accounts.check(
        user=user, values=accounts.values_of(task), now=timezone.now(), task=task
    )
    is_dialog = bool(request.headers.get("HX-Request"))
    context = {
        "task": task,
        "outcome": outcome,
        "problem": outcome.problem,
        "report": outcome.report
        and reports.shown(
            outcome.report,
            host=outcome.host,
            port=outcome.port,
            username=task.username,
            provider=by_key(task.tile),
            may_pin=pins.allowed(user),
        ),
        "is_dialog": is_dialog,
        "part": "retrieval/_tested.html",
    }
    template = "retrieval/_tested.html" if is_dialog else "retrieval/new.html"
    return render(request, template, context, status=200 if outcome.ok else 422)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.RETRIEVAL)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then delete the task. Mail that was imported stays (A50)."""
    task = task_for(person(request), pk)
    is_dialog = bool(request.headers.get("HX-Request"))
    if request.method != "POST":
        template = "retrieval/_delete.html" if is_dialog else "retrieval/new.html"
        context = {"task": task, "is_dialog": is_dialog, "part": "retrieval/_delete.html"}
        return render(request, template, context)
    name = task.source.name
    accounts.delete(task=task)
    messages.success(
        request, _("%(name)s is deleted. Its imported mail is still here.") % {"name": name}
    )
    if is_dialog:
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("connectivity")})
    return redirect("connectivity")


def after(request: HttpRequest, task: RetrievalTask, words: str) -> HttpResponse:
    """The part of the page the button was on, or that page."""
    if request.headers.get("HX-Request"):
        response = answer(request, task_for(person(request), task.pk))
        if request.POST.get("from") == "detail":
            response.headers["HX-Trigger"] = json.dumps({"toast": {"text": words}})
        return response
    messages.success(request, words)
    return redirect("retrieval-detail", pk=task.pk)
