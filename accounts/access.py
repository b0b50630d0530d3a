"""The one way from an id in an address to an object: another person's is not found."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from accounts.models import AppPassword, Domain, Role, User, UserSession


def person(request: HttpRequest) -> User:
    """The signed-in user. Views behind the sign-in always have one."""
    assert isinstance(request.user, User)  # noqa: S101 - LoginRequiredMiddleware saw to it
    return request.user


def administrator(request: HttpRequest) -> User:
    """The signed-in administrator of a domain or of all; nobody else finds a page here."""
    user = person(request)
    if not user.is_domain_admin:
        raise Http404
    return user


def domain_for(admin: User, pk: int | None) -> Domain:
    """The administrator's own domain, or the one named, for a system administrator. Else 404."""
    if pk is None or pk == admin.domain_id:
        return admin.domain
    if not admin.is_system_admin:
        raise Http404
    return get_object_or_404(Domain, pk=_key(pk))


def person_for(admin: User, pk: int) -> User:
    """Somebody this administrator looks after. Raises `Http404`, also for another domain's.

    A system administrator is looked after by system administrators alone, in whichever domain
    their address lies: who could give one a new password would be one.
    """
    found = User.objects.select_related("domain").filter(pk=_key(pk))
    if not admin.is_system_admin:
        found = found.filter(domain=admin.domain_id).exclude(role=Role.SYSTEM_ADMIN)
    return get_object_or_404(found)


def may_see_backup(reader: User, person: User) -> bool:
    """Whether the backup address of somebody is shown to this administrator: not from below, as it
    is the way in to an account that may do more."""
    return reader.is_system_admin or not person.is_system_admin


def session_for(user: User, pk: int) -> UserSession:
    """A session of this person, or 404."""
    return get_object_or_404(UserSession, user=user, pk=_key(pk))


def app_password_for(user: User, pk: int) -> AppPassword:
    """An app password of this person, or 404."""
    return get_object_or_404(AppPassword, user=user, pk=_key(pk))


def passkey_for(user: User, pk: int) -> Any:
    """A passkey of this person, or 404."""
    kind = Authenticator.Type.WEBAUTHN
    return get_object_or_404(Authenticator, user_id=user.pk, type=kind, pk=_key(pk))


def _key(pk: int) -> int:
    """An id as databases take it: an address may have any number, however long."""
    return pk if pk < 2**63 else 0
