"""Telling the owner of an SMTP account that it needs them, or has not sent for long."""

from __future__ import annotations

from datetime import datetime

from connectivity.services import notifications
from smtp_accounts.models import SmtpAccount
from smtp_accounts.retry import AUTH_CAUSES

_NEEDS_YOU = AUTH_CAUSES | {"credential-unreadable", "tls-pin-changed", "clear-text-off"}


def key_of(account: SmtpAccount) -> str:
    """What the notifications about an account are found by."""
    return f"smtp:{account.pk}"


def failed(account: SmtpAccount, *, cause: str, now: datetime) -> None:
    """It did not take what it was to send. Call it in the transaction that says so."""
    notifications.open_(
        user=account.user,
        key=key_of(account),
        kind="smtp-needs-you" if cause in _NEEDS_YOU else "smtp-failing",
        label=account.email,
        url="",
        cause=cause,
        params={"host": account.host, "port": account.port, "username": account.username},
        now=now,
    )


def works(account: SmtpAccount, *, now: datetime) -> None:
    """It sent something, or passed its test."""
    notifications.resolve(user=account.user, key=key_of(account), now=now)


def forget(account: SmtpAccount) -> None:
    """It is to be deleted."""
    notifications.drop(user=account.user, key=key_of(account))
