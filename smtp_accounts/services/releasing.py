"""The Date of what was written to be sent later: that of the moment it is released.

The date of a message is when it was put on its way (RFC 5322 section 3.6.1), and that is decided
here, before the first attempt. Everything else stays as it was frozen, the Message-ID too.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from lib.checkpoints import checkpoint
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts import dating
from smtp_accounts.models import OutboxMessage
from smtp_accounts.services import queue


def release(message: OutboxMessage, *, now: datetime) -> None:
    """Give a scheduled message that was begun the Date of now. Does nothing the second time.

    The row names the new bytes and says that it is scheduled no more in one statement: until
    then nothing has left, and afterwards no retry writes another Date.

    Raises `LostClaimError`, `BlobUnreadable`, and OSError where the disk is full; then all is as
    before.
    """
    if not message.is_scheduled:
        return
    date = now.astimezone(dating.zone(message.user.time_zone))
    body = Body.gather(dating.redated(blobs.stream(message.blob), date))
    batch = blobs.write([body])
    body.close()
    checkpoint("outbox: date stored")
    with transaction.atomic():
        [blob] = blobs.adopt(batch)
        if not queue.hold(message).update(blob=blob, is_scheduled=False):
            raise queue.LostClaimError
    message.blob, message.is_scheduled = blob, False
    checkpoint("outbox: released")
