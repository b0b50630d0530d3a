"""Making what a row says of its message again, after the reading of messages got better."""

from dataclasses import dataclass

from django.db import transaction

from mailstore import mime
from mailstore.models import Message
from mailstore.services import blobs, locks
from mailstore.services.blobs import BlobUnreadable

BATCH = 200
DERIVED = (
    "message_id",
    "in_reply_to",
    "references",
    "from_name",
    "from_address",
    "to_text",
    "subject",
    "snippet",
    "sent_at",
    "has_attachments",
)
_NAMING = ("message_id", "in_reply_to", "references")


@dataclass(slots=True)
class Derived:
    """How many rows were made again, and how many had no readable bytes."""

    done: int = 0
    unreadable: int = 0


def derive_all() -> Derived:
    """Every message's derived fields from its blob. Flags, place and arrival stay."""
    result, last = Derived(), 0
    while batch := list(
        Message.objects.filter(pk__gt=last).select_related("blob__segment").order_by("pk")[:BATCH]
    ):
        last = batch[-1].pk
        fresh = [message for message in batch if _derive(message)]
        with transaction.atomic():
            locks.hold(*(message.user_id for message in fresh))
            Message.objects.bulk_update(fresh, [*DERIVED, "thread"])
        result.done += len(fresh)
        result.unreadable += len(batch) - len(fresh)
    return result


def _derive(message: Message) -> bool:
    try:
        said = mime.summary(blobs.read(message.blob))
    except BlobUnreadable:
        return False
    if any(getattr(message, name) != getattr(said, name) for name in _NAMING):
        # It may belong to another conversation; a worker finds out.
        message.thread_id = None
    for name in DERIVED:
        setattr(message, name, getattr(said, name))
    return True
