"""The secrets of external accounts: stored sealed, opened only to sign in, re-sealed online."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from connectivity.models import Credential
from connectivity.sealing import Keyring, Place, SealError, parse_keys


class CredentialError(Exception):
    """A stored secret does not open. The account must be paused; there is no fallback."""

    cause = "credential-unreadable"


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: rows re-sealed, rows changed meanwhile, rows that do not open."""

    rotated: int
    changed: int
    unreadable: int


def keyring() -> Keyring:
    """The keys of this installation."""
    return parse_keys(settings.CREDENTIAL_KEYS)


def _place(credential: Credential) -> Place:
    return Place(
        table=Credential._meta.db_table,
        pk=str(credential.pk),
        field="token",
        owner=str(credential.user_id),
    )


@sensitive_variables("secret")
def store(*, user: User, secret: str, credential: Credential | None = None) -> Credential:
    """Seal ``secret`` and save it, into ``credential`` if given. Inside the caller's transaction.

    Raises `ValueError` if the credential is another user's.
    """
    if credential is None:
        credential = Credential(user=user)
    elif credential.user_id != user.pk:
        raise ValueError("this credential belongs to another user")
    ring = keyring()
    credential.key_id = ring.newest
    credential.token = ring.seal(secret, _place(credential))
    credential.changed_at = timezone.now()
    credential.save()
    return credential


def reveal(credential: Credential) -> str:
    """The secret itself. Raises `CredentialError`."""
    try:
        return keyring().open(bytes(credential.token), credential.key_id, _place(credential))
    except SealError as broken:
        raise CredentialError(f"{credential}: {broken}") from None


def rotate(*, batch: int = 200) -> Rotation:
    """Re-seal every credential under the newest key, ``batch`` rows to a transaction.

    Safe while the site runs, and to stop at any moment: each finished row carries the new key
    id, so the next call goes on with the rest.
    """
    done = changed = unreadable = 0
    ring = keyring()
    last = None
    while True:
        rows = Credential.objects.exclude(key_id=ring.newest).order_by("pk")
        if last is not None:
            rows = rows.filter(pk__gt=last)
        page = list(rows[:batch])
        if not page:
            return Rotation(done, changed, unreadable)
        with transaction.atomic():
            for credential in page:
                try:
                    moved = _reseal(ring, credential)
                except SealError:
                    unreadable += 1
                    continue
                done, changed = done + moved, changed + (not moved)
        last = page[-1].pk


@sensitive_variables("secret")
def _reseal(ring: Keyring, credential: Credential) -> bool:
    """Move one row to the newest key; False if somebody stored a new secret meanwhile."""
    old = bytes(credential.token)
    secret = ring.open(old, credential.key_id, _place(credential))
    unchanged = Credential.objects.filter(pk=credential.pk, key_id=credential.key_id, token=old)
    token = ring.seal(secret, _place(credential))
    return bool(unchanged.update(key_id=ring.newest, token=token))
