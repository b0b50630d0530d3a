"""Passkeys (W3C WebAuthn): the second step of signing in, or both in one.

The arithmetic is fido2's, by way of django-allauth. The challenge waits in the session, once. A
passkey here always has the person verified by the device and is found without a name typed, so
that it stands for possession and knowledge both.
"""

from __future__ import annotations

import json
import struct
from datetime import datetime
from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from accounts.callers import Caller
from accounts.models import User
from accounts.services import audit, telling
from accounts.services.second_factor import SECURITY, Kind, drop_lone_codes

#: What a browser sends is some hundred bytes; attestation of some devices is a few thousand.
_LONGEST = 32_000
NAME_LENGTH = 80


class Refused(Exception):
    """What came from the browser is no answer to the challenge, or of a passkey not known here."""


def begin_adding(request: HttpRequest, user: User) -> Any:
    """What the browser needs to make a passkey."""
    with context.request_context(request):
        return auth.begin_registration(user, passwordless=True)


def add(
    *,
    request: HttpRequest,
    user: User,
    name: str,
    credential: str,
    now: datetime,
    caller: Caller,
) -> None:
    """Keep a passkey the browser has just made. Raises `Refused`."""
    read = _read(credential)
    with context.request_context(request), _Refusing(), transaction.atomic():
        auth.parse_registration_response(read)
        made = auth.complete_registration(read)
        if not made.is_user_verified():
            raise Refused
        Authenticator.objects.create(
            user=user,
            type=Kind.WEBAUTHN,
            data={"name": name, "credential": read},
            created_at=now,
        )
        detail = {"name": name}
        audit.record(
            "passkey-added", now=now, actor=user, subject=user, caller=caller, detail=detail
        )
        telling.tell(user=user, what="passkey-added", now=now, url=SECURITY)


def begin_using(request: HttpRequest, user: User | None = None) -> Any:
    """What the browser needs to use one: of this person, or of whoever has one for this site."""
    with context.request_context(request):
        return auth.begin_authentication(user)


def use(*, request: HttpRequest, credential: str, now: datetime, user: User | None = None) -> User:
    """Whose passkey answered the challenge; of ``user`` alone, if given. Raises `Refused`."""
    read = _read(credential)
    with context.request_context(request), _Refusing():
        found = user or auth.extract_user_from_response(read)
        auth.parse_authentication_response(read)
        used = auth.complete_authentication(found, read)
        Authenticator.objects.filter(pk=used.pk).update(last_used_at=now)
    if not isinstance(found, User):
        raise Refused
    return found


def rename(passkey: Any, name: str) -> None:
    """Call a passkey something else."""
    passkey.data["name"] = name
    passkey.save(update_fields=["data"])


def remove(*, passkey: Any, user: User, now: datetime, caller: Caller) -> None:
    """Know it no longer; what is left of it on the device is its owner's to delete."""
    with transaction.atomic():
        detail = {"name": passkey.data["name"]}
        passkey.delete()
        audit.record(
            "passkey-removed", now=now, actor=user, subject=user, caller=caller, detail=detail
        )
        telling.tell(user=user, what="passkey-removed", now=now, url=SECURITY)
        drop_lone_codes(user)


#: What libraries raise on bytes that are none of a passkey; deep nesting among it.
_FOREIGN = (
    ValidationError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError,
    RecursionError, struct.error,
)  # fmt: skip


class _Refusing:
    """Whatever is wrong with what a browser sent is one thing to us."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is not None and issubclass(kind, _FOREIGN):
            raise Refused from None


def _read(credential: str) -> dict[str, Any]:
    if len(credential) > _LONGEST:
        raise Refused
    try:
        read = json.loads(credential)
    except (ValueError, RecursionError):
        raise Refused from None
    if not isinstance(read, dict):
        raise Refused
    return read
