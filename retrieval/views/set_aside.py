"""Trying again what could not be retrieved: one message, or all of them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from connectivity.access import person, requires
from connectivity.models import Feature
from lib.moments import count
from retrieval.access import task_for
from retrieval.models import RetrievalTask, TaskState
from retrieval.nudge import nudge
from retrieval.services import dispatch, quarantine
from retrieval.views.actions import after


@require_POST
@requires(Feature.RETRIEVAL)
def retry(request: HttpRequest, pk: int, message: int) -> HttpResponse:
    """Try one message again; 404 where it is not set aside in this task."""
    task = task_for(person(request), pk)
    if not quarantine.retry(task, now=timezone.now(), only=message):
        raise Http404
    return _run(request, task, _("The message is tried again."))


@require_POST
@requires(Feature.RETRIEVAL)
def retry_all(request: HttpRequest, pk: int) -> HttpResponse:
    """Try every message again that could not be retrieved."""
    task = task_for(person(request), pk)
    number = quarantine.retry(task, now=timezone.now())
    if not number:
        return after(request, task, _("There is nothing to try again."))
    words = ngettext("%(n)s message is tried again.", "%(n)s messages are tried again.", number)
    return _run(request, task, words % {"n": count(number)})


def _run(request: HttpRequest, task: RetrievalTask, words: str) -> HttpResponse:
    """Start a pull, where the task may run."""
    if task.state in (TaskState.PAUSED, TaskState.NEEDS_PASSWORD):
        return after(request, task, _("That happens when the task runs again."))
    dispatch.run_now(task, now=timezone.now())
    nudge()
    return after(request, task, words)
