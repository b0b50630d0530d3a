"""Messages that the product writes for a person, put into the outbox without a draft."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from mailstore.models import Blob
from smtp_accounts.models import OutboxMessage, OutboxRecipient
from smtp_accounts.services.identities import SendFrom


def enter(
    user: User,
    sender: SendFrom,
    to: str,
    *,
    blob: Blob,
    message_id: str,
    subject: str,
    now: datetime,
    **more: Any,
) -> OutboxMessage:
    """Put a message with these bytes into the outbox, inside the caller's transaction.

    ``more`` are further fields of the row. The caller nudges the worker after the commit.
    """
    fields = {"from_address": sender.address, "not_before": now, "due_since": now, **more}
    row = OutboxMessage.objects.create(
        user=user,
        account=sender.account,
        is_local_from=sender.account is None,
        identity=sender.identity,
        blob=blob,
        message_id=message_id,
        subject=subject,
        created_at=now,
        **fields,
    )
    OutboxRecipient.objects.create(outbox=row, address=to)
    return row
