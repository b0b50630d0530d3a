"""Mending a task in place: a new password, or a new sign-in at its provider.

State and ledger stay as they are, and so does the secret's row, which may serve sending too.
"""

from __future__ import annotations

import json
from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST

from connectivity.access import person, requires
from connectivity.models import AccountDraft, Feature
from connectivity.providers import by_key
from connectivity.services import drafts, pins
from retrieval.access import task_for
from retrieval.forms import PasswordForm
from retrieval.models import RetrievalTask
from retrieval.nudge import nudge
from retrieval.repair import sign_in_of, tile_of
from retrieval.services import accounts, dispatch
from retrieval.views.actions import after
from retrieval.views.detail import answer, password_form
from retrieval.views.form_page import Tried, told


@require_POST
@requires(Feature.RETRIEVAL)
@sensitive_post_parameters("password")
def password(request: HttpRequest, pk: int) -> HttpResponse:
    """Store a new password for an unchanged account, after it was tested; then it runs at once."""
    task = task_for(person(request), pk)
    form = password_form(task, request.POST)
    tried = _save(task, form) if form.is_valid() else None
    if tried is not None and tried.outcome.ok:
        return _mended(request, task, _("The new password works. Retrieval goes on."))
    if tried is not None:
        problem = tried.outcome.problem
        form.add_error("password", problem.sentence if problem else "")
    if request.headers.get("HX-Request"):
        return answer(request, task_for(task.user, pk), form=form, status=422)
    context: dict[str, object] = {"task": task, "form": form}
    if tried is not None:
        context |= told(tried, task.user, by_key(tile_of(task)))
    return render(request, "retrieval/password.html", context, status=422)


@require_POST
@requires(Feature.RETRIEVAL)
def sign_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a sign-in at the provider that is to mend this task."""
    user = person(request)
    task = task_for(user, pk)
    draft = drafts.keep(
        user=user,
        kind=AccountDraft.Kind.RETRIEVAL,
        values={
            "tile": tile_of(task),
            **{name: getattr(task, name) for name in ("type", "host", "port", "username")},
        },
        label=task.source.name,
        now=timezone.now(),
        target_id=task.pk,
        # One is enough, however often the button is pressed.
        draft=sign_in_of(task),
    )
    # The method is kept: only a POST may begin a sign-in (RFC 9110 section 15.4.8).
    return HttpResponseRedirect(reverse("oauth-start", args=[draft.pk]), preserve_request=True)


@require_POST
@requires(Feature.RETRIEVAL)
def unpin(request: HttpRequest, pk: int) -> HttpResponse:
    """Believe the authorities again, and no longer the one certificate that was chosen."""
    task = task_for(person(request), pk)
    pins.remove(user=task.user, host=task.host, port=task.port)
    words = _("The certificate of %(host)s is judged by the authorities again.")
    return after(request, task, words % {"host": task.host})


@sensitive_variables("values")
def _save(task: RetrievalTask, form: PasswordForm) -> Tried:
    values = replace(accounts.values_of(task), password=form.cleaned_data["password"])
    outcome = accounts.save(user=task.user, values=values, now=timezone.now(), task=task)
    return Tried(outcome, values, "save")


def _mended(request: HttpRequest, task: RetrievalTask, words: str) -> HttpResponse:
    """Run it at once, also where nothing runs by itself, and show it where the person is."""
    dispatch.run_now(task, now=timezone.now())
    nudge()
    if not request.headers.get("HX-Request"):
        messages.success(request, words)
        return redirect("connectivity")
    response = answer(request, task_for(task.user, task.pk))
    events = {"toast": {"text": words}, "retrieval-changed": {}}
    response.headers["HX-Trigger"] = json.dumps(events)
    return response
