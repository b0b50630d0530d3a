"""The second step of signing in: codes of an authenticator app, passkeys, recovery codes.

The rows and the arithmetic are django-allauth's. What it leaves to its cache (which codes were
used) and to its pages stands here: a code counts once whichever process is asked (RFC 6238 5.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from accounts.adapter import keyring, seal, secrets_of, unseal
from accounts.callers import NOBODY, Caller
from accounts.models import User
from accounts.services import audit, telling
from lib.sealing import Keyring, SealError

Kind = Authenticator.Type
#: Where a person sees all of it.
SECURITY: Final = "/settings/security/"
#: Seconds a code is shown, and how many steps a clock may be wrong, either way.
STEP: Final = 30
DRIFT: Final = 1
#: Fewer recovery codes than this are worth a word.
FEW: Final = 4


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody has set up. ``codes_left`` is None where no recovery codes were made."""

    app: Any = None
    passkeys: tuple[Any, ...] = ()
    codes_left: int | None = None

    @property
    def is_on(self) -> bool:
        """Whether a password alone is not enough."""
        return self.app is not None or bool(self.passkeys)

    @property
    def is_low(self) -> bool:
        """Whether new recovery codes should be made."""
        return self.is_on and (self.codes_left or 0) < FEW


def standing(user: User) -> Standing:
    """What this person has set up, with one query."""
    rows = list(Authenticator.objects.filter(user_id=user.pk).order_by("created_at", "pk"))
    made = {row.type: row for row in rows}
    codes = made.get(Kind.RECOVERY_CODES)
    return Standing(
        app=made.get(Kind.TOTP),
        passkeys=tuple(row for row in rows if row.type == Kind.WEBAUTHN),
        codes_left=None if codes is None else _left(codes),
    )


def is_on(user: User) -> bool:
    """Whether a password alone is not enough for this person."""
    kinds = (Kind.TOTP, Kind.WEBAUTHN)
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists())


def new_secret() -> str:
    """A secret for an authenticator app: 160 bits in base 32 (RFC 4226 4)."""
    return str(totp.generate_totp_secret())


def address_of(user: User, secret: str, issuer: str) -> str:
    """The ``otpauth:`` address an app takes from a picture."""
    adapter = get_adapter()
    adapter.issuer = issuer
    return str(adapter.build_totp_url(user, secret))


def picture(address: str) -> str:
    """That address as a QR code, in SVG."""
    return str(get_adapter().build_totp_svg(address))


@sensitive_variables("secret", "code")
def add_app(*, user: User, secret: str, code: str, now: datetime, caller: Caller) -> bool:
    """Set the app up once it shows the right code; False where it does not."""
    step = _step_of(secret, code, now)
    if step is None:
        return False
    with transaction.atomic():
        Authenticator.objects.filter(user_id=user.pk, type=Kind.TOTP).delete()
        Authenticator.objects.create(
            user=user,
            type=Kind.TOTP,
            data={"secret": seal(secret, user.pk, keyring()), "step": step},
            created_at=now,
        )
        audit.record("totp-added", now=now, actor=user, subject=user, caller=caller)
        telling.tell(user=user, what="totp-added", now=now, url=SECURITY)
    return True


@sensitive_variables("code")
def takes_app_code(user: User, code: str, now: datetime) -> bool:
    """Whether the app shows this code now, and it was not used before. Counts it as used."""
    with transaction.atomic():
        rows = Authenticator.objects.select_for_update()
        row = rows.filter(user_id=user.pk, type=Kind.TOTP).first()
        if row is None:
            return False
        step = _step_of(unseal(row.data["secret"], user.pk, keyring()), code, now)
        if step is None or step <= row.data["step"]:
            return False
        row.data["step"], row.last_used_at = step, now
        row.save(update_fields=["data", "last_used_at"])
        return True


