"""Who asks, and whether a feature is on for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from accounts.models import Role, User
from connectivity.models import AccountDraft, CertificatePin, Feature
from connectivity.services import features

Params = ParamSpec("Params")
View = Callable[Concatenate[HttpRequest, Params], HttpResponse]


def person(request: HttpRequest) -> User:
    """The signed-in user; the sign-in middleware lets nobody else through to a view."""
    if not isinstance(request.user, User):
        raise TypeError("this view is open to people who have not signed in")
    return request.user


def draft_for(user: User, pk: int, kind: str = "") -> AccountDraft:
    """The user's draft, of this kind if one is named. Raises `Http404`, also for another's."""
    drafts = AccountDraft.objects.select_related("credential", "user")
    wanted = {"kind": kind} if kind else {}
    return get_object_or_404(drafts, pk=pk, user=user, **wanted)


def certificate_for(user: User, pk: int) -> CertificatePin:
    """The user's pin. Raises `Http404`, also for another's."""
    return get_object_or_404(CertificatePin.objects.select_related("user"), pk=pk, user=user)


def domain_admin(request: HttpRequest) -> User:
    """The signed-in administrator of a domain; nobody else finds a page here."""
    user = person(request)
    if not user.is_domain_admin:
        raise Http404
    return user


def system_admin(request: HttpRequest) -> User:
    """The signed-in administrator of the installation; nobody else finds a page here."""
    user = person(request)
    if not user.is_system_admin:
        raise Http404
    return user


def administrator_of(user: User) -> User | None:
    """Whom to ask: an administrator of the user's domain, else one of the installation."""
    local = Q(role=Role.DOMAIN_ADMIN, domain=user.domain_id)
    people = User.objects.filter(local | Q(role=Role.SYSTEM_ADMIN), is_active=True)
    # "domain-admin" sorts before "system-admin": the nearer one first.
    return people.order_by("role", "pk").first()


def requires(feature: Feature) -> Callable[[View[Params]], View[Params]]:
    """Let a view be reached only where ``feature`` is on; else say whom to ask (A5, A6)."""

    def decorate(view: View[Params]) -> View[Params]:
        @wraps(view)
        def guarded(
            request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
        ) -> HttpResponse:
            user = person(request)
            if features.enabled_for(user, feature):
                return view(request, *args, **kwargs)
            context = {"feature": feature.label, "administrator": administrator_of(user)}
            answer = render(request, "connectivity/off.html", context, status=403)
            if request.headers.get("HX-Request"):
                # A page that still shows it is out of date as a whole.
                answer.headers["HX-Refresh"] = "true"
            return answer

        return guarded

    return decorate
