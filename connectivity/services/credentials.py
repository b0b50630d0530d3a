"""The secrets of external accounts: stored sealed, opened only to sign in, re-sealed online."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, ForeignObjectRel, OuterRef, QuerySet
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts.models import User
from accounts.services import audit, second_factor
from connectivity.models import Credential, CredentialKind, OAuthClient, OAuthFlow, OAuthGrant
from lib.sealing import Keyring, Place, SealError, parse_keys

#: Rows with something sealed in them, in ``key_id`` and ``token``.
Sealed = Credential | OAuthClient | OAuthFlow
SEALED: tuple[type[Sealed], ...] = (Credential, OAuthClient, OAuthFlow)


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


def _place(row: Sealed) -> Place:
    # An OAuth client is nobody's: it belongs to the installation.
    owner = "" if isinstance(row, OAuthClient) else str(row.user_id)
    return Place(table=row._meta.db_table, pk=str(row.pk), field="token", owner=owner)


@sensitive_variables("secret")
def seal(row: Sealed, secret: str) -> None:
    """Put a secret into a row that has its primary key; the caller saves the row."""
    if row.pk is None:
        raise ValueError("a secret is sealed for the row it is in, so the row comes first")
    ring = keyring()
    row.key_id = ring.newest
    row.token = ring.seal(secret, _place(row))


def unseal(row: Sealed) -> str:
    """The secret of a row. Raises `CredentialError`."""
    try:
        return keyring().open(bytes(row.token), row.key_id, _place(row))
    except SealError as broken:
        raise CredentialError(f"{row!r}: {broken}") from None


@sensitive_variables("secret")
def store(*, user: User, secret: str, credential: Credential | None = None) -> Credential:
    """Seal the password ``secret`` and save it, into ``credential`` if given, as a password.

    Inside the caller's transaction. Raises `ValueError` if the credential is another user's.
    """
    if credential is None:
        credential = Credential(user=user)
    elif credential.user_id != user.pk:
        raise ValueError("this credential belongs to another user")
    elif credential.kind != CredentialKind.PASSWORD:
        OAuthGrant.objects.filter(credential=credential).delete()
        credential.kind = CredentialKind.PASSWORD
    seal(credential, secret)
    credential.changed_at = timezone.now()
    credential.save()
    audit.note("credential-saved", subject=user)
    return credential


def reveal(credential: Credential) -> str:
    """The secret itself. Raises `CredentialError`."""
    return unseal(credential)


def unused() -> QuerySet[Credential]:
    """Credentials that no account and no draft has any more, whatever room they are of."""
    rows = Credential.objects.all()
    for relation in Credential._meta.get_fields(include_hidden=True):
        if isinstance(relation, ForeignObjectRel) and relation.related_model is not OAuthGrant:
            holders = relation.related_model._base_manager.filter(
                **{relation.field.name: OuterRef("pk")}
            )
            rows = rows.filter(~Exists(holders))
    return rows


def release(credential: Credential) -> None:
    """Delete a credential if no account uses it any more. Inside the caller's transaction.

    A permission of a provider is left to `grants.sweep`, which first withdraws it there.
    """
    if credential.kind == CredentialKind.PASSWORD:
        gone, _ = unused().filter(pk=credential.pk).delete()
        if gone:
            audit.note("credential-removed", subject=credential.user)


def keys_in_use() -> set[str]:
    """Ids of the keys that something stored was sealed with."""
    rows = (each._base_manager.order_by().values_list("key_id", flat=True) for each in SEALED)
    return {key for found in rows for key in found.distinct() if key} | second_factor.keys_in_use()


def rotate(*, batch: int = 200) -> Rotation:
    """Re-seal everything under the newest key, ``batch`` rows to a transaction.

    Safe while the site runs, and to stop at any moment: each finished row carries the new key
    id, so the next call goes on with the rest.
    """
    ring = keyring()
    done = [_rotate(ring, model, batch) for model in SEALED]
    moved, unreadable = second_factor.reseal(ring)
    return Rotation(
        moved + sum(each.rotated for each in done),
        sum(each.changed for each in done),
        unreadable + sum(each.unreadable for each in done),
    )


def _rotate(ring: Keyring, model: type[Sealed], batch: int) -> Rotation:
    done = changed = unreadable = 0
    last = None
    manager: models.Manager[Sealed] = model._base_manager
    while True:
        rows = manager.exclude(key_id__in=("", ring.newest)).order_by("pk")
        if last is not None:
            rows = rows.filter(pk__gt=last)
        page = list(rows[:batch])
        if not page:
            return Rotation(done, changed, unreadable)
        with transaction.atomic():
            for row in page:
                try:
                    moved = _reseal(ring, row)
                except SealError:
                    unreadable += 1
                    continue
                done, changed = done + moved, changed + (not moved)
        last = page[-1].pk


@sensitive_variables("secret")
def _reseal(ring: Keyring, row: Sealed) -> bool:
    """Move one row to the newest key; False if somebody stored a new secret meanwhile."""
    old = bytes(row.token)
    secret = ring.open(old, row.key_id, _place(row))
    unchanged = type(row)._base_manager.filter(pk=str(row.pk), key_id=row.key_id, token=old)
    token = ring.seal(secret, _place(row))
    return bool(unchanged.update(key_id=ring.newest, token=token))
