"""The dialog of an account as a page or a dialog, whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from connectivity.access import administrator_of
from connectivity.causes import explain_cause
from connectivity.models import AccountDraft
from connectivity.providers import OAUTH, PROVIDERS, Provider, name_of
from connectivity.running import running
from connectivity.services import clients, pins, signing_in
from connectivity.views.returning import takes_redirects
from protocols.check import STAGES
from smtp_accounts import alignment_words, identity_rows
from smtp_accounts import report as reports
from smtp_accounts.card import problem_of
from smtp_accounts.forms import AccountForm
from smtp_accounts.models import SmtpAccount
from smtp_accounts.proposals import Proposal, offered_port
from smtp_accounts.services import identities, limits, sent
from smtp_accounts.services.accounts import AccountValues, Outcome

#: Fields of the step before a sign-in at the provider; the others are carried along.
SHOWN = ("display_name", "email", "host", "password")


@dataclass(frozen=True, slots=True)
class About:
    """What a form is about: a stored account, a draft, or a new one of a provider."""

    account: SmtpAccount | None = None
    draft: AccountDraft | None = None
    provider: Provider | None = None

    @property
    def signs_in_there(self) -> bool:
        """Whether the next thing is a sign-in at the provider, as there is no password (A9)."""
        if self.account is not None or (self.draft is not None and self.draft.credential_id):
            return False
        return self.provider is not None and self.provider.auth == OAUTH


@dataclass(frozen=True, slots=True)
class Tried:
    """What a button has led to; ``tried`` is test, save or empty."""

    outcome: Outcome
    values: AccountValues
    tried: str = ""


def show(
    request: HttpRequest,
    form: AccountForm,
    about: About,
    *,
    status: int = 200,
    tried: Tried | None = None,
    proposal: Proposal | None = None,
) -> HttpResponse:
    """The form with everything around it."""
    account, provider = about.account, about.provider
    signs_in = form["use_authentication"].value() not in (False, None, "")
    context: dict[str, Any] = {
        "form": form,
        "account": account,
        "draft": about.draft,
        "provider": provider,
        "providers": PROVIDERS,
        "proposal": proposal,
        "owner": name_of(provider.smtp.host) if provider and provider.smtp.host else "",
        "signs_in": signs_in,
        "signs_in_there": about.signs_in_there,
        "permission": form.signs_in_there,
        # A password is never sent back. One that was typed must not turn into the stored one.
        "retype": bool(request.POST.get("password")) or "retype" in request.POST,
        "running": running(STAGES["smtp"]),
        "offered_port": offered_port(str(form["encryption"].value()), form["port"].value()),
        "stored_problem": problem_of(account) if account and tried is None else None,
    }
    if account is not None:
        context |= of_account(account)
    if about.signs_in_there:
        context |= before_sign_in(request, form, about)
    if about.draft is not None:
        context |= of_draft(about.draft)
    if tried is not None:
        context |= told(tried, form, provider)
    return part(request, "smtp_accounts/_form.html", context, status)


def of_account(account: SmtpAccount) -> dict[str, Any]:
    """What belongs to a stored account beside its fields: addresses, and how much it may send."""
    return {
        "addresses": identity_rows.rows_for(account.user, account_id=account.pk),
        "left_today": limits.left(account, now=timezone.now()),
        "keeper": name_of(account.host) if sent.keeps_copy(account) else "",
        "alignment": alignment_words.shown(identities.primary_of(account), now=timezone.now()),
    }


def before_sign_in(request: HttpRequest, form: AccountForm, about: About) -> dict[str, Any]:
    """What the step before a sign-in at the provider shows."""
    key = about.provider.oauth if about.provider else ""
    ready = clients.for_provider(key, form.user)
    fixed = about.provider is not None and about.provider.fixed_host
    free = bool(request.GET.get("edit")) or not fixed
    if not free:
        form.fields["host"].widget.attrs["readonly"] = True
    asked = {"address": form["email"].value(), "provider": about.provider and about.provider.key}
    query = urlencode({name: value for name, value in asked.items() if value} | {"edit": "1"})
    context: dict[str, Any] = {
        "sign_in_ready": ready,
        "takes_redirects": takes_redirects(request),
        "is_free": free,
        "edit_url": f"{reverse('smtp-account-new')}?{query}",
        "carried": [one for one in form if one.name not in SHOWN and one.value()],
    }
    if ready is None:
        context["administrator"] = administrator_of(form.user, of_system=True)
        if form.user.role == Role.SYSTEM_ADMIN:
            context["clients_url"] = reverse("oauth-clients")
    return context


def of_draft(draft: AccountDraft) -> dict[str, Any]:
    """Why it is not stored yet, and who has signed in for it."""
    context: dict[str, Any] = {}
    if draft.cause:
        values = {
            name: draft.values.get(name, "") for name in ("host", "port", "username", "email")
        }
        context["draft_problem"] = explain_cause(
            draft.cause, values, server_line=draft.server_line, protocol="smtp"
        )
    if draft.credential is not None:
        other = signing_in.other_address(draft)
        context["signed_in_as"] = other or draft.credential.grant.address
        context["signed_in_else"] = bool(other)
    return context


def told(tried: Tried, form: AccountForm, provider: Provider | None) -> dict[str, Any]:
    """The result of a test, ready for the page."""
    outcome, values = tried.outcome, tried.values
    context: dict[str, Any] = {"outcome": outcome, "problem": outcome.problem, "tried": tried.tried}
    if outcome.report is not None:
        shown = reports.shown(
            outcome.report,
            host=values.host,
            port=values.port,
            email=values.email,
            signs_in=values.use_authentication,
            username=values.username,
            provider=provider,
            may_pin=pins.allowed(form.user),
        )
        context |= {"report": shown, "problem": shown.problem or outcome.problem}
    return context


def part(request: HttpRequest, name: str, context: dict[str, Any], status: int) -> HttpResponse:
    """A dialog for htmx, a page for everybody else."""
    is_dialog = bool(request.headers.get("HX-Request"))
    context |= {"is_dialog": is_dialog, "part": name}
    return render(request, name if is_dialog else "smtp_accounts/page.html", context, status=status)


def back(request: HttpRequest) -> HttpResponse:
    """To the card of the accounts."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("connectivity")})
    return redirect(f"{reverse('connectivity')}#smtp")
