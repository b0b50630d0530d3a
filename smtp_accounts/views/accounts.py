"""SMTP accounts: making, testing, changing and deleting them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.models import User
from connectivity.access import draft_for, draft_posted, person, requires
from connectivity.models import AccountDraft, Feature
from connectivity.posting import as_posted
from connectivity.providers import by_host, by_key
from connectivity.services import drafts, trusting
from connectivity.views.progress import watched
from smtp_accounts import proposals
from smtp_accounts.access import account_for
from smtp_accounts.forms import LOCKED, AccountForm, ReplacementForm
from smtp_accounts.models import SmtpAccount
from smtp_accounts.nudge import align, nudge
from smtp_accounts.proposals import BOXES, initial_of
from smtp_accounts.services import accounts, identities
from smtp_accounts.services.accounts import AccountValues, Outcome
from smtp_accounts.views import form_page, put_by, starting
from smtp_accounts.views.form_page import About, Tried

#: Trust the certificate with this SHA-256, of the server in the form, and no other one there.
PIN = "pin:"
SIGN_INS = ("sign-in", "oauth")
#: Add an address to the account, and come back.
ADD = "address"
#: What is kept of a posted form.
_KEPT = {*AccountForm.base_fields, "tile"} - {"password"}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.SMTP_ACCOUNTS)
@sensitive_post_parameters("password")
@watched
def new(request: HttpRequest) -> HttpResponse:
    """New SMTP Account; an address or a tile fills in what is known of its server."""
    user = person(request)
    if request.method == "POST":
        return _work(request, user, _about_posted(user, request.POST))
    email, key = request.GET.get("address", "").strip()[:254], request.GET.get("provider", "")
    known = starting.propose(user=user, address=email, key=key, now=timezone.now())
    form = AccountForm(initial=known.initial, user=user)
    return form_page.show(request, form, About(provider=known.provider), proposal=known)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.SMTP_ACCOUNTS)
@sensitive_post_parameters("password")
@watched
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an account. A password left blank stays as it is."""
    user = person(request)
    account = account_for(user, pk)
    about = About(account, provider=by_host(account.host))
    if request.method == "POST":
        return _work(request, user, about)
    kept = put_by.take(request, account)
    initial = initial_of(account) | (kept if "typed" in request.GET else {})
    return form_page.show(request, _form_of(user, about, initial), about)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.SMTP_ACCOUNTS)
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete an account, after a question; what leans on it needs a replacement first (A198)."""
    user = person(request)
    account = account_for(user, pk)
    needed = accounts.dependents(account)
    others = [
        (one.key, one.label)
        for one in identities.send_from(user)
        if one.account != account and not one.disabled_reason
    ]
    posted = request.POST if request.method == "POST" else None
    form = ReplacementForm(posted, choices=others)
    if request.method == "POST" and (not needed.any or form.is_valid()):
        chosen = identities.by_key(user, form.cleaned_data["replacement"]) if needed.any else None
        accounts.delete(account=account, replacement=chosen.identity if chosen else None)
        messages.success(request, _("%(email)s is deleted.") % {"email": account.email})
        return form_page.back(request)
    mine = identities.primary_of(account)
    context = {
        "account": account,
        "needed": needed,
        "form": form,
        "others": [one.address for one in account.identities.exclude(pk=mine.pk)],
    }
    status = 422 if request.method == "POST" else 200
    return form_page.part(request, "smtp_accounts/_delete.html", context, status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.SMTP_ACCOUNTS)
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """The form as it was left, the password apart; POST with ``action=discard`` discards it."""
    user = person(request)
    row = draft_for(user, pk, AccountDraft.Kind.SMTP)
    if request.method == "POST":
        if request.POST.get("action") == "discard":
            drafts.discard(row)
            messages.success(request, _("What was not saved is discarded."))
        return form_page.back(request)
    if row.target_id is not None:
        account = account_for(user, row.target_id)
        if not drafts.is_for(row, host=account.host, username=account.username):
            # Its settings were changed meanwhile: the permission does not go to another server.
            drafts.discard(row)
            return redirect("smtp-account-edit", pk=account.pk)
        if row.credential is not None and request.method == "GET":
            return _repair(request, user, row, account)
    values = {**row.values, **{name: name in row.values for name in BOXES}}
    about = _about_draft(row)
    return form_page.show(request, _form_of(user, about, values), about)


def _about_draft(row: AccountDraft) -> About:
    values = row.values
    provider = by_key(str(values.get("tile", ""))) or by_host(str(values.get("host", "")))
    return About(draft=row, provider=provider)


def _about_posted(user: User, posted: QueryDict) -> About:
    row = draft_posted(user, posted, AccountDraft.Kind.SMTP)
    return About(draft=row, provider=by_key(posted.get("tile", "")))


def _form_of(user: User, about: About, initial: dict[str, Any]) -> AccountForm:
    credential = about.draft.credential if about.draft else None
    return AccountForm(initial=initial, user=user, account=about.account, credential=credential)


@sensitive_variables()
def _work(request: HttpRequest, user: User, about: About) -> HttpResponse:
    """Do what the pressed button says: change a setting, test, save, or leave to sign in."""
    posted: QueryDict = request.POST
    action = posted.get("action", "save")
    if action in SIGN_INS:
        again = about.account is not None
        return _sign_in_again(user, about) if again else _sign_in(request, user, about)
    if action in ("test", "save", "again") or action.startswith(PIN):
        return _submit(request, user, about, posted, action)
    if action == ADD and about.account is not None:
        put_by.keep(request, about.account, _form_of(user, about, {}))
        asked = urlencode({"account": about.account.pk, "back": about.account.pk})
        return redirect(f"{reverse('identity-new')}?{asked}")
    values = proposals.typed(posted, action)
    password = str(posted.get("password", ""))
    if "tried" in posted and (password or about.account is not None):
        return _submit(request, user, about, as_posted(values, BOXES, password), "test")
    return form_page.show(request, _form_of(user, about, values), about)


@sensitive_variables()
def _submit(
    request: HttpRequest, user: User, about: About, posted: QueryDict, action: str
) -> HttpResponse:
    """Test or save what was typed."""
    row = about.draft
    form = AccountForm(
        posted,
        user=user,
        account=about.account,
        credential=row.credential if row else None,
        initial=initial_of(about.account) if about.account else (row.values if row else None),
    )
    if not form.is_valid():
        return form_page.show(request, form, about, status=422)
    values = form.values()
    outcome = _try(user, values, about, action)
    if outcome.account is not None:
        if about.account is not None:
            accounts.limit(outcome.account, form.cleaned_data["daily_limit"])
        return _saved(request, about, values, outcome.returned)
    problem = outcome.problem
    if problem is not None and problem.field in form.fields:
        form.add_error(problem.field, problem.sentence)
    if problem is not None and action == "save" and about.account is None:
        about = replace(about, draft=_keep(user, posted, about, outcome))
    tried = Tried(outcome, values, "save" if action == "save" else "test")
    return form_page.show(request, form, about, tried=tried, status=200 if outcome.ok else 422)


@sensitive_variables("values")
def _try(user: User, values: AccountValues, about: About, action: str) -> Outcome:
    now, account = timezone.now(), about.account
    if action == "save":
        return accounts.save(user=user, values=values, now=now, account=account)
    test = partial(accounts.check, user=user, values=values, now=now, account=account)
    if not action.startswith(PIN):
        return test()
    sha256, host, port = action.removeprefix(PIN), values.host, values.port
    return trusting.tested(test, user=user, host=host, port=port, sha256=sha256, now=now)


def _saved(
    request: HttpRequest, about: About, values: AccountValues, returned: int
) -> HttpResponse:
    """Back to the card; a draft has done its work."""
    if about.draft is not None:
        drafts.discard(about.draft)
    nudge()
    align(person(request).pk)
    words = _("%(email)s is saved. You can choose it as Send From.")
    messages.success(request, words % {"email": values.email})
    if returned:
        told = ngettext(
            "%(n)d message that waited is back in Drafts: it was written as another address.",
            "%(n)d messages that waited are back in Drafts: they were written as another address.",
            returned,
        )
        messages.info(request, told % {"n": returned})
    return form_page.back(request)


def _keep(user: User, posted: QueryDict, about: About, outcome: Outcome | None) -> AccountDraft:
    """Write down what was typed, without the password, for another day."""
    row = about.draft
    values: dict[str, Any] = drafts.typed(posted, _KEPT)
    if row is not None and row.credential_id:
        # What a sign-in was made for stays: its permission goes nowhere else.
        values = row.values | {name: values[name] for name in values.keys() - set(LOCKED)}
    problem = outcome.problem if outcome else None
    return drafts.keep(
        user=user,
        kind=AccountDraft.Kind.SMTP,
        values=values,
        label=str(values.get("email") or ""),
        now=timezone.now(),
        cause=problem.cause if problem else "",
        server_line=problem.server_line if problem else "",
        draft=row,
        target_id=row.target_id if row else None,
    )


def _sign_in_again(user: User, about: About) -> HttpResponse:
    """Begin a sign-in at the provider that is to mend a stored account."""
    account = about.account
    assert account is not None  # noqa: S101 - asked for by the caller
    kind = AccountDraft.Kind.SMTP
    row = drafts.keep(
        user=user,
        kind=kind,
        values={name: getattr(account, name) for name in ("host", "port", "email", "username")},
        label=account.email,
        now=timezone.now(),
        target_id=account.pk,
        cause=account.cause,
        server_line=account.server_line,
        # One is enough, however often the button is pressed.
        draft=AccountDraft.objects.filter(user=user, kind=kind, target_id=account.pk).first(),
    )
    # The method is kept: only a POST may begin a sign-in (RFC 9110 section 15.4.8).
    return HttpResponseRedirect(reverse("oauth-start", args=[row.pk]), preserve_request=True)


def _repair(
    request: HttpRequest, user: User, row: AccountDraft, account: SmtpAccount
) -> HttpResponse:
    """Put what the sign-in brought into the account it was made for, once it is tested.

    The person comes here from the provider, by GET: to have signed in there was their word.
    """
    values = AccountValues(**initial_of(account), credential=row.credential)
    outcome = accounts.save(user=user, values=values, now=timezone.now(), account=account)
    about = About(account, row, by_host(account.host))
    if outcome.account is not None:
        return _saved(request, about, values, outcome.returned)
    form = _form_of(user, about, initial_of(account))
    return form_page.show(request, form, about, tried=Tried(outcome, values, "save"), status=422)


def _sign_in(request: HttpRequest, user: User, about: About) -> HttpResponse:
    """Keep the account and go to the provider, where its person signs in (A9)."""
    form = AccountForm(request.POST, user=user)
    form.is_valid()
    # There is no password to enter, and what is carried along was filled in here.
    for name in form.errors.keys() - {"email", "host"}:
        del form.errors[name]
    if form.errors:
        return form_page.show(request, form, about, status=422)
    row = _keep(user, request.POST, about, None)
    # The method is kept: only a POST may begin a sign-in (RFC 9110 section 15.4.8).
    return HttpResponseRedirect(reverse("oauth-start", args=[row.pk]), preserve_request=True)
