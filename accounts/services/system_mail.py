"""Mail the system writes itself, queued as rows; the room that sends takes it from there."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from accounts.models import Domain, SystemMessage, User


def queue(
    *,
    to: str,
    subject: str,
    body: str,
    now: datetime,
    user: User | None = None,
    domain: Domain | None = None,
    expires_at: datetime | None = None,
) -> SystemMessage:
    """Queue a plain text for an address elsewhere.

    ``domain`` decides whose sender it has (A208); without it the person's. The text may hold a
    link: it is emptied as soon as the message was handed over or given up, and given up at
    ``expires_at``, when the link has ended.
    """
    sender = domain or (user.domain if user else None)
    host = sender.name if sender else "localhost"
    return SystemMessage.objects.create(
        to=to,
        user=user,
        domain=sender,
        subject=" ".join(subject.split())[:200],
        body=body,
        message_id=f"<{uuid4()}@{host}>",
        made_at=now,
        next_at=now,
        expires_at=expires_at,
    )
