"""SMTP accounts: making, testing, changing and deleting them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from connectivity.access import person, requires
from connectivity.models import Feature
from smtp_accounts import report as reports
from smtp_accounts.access import account_for
from smtp_accounts.card import problem_of
from smtp_accounts.forms import AccountForm, ReplacementForm, initial_of, offered_port
from smtp_accounts.models import SmtpAccount
from smtp_accounts.nudge import nudge
from smtp_accounts.rules import LOCAL
from smtp_accounts.services import accounts, identities
from smtp_accounts.services.accounts import AccountValues, Outcome


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.SMTP_ACCOUNTS)
@sensitive_post_parameters("password")
def new(request: HttpRequest) -> HttpResponse:
    """New SMTP Account."""
    user = person(request)
    if request.method == "POST":
        return _work(request, user, None)
    email = request.GET.get("address", "")[:254]
    initial = {"display_name": user.display_name, "email": email, "username": email}
    return _form(request, AccountForm(initial=initial))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.SMTP_ACCOUNTS)
@sensitive_post_parameters("password")
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an account. A password left blank stays as it is."""
    user = person(request)
    account = account_for(user, pk)
    if request.method == "POST":
        return _work(request, user, account)
    return _form(request, AccountForm(initial=initial_of(account), account=account), account)


@require_POST
@requires(Feature.SMTP_ACCOUNTS)
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Test a stored account as it is; how it went is shown in its dialog."""
    user = person(request)
    account = account_for(user, pk)
    values = AccountValues(**initial_of(account))
    outcome = accounts.check(user=user, values=values, now=timezone.now(), account=account)
    form = AccountForm(initial=initial_of(account), account=account)
    return _form(request, form, account, outcome=outcome, values=values)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.SMTP_ACCOUNTS)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete an account, after a question; what leans on it needs a replacement first (A198)."""
    user = person(request)
    account = account_for(user, pk)
    needed = accounts.dependents(account)
    others = [
        (one.key, one.label)
        for one in identities.identities(user)
        if one.key != str(account.pk) and not one.disabled_reason
    ]
    posted = request.POST if request.method == "POST" else None
    form = ReplacementForm(posted, choices=others)
    if request.method == "POST" and (not needed.any or form.is_valid()):
        key = form.cleaned_data["replacement"] if needed.any else LOCAL
        substitute = None if key == LOCAL else account_for(user, int(key))
        accounts.delete(account=account, replacement=substitute, use_local=substitute is None)
        messages.success(request, _("%(email)s is deleted.") % {"email": account.email})
        return _back(request)
    context = {"account": account, "needed": needed, "form": form}
    status = 422 if request.method == "POST" else 200
    return _render(request, "smtp_accounts/_delete.html", context, status)


@sensitive_variables()
def _work(request: HttpRequest, user: User, account: SmtpAccount | None) -> HttpResponse:
    """Do what the pressed button says: fill in a port, test, or save."""
    action = request.POST.get("action", "save")
    if action.startswith("port:"):
        typed = _typed(request.POST, action.removeprefix("port:"))
        return _form(request, AccountForm(initial=typed, account=account), account)
    form = AccountForm(request.POST, account=account)
    if not form.is_valid():
        return _form(request, form, account, status=422)
    values, now = form.values(), timezone.now()
    work = accounts.check if action == "test" else accounts.save
    outcome = work(user=user, values=values, now=now, account=account)
    if outcome.ok and action != "test":
        nudge()
        words = _("%(email)s is saved. You can choose it as Send From.")
        messages.success(request, words % {"email": values.email})
        return _back(request)
    if outcome.problem is not None and outcome.problem.field in form.fields:
        form.add_error(outcome.problem.field, outcome.problem.sentence)
    return _form(
        request,
        form,
        account,
        outcome=outcome,
        values=values,
        tried=action,
        status=200 if outcome.ok else 422,
    )


def _typed(posted: QueryDict, port: str) -> dict[str, Any]:
    """What was typed so far with another port; never the password."""
    typed: dict[str, Any] = {name: posted[name] for name in posted if name != "password"}
    return typed | {"use_authentication": "use_authentication" in posted, "port": port}


def _form(
    request: HttpRequest,
    form: AccountForm,
    account: SmtpAccount | None = None,
    *,
    status: int = 200,
    outcome: Outcome | None = None,
    values: AccountValues | None = None,
    tried: str = "",
) -> HttpResponse:
    encryption = str(form["encryption"].value())
    signs_in = form["use_authentication"].value() not in (False, None, "")
    context: dict[str, Any] = {
        "form": form,
        "account": account,
        "signs_in": signs_in,
        "offered_port": offered_port(encryption, form["port"].value()),
        "outcome": outcome,
        "problem": outcome.problem if outcome else None,
        "stored_problem": problem_of(account) if account and outcome is None else None,
        "tried": tried,
    }
    if outcome is not None and outcome.report is not None and values is not None:
        context["report"] = reports.shown(
            outcome.report,
            host=values.host,
            port=values.port,
            email=values.email,
            signs_in=values.use_authentication,
        )
    return _render(request, "smtp_accounts/_form.html", context, status)


def _render(request: HttpRequest, part: str, context: dict[str, Any], status: int) -> HttpResponse:
    """A dialog for htmx, a page for everybody else."""
    is_dialog = bool(request.headers.get("HX-Request"))
    context |= {"is_dialog": is_dialog, "part": part}
    return render(request, part if is_dialog else "smtp_accounts/page.html", context, status=status)


def _back(request: HttpRequest) -> HttpResponse:
    target = f"{reverse('connectivity')}#smtp"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("connectivity")})
    return redirect(target)
