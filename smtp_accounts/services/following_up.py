"""What a writer asked for when sending: to hear of it where nobody answers."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from mailstore.models import Message
from mailstore.services import reminding
from smtp_accounts import dating
from smtp_accounts.models import OutboxMessage

#: Days that are offered.
DAYS: Final = (3, 7, 14)
MORNING: Final = time(8, 0)


def follow_up(message: OutboxMessage, copy: Message, now: datetime) -> None:
    """Have the writer reminded of the copy in Sent, in the morning where they live.

    Inside the transaction that enters the copy, before the outbox row is changed.
    """
    if not message.remind_after:
        return
    local = now.astimezone(dating.zone(message.user.time_zone))
    day = local.date() + timedelta(days=message.remind_after)
    at = datetime.combine(day, MORNING, tzinfo=local.tzinfo)
    reminding.remind(message.user, [copy.pk], at, only_unanswered=True, now=now)
