"""Who asks, and whether a feature is on for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Concatenate, ParamSpec

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from accounts.access import administrator as domain_admin
from accounts.access import person
from accounts.models import Role, User
from connectivity.models import AccountDraft, CertificatePin, Feature
from connectivity.services import features
from connectivity.services.features import Origin

__all__ = [
    "administrator_of",
    "certificate_for",
    "domain_admin",
    "draft_for",
    "draft_posted",
    "off_by_system",
    "person",
    "requires",
    "system_admin",
]
Params = ParamSpec("Params")
View = Callable[Concatenate[HttpRequest, Params], HttpResponse]


def draft_for(user: User, pk: int, kind: str = "") -> AccountDraft:
    """The user's draft, of this kind if one is named. Raises `Http404`, also for another's."""
    drafts = AccountDraft.objects.select_related("credential", "user")
    wanted = {"kind": kind} if kind else {}
    return get_object_or_404(drafts, pk=pk, user=user, **wanted)


def draft_posted(user: User, posted: Mapping[str, str], kind: str) -> AccountDraft | None:
    """The user's draft that a form goes on with; None where it names none. Raises as above."""
    key = posted.get("draft", "")
    return draft_for(user, int(key), kind) if key.isdecimal() and len(key) < 19 else None


def certificate_for(user: User, pk: int) -> CertificatePin:
    """The user's pin. Raises `Http404`, also for another's."""
    return get_object_or_404(CertificatePin.objects.select_related("user"), pk=pk, user=user)


def system_admin(request: HttpRequest) -> User:
    """The signed-in administrator of the installation; nobody else finds a page here."""
    user = person(request)
    if not user.is_system_admin:
        raise Http404
    return user


def administrator_of(user: User, *, of_system: bool = False) -> User | None:
    """Whom to ask: an administrator of the user's domain, else one of the installation.

    ``of_system``: only the latter can help.
    """
    found = Q(role=Role.SYSTEM_ADMIN)
    if not of_system:
        found |= Q(role=Role.DOMAIN_ADMIN, domain=user.domain_id)
    # "domain-admin" sorts before "system-admin": the nearer one first.
    return User.objects.filter(found, is_active=True).order_by("role", "pk").first()


def off_by_system(user: User, feature: str) -> bool:
    """Whether a feature that is off is so for the whole installation (A211)."""
    return features.effective(user.domain, feature).origin == Origin.SYSTEM


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
            by_system = off_by_system(user, feature)
            context = {
                "feature": feature.label,
                "by_system": by_system,
                "administrator": administrator_of(user, of_system=by_system),
            }
            answer = render(request, "connectivity/off.html", context, status=403)
            if request.headers.get("HX-Request"):
                # A page that still shows it is out of date as a whole.
                answer.headers["HX-Refresh"] = "true"
            return answer

        return guarded

    return decorate
