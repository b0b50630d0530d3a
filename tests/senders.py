"""What stands in Send From: the keys a browser posts, and identities to write from."""

from __future__ import annotations

from accounts.models import User
from smtp_accounts.models import Identity, SmtpAccount
from smtp_accounts.services import identities


def identity_of(user: User, account: SmtpAccount | None) -> Identity:
    """The identity of an account, or the user's local one."""
    return identities.primary_of(account) if account else identities.local_of(user)


def key_of(account: SmtpAccount) -> str:
    """The key of an account's own identity."""
    return str(identities.primary_of(account).pk)


def local_key(user: User) -> str:
    """The key of the user's own address here."""
    return str(identities.local_of(user).pk)
