"""The copy in Sent, and the mark on the message that was answered: once each."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from filtering.services import deliver
from filtering.services.deliver import Incoming, Prepared
from mailstore.models import FolderRole
from mailstore.services import blobs, folders, messages
from protocols.body import Body
from smtp_accounts.models import DraftKind, OutboxMessage, OutboxState


def prepare_copy(message: OutboxMessage, body: Body, *, now: datetime) -> Prepared:
    """Make the copy ready; outside any transaction, as bytes are written."""
    folder = folders.special(message.user, FolderRole.SENT)
    source = message.account.source if message.account else None
    copy = Incoming(body, folder, internal_at=now, flags=frozenset({"\\Seen"}), source=source)
    return deliver.prepare([copy], now=now)


def file_copy(message: OutboxMessage, copy: Prepared, *, now: datetime) -> None:
    """File the copy and mark the original; inside the transaction that says it was sent.

    The time is set by a conditional update, so whoever comes second files nothing.
    """
    once = OutboxMessage.objects.filter(pk=message.pk, sent_copied_at=None)
    if not once.update(sent_copied_at=now):
        return
    filed = deliver.file(copy)
    OutboxMessage.objects.filter(pk=message.pk).update(sent_copy=filed[0])
    if message.original_id is None:
        return
    forward = message.kind == DraftKind.FORWARD
    messages.set_flags(
        message.user,
        [message.original_id],
        answered=None if forward else True,
        forwarded=True if forward else None,
    )


def make_up(*, now: datetime) -> int:
    """File the copies that could not be filed when their message went out; how many."""
    missing = OutboxMessage.objects.filter(state=OutboxState.SENT, sent_copied_at=None)
    rows = list(missing.select_related("user", "account__source", "blob__segment")[:20])
    for message in rows:
        copy = prepare_copy(message, blobs.body(message.blob), now=now)
        with transaction.atomic():
            file_copy(message, copy, now=now)
    return len(rows)
