"""Accounts that are not stored yet: gone on with, discarded, or come back from a sign-in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from connectivity.access import draft_for, person, requires
from connectivity.models import AccountDraft, Feature
from connectivity.providers import by_host, by_key
from connectivity.services import drafts
from retrieval.access import task_for
from retrieval.forms import TaskForm
from retrieval.models import RetrievalTask
from retrieval.services import accounts, dispatch
from retrieval.views import form_page
from retrieval.views.editing import CHECKBOXES, saved
from retrieval.views.form_page import FULL, STEPS, About, Tried


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.RETRIEVAL)
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """The form as it was left, the password apart; POST with ``action=discard`` discards it."""
    user = person(request)
    row = draft_for(user, pk, AccountDraft.Kind.RETRIEVAL)
    if request.method == "POST":
        if request.POST.get("action") == "discard":
            drafts.discard(row)
            messages.success(request, _("What was not saved is discarded."))
        return redirect("connectivity")
    if row.target_id is not None:
        task = task_for(user, row.target_id)
        if row.credential is None:
            # The sign-in came to nothing: the page of the task says why, and offers another.
            return redirect("retrieval-detail", pk=task.pk)
        if not drafts.is_for(row, host=task.host, username=task.username):
            # Its settings were changed meanwhile: the permission does not go to another server.
            drafts.discard(row)
            return redirect("retrieval-detail", pk=task.pk)
        if request.method == "GET":
            return _repair(request, user, row, task)
    return show(request, user, row)


def show(request: HttpRequest, user: User, row: AccountDraft) -> HttpResponse:
    """The form of a draft: to sign in, with everything found before, or after a sign-in."""
    about = about_draft(row)
    form = TaskForm(
        initial=initial_of(row), user=user, provider=about.provider, credential=row.credential
    )
    return form_page.show(request, form, about)


def about_draft(row: AccountDraft) -> About:
    """What the form of a draft is about."""
    values = row.values
    provider = by_key(str(values.get("tile", ""))) or by_host(str(values.get("host", "")))
    before = str(values.get("layout", ""))
    layout = form_page.layout_of(provider, known=before == STEPS, wanted=before)
    if row.credential is not None:
        layout = FULL
    return About(provider, draft=row, layout=layout)


def initial_of(row: AccountDraft) -> dict[str, Any]:
    """What was typed; a box that was not ticked is not among the values."""
    return {**row.values, **{name: name in row.values for name in CHECKBOXES}}


def _repair(
    request: HttpRequest, user: User, row: AccountDraft, task: RetrievalTask
) -> HttpResponse:
    """Put what the sign-in brought into the task it was made for, once it is tested.

    The person comes here from the provider, by GET: to have signed in there was their word.
    """
    now = timezone.now()
    values = replace(accounts.values_of(task), credential=row.credential)
    outcome = accounts.save(user=user, values=values, now=now, task=task)
    if outcome.task is not None:
        drafts.discard(row)
        dispatch.run_now(outcome.task, now=now)
        return saved(request, _("You are signed in again. Retrieval goes on."))
    context = {"task": task, "draft": row}
    context |= form_page.told(Tried(outcome, values, "save"), user, by_key(task.tile))
    return form_page.part(request, "retrieval/_tested.html", context, status=422)
