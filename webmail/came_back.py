"""What a message's page shows beyond its words: what became of it, and what is asked of its
reader."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from mailstore.models import Message
from smtp_accounts.services import receipts, reports
from webmail.letter import Letter


def context(user: User, message: Message, letter: Letter) -> dict[str, Any]:
    """For `_letter_notes.html`: one query for a message that is none of all this."""
    delivery = reports.status_of(message)
    request = receipts.request_of(user, message, letter.fields)
    return {
        "delivery": delivery,
        "reported": reports.about(message) if letter.is_report else None,
        "receipt": request if delivery is None else None,
    }


def looked_at(shown: dict[str, Any]) -> None:
    """The person has opened it: there is nothing more to tell them of it."""
    for outbox in (shown["reported"], shown["delivery"] and shown["delivery"].outbox):
        if outbox is not None:
            reports.seen(outbox)
