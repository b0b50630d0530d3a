"""Signing in at a provider: the way there, the way back, and what may lie between.

Every way ends at the form of the account, where nothing that was typed is lost.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.models import User
from connectivity.access import draft_for, person, requires
from connectivity.causes import explain_cause
from connectivity.drafts import resume_url
from connectivity.models import AccountDraft, Feature, OAuthClient
from connectivity.oauth_providers import OAUTH_PROVIDERS
from connectivity.services import authority, clients, drafts, signing_in, trials
from connectivity.services.signing_in import SignInFailed
from connectivity.views.returning import redirect_uri, takes_redirects

# The way of Microsoft's work accounts to an administrator's permission for all their people.
_AUTHORIZE, _ADMIN_CONSENT = "/oauth2/v2.0/authorize", "/adminconsent"


@require_POST
@requires(Feature.OAUTH)
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave for the provider; with ``how=code``, or where it cannot send anybody back, show a
    code to type on another device."""
    user = person(request)
    draft = draft_for(user, pk)
    if clients.for_provider(signing_in.provider_key(draft), user) is None:
        return _failed(request, SignInFailed("oauth-unregistered"), draft)
    try:
        if request.POST.get("how") == "code" or _cannot_return(request, draft, user):
            signing_in.begin_device(
                user=user, draft=draft, session_key=_session(request), now=timezone.now()
            )
            return _go(request, reverse("oauth-device", args=[pk]))
        # The way back is a question to a foreign server.
        trials.take(user, now=timezone.now())
        address = signing_in.begin(
            user=user,
            draft=draft,
            session_key=_session(request),
            redirect_uri=redirect_uri(request),
            now=timezone.now(),
        )
    except trials.TooManyTrialsError as many:
        return _failed(request, SignInFailed(many.cause), draft)
    except SignInFailed as failed:
        return _failed(request, failed, draft)
    return _leave(request, address, draft)


@require_GET
@requires(Feature.OAUTH)
@sensitive_variables()
def callback(request: HttpRequest) -> HttpResponse:
    """Come back from the provider, with a permission or without."""
    if "admin_consent" in request.GET:
        words = _("The permission of the administrator was given. People can sign in now.")
        given = request.GET["admin_consent"].lower() == "true"
        messages.info(request, words if given else _("The permission was not given."))
        return redirect("connectivity")
    try:
        draft = signing_in.finish(
            user=person(request),
            session_key=_session(request),
            params=request.GET.dict(),
            redirect_uri=redirect_uri(request),
            now=timezone.now(),
        )
    except SignInFailed as failed:
        return _failed(request, failed, failed.draft)
    return redirect(_onward(draft))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.OAUTH)
def device(request: HttpRequest, pk: int) -> HttpResponse:
    """The code to type on another device. A POST asks whether that has happened."""
    user = person(request)
    draft = draft_for(user, pk)
    session, now = _session(request), timezone.now()
    if request.method != "POST":
        try:
            flow = signing_in.waiting(user=user, draft=draft, session_key=session, now=now)
        except SignInFailed:
            return redirect(resume_url(draft))
        context = {"draft": draft, "flow": flow, "provider": _provider(flow.client)}
        return render(request, "connectivity/oauth_device.html", context)
    try:
        done = signing_in.poll_device(user=user, draft=draft, session_key=session, now=now)
    except SignInFailed as failed:
        return _failed(request, failed, draft)
    if done is not None:
        return _go(request, _onward(done))
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    messages.info(request, _("Not yet. Type the code there and agree, then come back here."))
    return redirect("oauth-device", pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Feature.OAUTH)