@sensitive_variables("code")
def takes_recovery_code(user: User, code: str, now: datetime) -> bool:
    """Whether this is one of the recovery codes, which is then gone."""
    with transaction.atomic(), secrets_of(user):
        # Two who use one code at once wait for each other here: it is good for one of them.
        rows = Authenticator.objects.select_for_update()
        row = rows.filter(user_id=user.pk, type=Kind.RECOVERY_CODES).first()
        if row is None or not RecoveryCodes(row).validate_code(code):
            return False
        Authenticator.objects.filter(pk=row.pk).update(last_used_at=now)
        return True


def make_codes(*, user: User, now: datetime, caller: Caller) -> list[str]:
    """New recovery codes, for once shown; the old ones are worth nothing any more."""
    with transaction.atomic(), secrets_of(user):
        Authenticator.objects.filter(user_id=user.pk, type=Kind.RECOVERY_CODES).delete()
        made = [_spaced(one) for one in RecoveryCodes.activate(user).generate_codes()]
        audit.record("recovery-codes-made", now=now, actor=user, subject=user, caller=caller)
        telling.tell(user=user, what="recovery-codes-made", now=now, url=SECURITY)
    return made


def remove_app(*, user: User, now: datetime, caller: Caller) -> bool:
    """Ask for no codes any more."""
    with transaction.atomic():
        gone, _each = Authenticator.objects.filter(user_id=user.pk, type=Kind.TOTP).delete()
        if gone:
            audit.record("totp-removed", now=now, actor=user, subject=user, caller=caller)
            telling.tell(user=user, what="totp-removed", now=now, url=SECURITY)
            drop_lone_codes(user)
    return bool(gone)


def drop_lone_codes(user: User) -> None:
    """Recovery codes recover a second step; without one they are only another way in."""
    if not is_on(user):
        Authenticator.objects.filter(user_id=user.pk, type=Kind.RECOVERY_CODES).delete()


def clear(*, user: User, by: User | None, now: datetime, caller: Caller = NOBODY) -> bool:
    """Take the second step away from somebody who lost it; whether there was one.

    For administrators (``by``) and operators (None); the person is told at the backup address.
    """
    with transaction.atomic():
        gone, _each = Authenticator.objects.filter(user_id=user.pk).delete()
        if gone:
            audit.record("second-step-cleared", now=now, actor=by, subject=user, caller=caller)
            telling.tell(
                user=user,
                what="second-step-cleared",
                now=now,
                who=by.email if by else "",
                url=SECURITY,
            )
    return bool(gone)


def reseal(ring: Keyring) -> tuple[int, int]:
    """Seal every secret here under the newest key: how many were moved, how many do not open."""
    moved = unreadable = 0
    for pk in list(Authenticator.objects.exclude(type=Kind.WEBAUTHN).values_list("pk", flat=True)):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            name = "secret" if row and row.type == Kind.TOTP else "seed"
            if row is None or row.data[name].startswith(f"{ring.newest}:"):
                continue
            try:
                secret = unseal(row.data[name], row.user_id, ring)
            except SealError:
                unreadable += 1
                continue
            row.data[name] = seal(secret, row.user_id, ring)
            row.save(update_fields=["data"])
            moved += 1
    return moved, unreadable


def keys_in_use() -> set[str]:
    """Ids of the keys that a secret here was sealed with."""
    rows = Authenticator.objects.exclude(type=Kind.WEBAUTHN).values_list("data", flat=True)
    sealed = (data.get("secret") or data["seed"] for data in rows)
    return {text.rpartition(":")[0] for text in sealed}


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """Which step of time the code belongs to, of those a clock may be at."""
    here = int(now.timestamp()) // STEP
    for step in range(here - DRIFT, here + DRIFT + 1):
        shown = totp.format_hotp_value(totp.hotp_value(secret, step))
        if compare_user_code(actual=code, expected=shown):
            return step
    return None


def _left(codes: Any) -> int:
    return int(app_settings.RECOVERY_CODE_COUNT) - int(codes.data["used_mask"]).bit_count()


def _spaced(code: str) -> str:
    return " ".join(code[at : at + 4] for at in range(0, len(code), 4))
