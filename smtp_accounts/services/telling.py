"""Telling people of an SMTP account that needs them, and of messages that came back."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from connectivity.services import notifications
from mailstore.models import Message
from smtp_accounts.models import OutboxMessage, OutboxRecipient, OutboxState, SmtpAccount
from smtp_accounts.refusals import Standing
from smtp_accounts.reported import cause_of

_NEEDS_YOU = frozenset({"tls-pin-changed", "clear-text-off"})


def key_of(account: SmtpAccount) -> str:
    """What the notifications about an account are found by."""
    return f"smtp:{account.pk}"


def failed(account: SmtpAccount, standing: Standing, *, now: datetime) -> None:
    """It did not take what it was to send. Call it in the transaction that says so."""
    needs_you = standing.is_paused or standing.cause in _NEEDS_YOU
    notifications.open_(
        user=account.user,
        key=key_of(account),
        kind="smtp-needs-you" if needs_you else "smtp-failing",
        label=account.email,
        url="",
        cause=standing.cause,
        params={"host": account.host, "port": account.port, "username": account.username},
        now=now,
    )


def works(account: SmtpAccount, *, now: datetime) -> None:
    """It sent something, or passed its test."""
    notifications.resolve(user=account.user, key=key_of(account), now=now)


def forget(account: SmtpAccount) -> None:
    """It is to be deleted."""
    notifications.drop(user=account.user, key=key_of(account))


def came_back(
    outbox: OutboxMessage,
    missed: OutboxRecipient,
    *,
    report: Message,
    reporter: str,
    now: datetime,
) -> None:
    """A message could not be delivered to somebody: one notification, however many they are.

    No mail is written about it, as the report itself is one.
    """
    notifications.open_(
        user=outbox.user,
        key=_key_of_message(outbox),
        kind="returned-message",
        label=(outbox.subject or missed.address)[:320],
        url=_where(outbox, report),
        cause=cause_of(missed) or "not-delivered",
        params={"host": reporter, "email": outbox.from_address},
        now=now,
        mail=False,
    )


def _where(outbox: OutboxMessage, report: Message) -> str:
    """Where there is something to see of it: its copy, its line in the outbox, or the report."""
    if outbox.sent_copy_id is None and outbox.state != OutboxState.SENT:
        return reverse("outbox")
    return reverse("mail-message", args=[outbox.sent_copy_id or report.pk])


def seen(outbox: OutboxMessage) -> None:
    """Its sender has looked at what became of it."""
    notifications.drop(user=outbox.user, key=_key_of_message(outbox))


def _key_of_message(outbox: OutboxMessage) -> str:
    return f"returned:{outbox.pk}"
