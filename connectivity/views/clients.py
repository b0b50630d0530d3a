"""Sign-in providers: where a system administrator registers this installation with them."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.reauthentication import recent
from connectivity.access import system_admin
from connectivity.causes import Explained, explain_cause
from connectivity.forms import ClientForm
from connectivity.models import OAuthClient
from connectivity.oauth_providers import OAUTH_PROVIDERS, OAuthProvider
from connectivity.registering import GUIDES
from connectivity.services import clients
from connectivity.views.returning import redirect_uri, takes_redirects


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every provider that is known, and whether people can sign in there."""
    system_admin(request)
    stored = {client.provider: client for client in OAuthClient.objects.all()}
    rows = [
        {"provider": one, "guide": GUIDES[one.key], "client": client, "problem": _problem(client)}
        for one in OAUTH_PROVIDERS.values()
        for client in [stored.get(one.key)]
    ]
    return render(request, "connectivity/clients.html", {"rows": rows})


@recent
@sensitive_post_parameters("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def client(request: HttpRequest, provider: str) -> HttpResponse:
    """Register or change one; what is saved is tested at once."""
    system_admin(request)
    known, stored = _named(provider)
    if request.method != "POST":
        return _page(request, known, stored, ClientForm.of(stored))
    form = ClientForm(request.POST, client=stored)
    if not form.is_valid():
        return _page(request, known, stored, form, status=422)
    now = timezone.now()
    saved = clients.register(provider=provider, values=form.registration(), now=now)
    works = clients.self_test(saved, redirect_uri=redirect_uri(request), now=now)
    messages.info(request, _("Saved. It works.") if works else _("Saved, but the test failed."))
    return redirect("oauth-client", provider=provider)


@require_POST
def test(request: HttpRequest, provider: str) -> HttpResponse:
    """Ask the provider whether it knows this installation."""
    system_admin(request)
    known, stored = _named(provider)
    if stored is None:
        raise Http404
    clients.self_test(stored, redirect_uri=redirect_uri(request), now=timezone.now())
    if request.headers.get("HX-Request"):
        context = {
            "provider": known,
            "client": stored,
            "problem": _problem(stored),
            "today": timezone.localdate(),
        }
        return render(request, "connectivity/_client_state.html", context)
    return redirect("oauth-client", provider=provider)


@recent
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, provider: str) -> HttpResponse:
    """Forget the registration; not while accounts live by it."""
    system_admin(request)
    known, stored = _named(provider)
    if stored is None:
        raise Http404
    if request.method == "POST":
        if clients.remove(stored):
            messages.info(request, _("%(name)s is removed.") % {"name": known.name})
            return redirect("oauth-clients")
        messages.error(request, _in_use(stored, known))
        return redirect("oauth-client", provider=provider)
    used = stored.grants.count()
    context = {"provider": known, "used": used}
    return render(request, "connectivity/client_remove.html", context)


def _named(provider: str) -> tuple[OAuthProvider, OAuthClient | None]:
    known = OAUTH_PROVIDERS.get(provider)
    if known is None:
        raise Http404
    return known, OAuthClient.objects.filter(provider=provider).first()


def _page(
    request: HttpRequest,
    known: OAuthProvider,
    stored: OAuthClient | None,
    form: ClientForm,
    status: int = 200,
) -> HttpResponse:
    context = {
        "provider": known,
        "client": stored,
        "form": form,
        "problem": _problem(stored),
        "guide": GUIDES[known.key],
        # The permissions for mail first, then what every sign-in asks for.
        "scopes": sorted(known.scopes, key=lambda scope: ("://" not in scope, scope)),
        "today": timezone.localdate(),
        "redirect_uri": redirect_uri(request),
        "takes_redirects": takes_redirects(request),
        "has_tenant": "{tenant}" in known.token_url,
        "used": stored.grants.count() if stored else 0,
    }
    return render(request, "connectivity/client.html", context, status=status)


def _problem(client: OAuthClient | None) -> Explained | None:
    """What the last test found wrong, in words."""
    if client is None or not client.test_cause:
        return None
    name = OAUTH_PROVIDERS[client.provider].name
    values = {"host": name, "provider": name}
    return explain_cause(client.test_cause, values, server_line=client.test_line)


def _in_use(client: OAuthClient, known: OAuthProvider) -> str:
    used = client.grants.count()
    return ngettext(
        "%(count)d account signs in through %(name)s. Delete it first, or switch this off.",
        "%(count)d accounts sign in through %(name)s. Delete them first, or switch this off.",
        used,
    ) % {"count": used, "name": known.name}
