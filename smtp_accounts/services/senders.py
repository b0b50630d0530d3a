"""The addresses of an account: asked for at its server, kept, changed, removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from mailstore.models import Folder
from smtp_accounts.models import Accepts, Identity, Purpose, Signature, SmtpAccount
from smtp_accounts.services import accounts, identities, leaning
from smtp_accounts.services.accounts import AccountValues, Outcome
from smtp_accounts.services.leaning import ReplacementNeededError

_OF_ACCOUNT = (
    "display_name", "host", "port", "encryption", "email", "use_authentication", "username",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class IdentityValues:
    """What the dialog of an address asks for. ``color`` None is its account's."""

    address: str
    display_name: str = ""
    description: str = ""
    color: int | None = None
    purpose: str = Purpose.ANY
    reply_to: str = ""
    accepts: str = Accepts.PLUS
    signature: Signature | None = None
    is_unsigned: bool = False
    sent_folder: Folder | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """How saving ended. ``outcome`` is None where no server had to be asked."""

    outcome: Outcome | None
    identity: Identity | None = None


class AddressTakenError(Exception):
    """The account has this address already."""


class OwnAddressError(Exception):
    """The address an account was made with, or one's own here, goes only with its account."""


def is_own(identity: Identity) -> bool:
    """Whether this is an account's own identity, or the person's address here."""
    account = identity.account
    return account is None or identities.primary_of(account) == identity


def check(*, account: SmtpAccount, address: str, now: datetime) -> Outcome:
    """Ask an account's server whether it takes mail from ``address``, as a test does (A29).

    It is the stored account that is tried; nothing is stored.
    """
    known: dict[str, Any] = {name: getattr(account, name) for name in _OF_ACCOUNT}
    values = AccountValues(**{**known, "email": address})
    return accounts.check(user=account.user, values=values, now=now, account=account)


def save(
    *,
    user: User,
    values: IdentityValues,
    now: datetime,
    account: SmtpAccount | None = None,
    identity: Identity | None = None,
) -> Kept:
    """Store an address of ``account``, or change ``identity``; a new address is asked for first.

    Raises `AddressTakenError`. Name and address of an account's own identity are the account's
    and stay as they are.
    """
    through = identity.account if identity is not None else account
    own = identity is not None and is_own(identity)
    row = identity or Identity(user=user, account=through)
    is_new = not own and values.address != row.address
    if is_new and Identity.objects.filter(account=through, address=values.address).exists():
        raise AddressTakenError
    outcome: Outcome | None = None
    if is_new and through is not None:
        outcome = check(account=through, address=values.address, now=now)
        if not outcome.ok:
            return Kept(outcome)
    for name, value in _fields(values, own=own).items():
        setattr(row, name, value)
    try:
        with transaction.atomic():
            row.save()
            identities.touch(user, now)
    except IntegrityError:
        # Another tab was faster.
        raise AddressTakenError from None
    return Kept(outcome, row)


def remove(*, identity: Identity, now: datetime, replacement: Identity | None = None) -> None:
    """Remove an address of an account; ``replacement`` takes its place.

    Raises `OwnAddressError`, and `ReplacementNeededError` while drafts, waiting mail or Default
    From lean on it and nothing is named: a sender is never swapped without the user's word.
    """
    if is_own(identity):
        raise OwnAddressError
    user = identity.user
    if replacement is None and leaning.dependents([identity]).any:
        raise ReplacementNeededError
    with transaction.atomic():
        leaning.hand_over(user, [identity], replacement or identities.local_of(user))
        identity.delete()
        identities.touch(user, now)


def _fields(values: IdentityValues, *, own: bool) -> Mapping[str, object]:
    chosen: dict[str, object] = {
        "description": values.description,
        "color": values.color,
        "purpose": values.purpose,
        "reply_to": values.reply_to,
        "accepts": values.accepts,
        "signature": values.signature,
        "is_unsigned": values.is_unsigned,
        "sent_folder": values.sent_folder,
    }
    if not own:
        chosen |= {"address": values.address, "display_name": values.display_name}
    return chosen
