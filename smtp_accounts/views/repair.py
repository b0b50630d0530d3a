"""Mending an account where it is seen: a new password, in its row."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from connectivity.access import person, requires
from connectivity.models import CredentialKind, Feature
from smtp_accounts.access import account_for
from smtp_accounts.card import rows_for
from smtp_accounts.forms_repair import PasswordForm
from smtp_accounts.models import SmtpAccount
from smtp_accounts.nudge import nudge
from smtp_accounts.proposals import initial_of
from smtp_accounts.retry import PAUSING
from smtp_accounts.services import accounts
from smtp_accounts.services.accounts import AccountValues, Outcome


@require_safe
@requires(Feature.SMTP_ACCOUNTS)
def row(request: HttpRequest, pk: int) -> HttpResponse:
    """The account's row in the list, alone; with ``fix`` its one field is open."""
    user = person(request)
    account = account_for(user, pk)
    secret = account.credential
    typed = secret is None or secret.kind == CredentialKind.PASSWORD
    wants = "fix" in request.GET and typed and account.cause in PAUSING
    return _row(request, user, pk, _form(account) if wants else None)


@require_POST
@requires(Feature.SMTP_ACCOUNTS)
@sensitive_post_parameters("password")
def password(request: HttpRequest, pk: int) -> HttpResponse:
    """Store a new password for an unchanged account, after it was tested."""
    user = person(request)
    account = account_for(user, pk)
    form = _form(account, request.POST)
    outcome = _save(user, account, form) if form.is_valid() else None
    if outcome is None or not outcome.ok:
        if outcome is not None:
            form.add_error("password", outcome.problem.sentence if outcome.problem else "")
        return _row(request, user, pk, form, status=422)
    nudge()
    words = _("The new password works. Waiting messages are sent.")
    if not request.headers.get("HX-Request"):
        messages.success(request, words)
        return redirect(f"{reverse('connectivity')}#smtp")
    answer = _row(request, user, pk)
    events = {"toast": {"text": words}, "retrieval-changed": {}}
    answer.headers["HX-Trigger"] = json.dumps(events)
    return answer


@sensitive_variables("values")
def _save(user: User, account: SmtpAccount, form: PasswordForm) -> Outcome:
    values = AccountValues(**initial_of(account), password=form.cleaned_data["password"])
    return accounts.save(user=user, values=values, now=timezone.now(), account=account)


def _form(account: SmtpAccount, data: QueryDict | None = None) -> PasswordForm:
    """Its id names the account, as a page may show several."""
    form = PasswordForm(data, auto_id=f"id_smtp_{account.pk}_%s")
    form.fields["password"].widget.attrs["autofocus"] = True
    return form


def _row(
    request: HttpRequest, user: User, pk: int, form: PasswordForm | None = None, status: int = 200
) -> HttpResponse:
    shown = next((one for one in rows_for(user, only=pk)), None)
    if shown is None:
        raise Http404
    return render(request, "smtp_accounts/_row.html", {"row": shown, "fix": form}, status=status)
