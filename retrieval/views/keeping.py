"""What was typed is kept: because it failed its test, or because a sign-in comes first."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from connectivity.access import draft_posted
from connectivity.models import AccountDraft
from connectivity.providers import by_key
from connectivity.services import drafts
from retrieval.forms import LOCKED, TaskForm
from retrieval.services.accounts import Outcome
from retrieval.views import form_page
from retrieval.views.form_page import FULL, SIGN_IN, STEPS, About

#: What is kept of a posted form: its fields, and how it was laid out.
_KEPT = {*TaskForm.base_fields, "layout", "provider"} - {"password"}


def about_posted(user: User, posted: QueryDict) -> About:
    """What a posted form of a new task is about."""
    layout = posted.get("layout", FULL)
    draft = draft_posted(user, posted, AccountDraft.Kind.RETRIEVAL)
    return About(
        by_key(posted.get("provider", "")),
        draft=draft,
        layout=layout if layout in (STEPS, SIGN_IN) else FULL,
    )


def keep(user: User, posted: QueryDict, about: About, outcome: Outcome | None) -> AccountDraft:
    """Write down what was typed, without the password, for another day."""
    values: dict[str, Any] = drafts.typed(posted, _KEPT)
    before = about.draft
    if before is not None and before.credential_id:
        # What a sign-in was made for stays: its permission goes nowhere else.
        values = before.values | {name: values[name] for name in values.keys() - LOCKED}
    if about.provider is not None:
        values["tile"] = about.provider.key
    problem = outcome.problem if outcome else None
    return drafts.keep(
        user=user,
        kind=AccountDraft.Kind.RETRIEVAL,
        values=values,
        label=str(values.get("email") or values.get("username") or ""),
        now=timezone.now(),
        target_id=before.target_id if before else None,
        cause=problem.cause if problem else "",
        server_line=problem.server_line if problem else "",
        draft=before,
    )


def sign_in(request: HttpRequest, user: User, about: About) -> HttpResponse:
    """Keep the account and go to the provider, where its person signs in (A9, A95)."""
    # The method is kept in both: only a POST may begin a sign-in (RFC 9110 section 15.4.8).
    if about.task is not None:
        address = reverse("retrieval-sign-in", args=[about.task.pk])
        return HttpResponseRedirect(address, preserve_request=True)
    posted = request.POST
    form = TaskForm(posted, user=user, provider=about.provider)
    form.is_valid()
    if "@" not in posted.get("username", "") and "username" not in form.errors:
        form.add_error("username", _("Enter the full address you sign in with there."))
    # There is no password to enter, and what is carried along was filled in here.
    for name in form.errors.keys() - {"username", "host"}:
        del form.errors[name]
    if form.errors:
        return form_page.show(request, form, about, status=422)
    draft = keep(user, posted, about, None)
    return HttpResponseRedirect(reverse("oauth-start", args=[draft.pk]), preserve_request=True)
