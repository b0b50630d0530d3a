"""Passwords for programs that cannot do a second step: made by us, shown once, ended singly."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.views.decorators.debug import sensitive_variables

from accounts.callers import NOBODY, Caller
from accounts.models import AppPassword, User
from accounts.services import audit, telling
from accounts.services.second_factor import SECURITY

#: Easy to type on a telephone, and none is taken for another: 26 of 31 signs are 128 bits.
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH: Final = 26
MOST: Final = 50
_NOTED_EVERY: Final = timedelta(minutes=5)


class TooMany(Exception):
    """Somebody has as many as anybody may have."""


def make(*, user: User, name: str, now: datetime, caller: Caller) -> tuple[AppPassword, str]:
    """A new one and, for once, what it says. Raises `TooMany`."""
    secret = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    with transaction.atomic():
        if user.app_passwords.count() >= MOST:
            raise TooMany
        made = user.app_passwords.create(name=name, secret_hash=_hashed(secret), made_at=now)
        audit.record(
            "app-password-made", now=now, actor=user, subject=user, caller=caller,
            detail={"name": name},
        )  # fmt: skip
        telling.tell(user=user, what="app-password-made", now=now, url=SECURITY)
    return made, "-".join(secret[at : at + 5] for at in range(0, LENGTH, 5))


@sensitive_variables("secret")
def verify(*, user: User, secret: str, caller: Caller, now: datetime) -> AppPassword | None:
    """The app password this is, if it is one of this person's and they may sign in.

    Notes when and from where it was used, every five minutes or from a new address: a program may
    ask often. The caller records the sign-in.
    """
    if not user.is_active:
        return None
    found = user.app_passwords.filter(secret_hash=_hashed(secret)).first()
    if found is not None:
        address = caller.address or None
        stale = Q(used_at=None) | Q(used_at__lt=now - _NOTED_EVERY) | ~Q(used_from=address)
        AppPassword.objects.filter(stale, pk=found.pk).update(used_at=now, used_from=address)
    return found


def remove(*, app_password: AppPassword, now: datetime, caller: Caller = NOBODY) -> None:
    """The program has to sign in with another."""
    with transaction.atomic():
        user, detail = app_password.user, {"name": app_password.name}
        app_password.delete()
        audit.record(
            "app-password-removed", now=now, actor=user, subject=user, caller=caller, detail=detail
        )


def _hashed(secret: str) -> str:
    """Of the signs that count: people type spaces, dashes and capitals as they like."""
    plain = "".join(one for one in secret.lower() if one.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()