def other(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody signed in with another account than was typed: which one is meant?"""
    draft = draft_for(person(request), pk)
    address = signing_in.other_address(draft)
    if not address:
        return redirect(resume_url(draft))
    if request.method == "POST":
        if request.POST.get("use") == "other" and draft.target_id is None:
            drafts.readdress(draft, address=address, now=timezone.now())
        return redirect(resume_url(draft))
    context = {"draft": draft, "address": address, "typed": signing_in.typed_address(draft)}
    return render(request, "connectivity/oauth_other.html", context)


@require_safe
@requires(Feature.OAUTH)
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """What to send the administrator of the other account, who alone may allow this program."""
    user = person(request)
    draft = draft_for(user, pk)
    client = clients.for_provider(signing_in.provider_key(draft), user)
    if client is None:
        raise Http404
    provider = _provider(client)
    context = {
        "draft": draft,
        "provider": provider,
        "client": client,
        "site": request.build_absolute_uri("/"),
        "scopes": sorted(OAUTH_PROVIDERS[client.provider].scopes),
        "consent_url": _consent_url(client),
        "resume": resume_url(draft),
        "server_line": draft.server_line,
    }
    return render(request, "connectivity/oauth_ask.html", context)


def _session(request: HttpRequest) -> str:
    """What binds a sign-in to this browser; somebody signed in has a session."""
    return request.session.session_key or ""


def _provider(client: OAuthClient) -> str:
    return OAUTH_PROVIDERS[client.provider].name


def _cannot_return(request: HttpRequest, draft: AccountDraft, user: User) -> bool:
    """Whether only a code helps: the provider would not send a browser back to this address."""
    if takes_redirects(request):
        return False
    client = clients.for_provider(signing_in.provider_key(draft), user)
    return client is not None and bool(authority.addresses(client).device)


def _onward(draft: AccountDraft) -> str:
    """Where somebody goes who has signed in."""
    if signing_in.other_address(draft):
        return reverse("oauth-other", args=[draft.pk])
    return resume_url(draft)


def _go(request: HttpRequest, address: str) -> HttpResponse:
    """Send the browser, as a whole, to another page of this site."""
    if not request.headers.get("HX-Request"):
        return redirect(address)
    answer = HttpResponse()
    answer.headers["HX-Redirect"] = address
    return answer


def _leave(request: HttpRequest, address: str, draft: AccountDraft) -> HttpResponse:
    """Send the browser to the provider.

    Not by a redirect: what a form may lead to is limited to this site (CSP ``form-action``), and
    that counts for redirects too.
    """
    if request.headers.get("HX-Request"):
        return _go(request, address)
    known = OAUTH_PROVIDERS.get(signing_in.provider_key(draft))
    context = {"address": address, "provider": known.name if known else "", "draft": draft}
    return render(request, "connectivity/oauth_leaving.html", context)


def _failed(request: HttpRequest, failed: SignInFailed, draft: AccountDraft | None) -> HttpResponse:
    """Tell it where the account is typed; where that is not known, on a page of its own."""
    if draft is not None:
        # Whoever was on the provider's pages could have agreed, were it not for an administrator.
        cause = "oauth-admin-consent" if failed.cause == "oauth-consent" else failed.cause
        drafts.tell(draft, cause=cause, server_line=failed.server_line, now=timezone.now())
        if cause == "oauth-admin-consent":
            return _go(request, reverse("oauth-ask", args=[draft.pk]))
        return _go(request, resume_url(draft))
    context = {
        "problem": explain_cause(failed.cause, server_line=failed.server_line),
        "waiting": [
            (one.label or _("An account without a name"), resume_url(one))
            for one in AccountDraft.objects.filter(user=person(request))[:5]
        ],
    }
    return render(request, "connectivity/oauth_over.html", context)


def _consent_url(client: OAuthClient) -> str:
    """Where an administrator of a Microsoft organisation allows a program for all its people."""
    address = authority.addresses(client).authorize
    if not address.endswith(_AUTHORIZE):
        return ""
    base = address.removesuffix(_AUTHORIZE).replace("/common", "/organizations")
    return f"{base}{_ADMIN_CONSENT}?{urlencode({'client_id': client.client_id})}"
