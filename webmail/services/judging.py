"""Finding out who really sent a message, when it is first looked at; see `mailstore.verdict`.

Nothing waits for it: the page asks after the message is shown. DNS is asked by few requests at
once and within one deadline; what is not answered is said to be unknown and asked another time.
What was found stays, because senders take their keys away after a while.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from accounts.models import User
from filtering.services.asking import Asking
from mailstore import finding, verdict
from mailstore.auth_results import Results
from mailstore.finding import Receiver
from mailstore.models import Message, Verdict
from mailstore.services import blobs
from mailstore.verdict import Findings
from smtp_accounts.models import OutboxMessage
from smtp_accounts.services import results

SECONDS: Final = 4.0
"""For all questions about one message."""
#: Requests that wait for DNS at once. There are eight threads for all pages.
AT_ONCE: Final = 2
AGAIN: Final = timedelta(minutes=10)
_turns = threading.BoundedSemaphore(AT_ONCE)


class Busy(Exception):
    """Too many ask at the moment."""


def found(message: Message, *, now: datetime) -> Findings:
    """What is known of the sender; found out now where it is not. Raises `Busy`, BlobUnreadable."""
    row = Verdict.objects.filter(message=message).first()
    if row is not None:
        kept = Findings.of_row(row.found)
        if kept.state != verdict.WAITS or row.checked_at > now - AGAIN:
            return kept
    if not _turns.acquire(blocking=False):
        raise Busy
    try:
        made = _find(message)
    finally:
        _turns.release()
    _keep(message, made, now)
    return made


def is_from_here(message: Message) -> bool:
    """Whether somebody here sent it and it was delivered without leaving: what comes from another
    server has a source, whatever it says of itself."""
    if message.source_id is not None or not message.message_id:
        return False
    sender = User.objects.filter(email__iexact=message.from_address).values("pk")
    sent = OutboxMessage.objects.filter(user__in=sender, message_id=message.message_id)
    return sent.exists()


def _keep(message: Message, made: Findings, now: datetime) -> None:
    try:
        with transaction.atomic():
            values = {"found": made.as_row, "checked_at": now}
            Verdict.objects.update_or_create(message=message, defaults=values)
    except IntegrityError:
        # The message is gone, or somebody else found the same out at the same time.
        return


def _find(message: Message) -> Findings:
    def is_from_receiver(said: Results) -> bool:
        return results.is_trusted(said, message)

    address = message.source.address if message.source else ""
    receiver = Receiver(is_from_receiver, address.rpartition("@")[2])
    raw = blobs.read(message.blob)
    return finding.find(raw, Asking(SECONDS), receiver, received=message.sort_at)
