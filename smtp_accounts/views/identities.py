"""Settings, Identities: every address one writes from, and which one new mail starts with."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from connectivity.access import person
from connectivity.models import Feature
from connectivity.providers import by_host
from connectivity.services import features
from smtp_accounts import report as reports
from smtp_accounts.access import account_for, identity_for
from smtp_accounts.alignment_words import shown
from smtp_accounts.forms import ReplacementForm
from smtp_accounts.forms_identity import IdentityForm
from smtp_accounts.identity_rows import rows_for
from smtp_accounts.models import Identity, SmtpAccount
from smtp_accounts.nudge import align
from smtp_accounts.services import accounts, identities, leaning, senders
from smtp_accounts.services.accounts import Outcome
from smtp_accounts.services.senders import AddressTakenError
from smtp_accounts.views import pages


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every address, what belongs to it, and the Default From Address (A36)."""
    user = person(request)
    context = {
        "rows": rows_for(user),
        "may_add": features.enabled_for(user, Feature.SMTP_ACCOUNTS),
        "has_accounts": SmtpAccount.objects.filter(user=user).exists(),
    }
    return render(request, "smtp_accounts/identities.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Another address of an account; its server is asked whether it takes mail from it."""
    user = person(request)
    if not features.enabled_for(user, Feature.SMTP_ACCOUNTS):
        raise Http404
    mine = accounts.accounts_of(user)
    if request.method != "POST":
        asked = request.GET.get("account", "")
        chosen = asked if asked.isdecimal() else str(mine[0].pk) if len(mine) == 1 else ""
        form = IdentityForm(user=user, accounts=mine, initial={"account": chosen})
        return _dialog(request, form, None)
    form = IdentityForm(request.POST, user=user, accounts=mine)
    if not form.is_valid():
        return _dialog(request, form, None, status=422)
    account = account_for(user, int(form.cleaned_data["account"]))
    return _submit(request, user, form, account, None)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """What belongs to an address: name, description, colour, signature, folder, replies."""
    user = person(request)
    identity = identity_for(user, pk)
    own = senders.is_own(identity)
    if request.method != "POST":
        return _dialog(request, IdentityForm(user=user, identity=identity, is_own=own), identity)
    form = IdentityForm(request.POST, user=user, identity=identity, is_own=own)
    if not form.is_valid():
        return _dialog(request, form, identity, status=422)
    return _submit(request, user, form, identity.account, identity)


@require_POST
def default(request: HttpRequest, pk: int) -> HttpResponse:
    """Make an address the Default From Address (A36)."""
    user = person(request)
    identity = identity_for(user, pk)
    identities.set_default(user, identity)
    words = _("New messages start with %(address)s.") % {"address": identity.address}
    messages.success(request, words)
    return pages.go_to(request, reverse("identities"))


@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove an address of an account; what leans on it needs another one first (A198)."""
    user = person(request)
    identity = identity_for(user, pk)
    if senders.is_own(identity):
        raise Http404
    needed = leaning.dependents([identity])
    others = [
        (one.key, one.label)
        for one in identities.send_from(user)
        if one.identity != identity and not one.disabled_reason
    ]
    posted = request.POST if request.method == "POST" else None
    form = ReplacementForm(posted, choices=others)
    if request.method == "POST" and (not needed.any or form.is_valid()):
        chosen = identities.by_key(user, form.cleaned_data["replacement"]) if needed.any else None
        to = chosen.identity if chosen else None
        senders.remove(identity=identity, now=timezone.now(), replacement=to)
        messages.success(request, _("%(email)s is removed.") % {"email": identity.address})
        return pages.go_to(request, reverse("identities"))
    context = {"identity": identity, "needed": needed, "form": form}
    status = 422 if request.method == "POST" else 200
    name, title = "smtp_accounts/_identity_delete.html", _("Remove address")
    return pages.dialog(request, name, context, title=title, status=status)


def _submit(
    request: HttpRequest,
    user: User,
    form: IdentityForm,
    account: SmtpAccount | None,
    identity: Identity | None,
) -> HttpResponse:
    """Test or save what was typed."""
    values, now = form.values(), timezone.now()
    if request.POST.get("action") == "test" and account is not None:
        address = values.address or account.email
        outcome = senders.check(account=account, address=address, now=now)
        return _tried(request, form, identity, account, outcome, address)
    try:
        kept = senders.save(user=user, values=values, now=now, account=account, identity=identity)
    except AddressTakenError:
        form.add_error("address", _("This account has that address already."))
        return _dialog(request, form, identity, status=422)
    if kept.identity is None:
        assert kept.outcome is not None  # noqa: S101 - nothing is kept only after a test
        return _tried(request, form, identity, account, kept.outcome, values.address, is_save=True)
    align(user.pk)
    if back := _back(request):
        return redirect(f"{reverse('smtp-account-edit', args=[back.pk])}?typed=1")
    words = _("%(email)s is saved. You can choose it as Send From.")
    messages.success(request, words % {"email": kept.identity.address})
    return pages.go_to(request, reverse("identities"))


def _tried(
    request: HttpRequest,
    form: IdentityForm,
    identity: Identity | None,
    account: SmtpAccount | None,
    outcome: Outcome,
    address: str,
    *,
    is_save: bool = False,
) -> HttpResponse:
    """What the account's server said about the address."""
    problem = outcome.problem
    if problem is not None and problem.field == "email" and "address" in form.fields:
        form.add_error("address", problem.sentence)
    context: dict[str, Any] = {
        "outcome": outcome,
        "problem": problem,
        "tried": "save" if is_save else "test",
        "tried_address": address,
    }
    if outcome.report is not None and account is not None:
        context["report"] = reports.shown(
            outcome.report,
            host=account.host,
            port=account.port,
            email=address,
            signs_in=account.use_authentication,
            username=account.username,
            provider=by_host(account.host),
        )
    context["through"] = account
    status = 200 if outcome.ok else 422
    return _dialog(request, form, identity, status=status, extra=context)


def _dialog(
    request: HttpRequest,
    form: IdentityForm,
    identity: Identity | None,
    *,
    status: int = 200,
    extra: dict[str, Any] | None = None,
) -> HttpResponse:
    own = identity is not None and senders.is_own(identity)
    context = {
        "back": _back(request),
        "form": form,
        "identity": identity,
        "account": identity.account if identity else None,
        "is_own": own,
        "alignment": shown(identity, now=timezone.now()) if identity else None,
        **(extra or {}),
    }
    title = identity.address if identity else _("New address")
    name = "smtp_accounts/_identity_form.html"
    return pages.dialog(request, name, context, title=title, status=status)


def _back(request: HttpRequest) -> SmtpAccount | None:
    """The account in whose dialog an address is added; what was typed there is kept."""
    asked = (request.POST or request.GET).get("back", "")
    if not asked.isdecimal() or len(asked) > 18:
        return None
    return account_for(person(request), int(asked))
