"""Domains and people, as the operator makes and changes them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import Domain, Role, User
from accounts.services import audit
from connectivity.models import Feature
from connectivity.services import features
from mailstore.services import folders
from webmail.names import domain_name


@transaction.atomic
def add_domain(
    *, name: str, switches: Mapping[str, bool] | None = None, now: datetime | None = None
) -> Domain:
    """Make a domain. ``switches``: feature to on or off; what is not named stays undecided.

    Raises ValidationError for a name that is none, or that exists.
    """
    domain = Domain(name=domain_name(name))
    domain.full_clean()
    domain.save()
    audit.note("domain-added", now=now, domain=domain, detail={"name": domain.name})
    set_switches(domain=domain, switches=switches or {}, now=now)
    return domain


def set_switches(
    *, domain: Domain | None, switches: Mapping[str, bool], now: datetime | None
) -> None:
    """Switch features on or off for a domain, or above all domains where it is None (A7)."""
    for feature, enabled in switches.items():
        features.set_switch(domain, Feature(feature), enabled, now=now)


def find_domain(name: str) -> Domain:
    """The domain of that name. Raises ValidationError if there is none."""
    try:
        return Domain.objects.get(name=domain_name(name))
    except Domain.DoesNotExist:
        raise ValidationError(f"There is no domain named {name}.") from None


def find_user(email: str) -> User:
    """The person with that address. Raises ValidationError if there is none."""
    try:
        return User.objects.get(email=email.strip().lower())
    except User.DoesNotExist:
        raise ValidationError(f"There is no user with the address {email}.") from None


@transaction.atomic
def add_user(*, email: str, password: str, role: str = Role.USER, display_name: str = "") -> User:
    """Make a person of an existing domain, with the folders everybody has.

    Raises ValidationError for an address that is none, is taken, or whose domain is not here,
    and for a password that is too easy.
    """
    email = email.strip().lower()
    local, _, host = email.rpartition("@")
    if not local:
        raise ValidationError(f"{email} is no e-mail address.")
    user = User(email=email, domain=find_domain(host), role=role, display_name=display_name)
    set_password(user=user, password=password)
    user.full_clean()
    user.save()
    folders.provision(user)
    return user


def set_password(*, user: User, password: str) -> None:
    """Give a person a new password, not saved yet. Raises ValidationError if it is too easy."""
    validate_password(password, user)
    user.set_password(password)


def first_administrator(*, email: str) -> str | None:
    """Make the domain and the system administrator of a new installation.

    Returns the password, which is stored nowhere else, or None where there are people already.
    """
    if User.objects.exists():
        return None
    password = "-".join(secrets.token_hex(3) for _ in range(4))
    name = domain_name(email.rpartition("@")[2])
    with transaction.atomic():
        Domain.objects.get_or_create(name=name)
        add_user(email=email, password=password, role=Role.SYSTEM_ADMIN)
    return password
