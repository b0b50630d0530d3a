"""The copy in Sent, and the mark on the message that was answered: once each.

Some providers put a copy into their own Sent folder (`keeps_copy`), and other programs of the
same person do. When such a copy is retrieved, it takes the place of ours: it is the same message,
and the other mailbox knows it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from connectivity import providers
from filtering.arrivals import Arrived
from filtering.services import deliver
from filtering.services.deliver import Incoming, Prepared
from mailstore.models import Folder, FolderRole, Message, Reminder
from mailstore.services import blobs, folders, labels, locks, messages
from mailstore.services.blobs import BlobUnreadable
from protocols.body import Body
from protocols.imap import roles
from smtp_accounts.models import Draft, DraftKind, OutboxMessage, OutboxState, SmtpAccount
from smtp_accounts.services.following_up import follow_up

log = logging.getLogger(__name__)


def keeps_copy(account: SmtpAccount) -> bool:
    """Whether its provider is known to keep a copy of what goes through it."""
    provider = providers.by_host(account.host)
    return provider is not None and provider.sending.keeps_sent


def folder_of(message: OutboxMessage) -> Folder:
    """Where its copy belongs: the folder its identity has for that, else Sent."""
    return folders_of([message])[message.pk]


def folders_of(found: Sequence[OutboxMessage]) -> dict[int, Folder]:
    """The same for several messages, by their ids; each person's Sent is asked for once."""
    usual: dict[int, Folder] = {}
    places: dict[int, Folder] = {}
    for message in found:
        identity = message.identity
        chosen = identity.sent_folder if identity is not None else None
        if chosen is None:
            if message.user_id not in usual:
                usual[message.user_id] = folders.special(message.user, FolderRole.SENT)
            chosen = usual[message.user_id]
        places[message.pk] = chosen
    return places


def prepare_copy(
    message: OutboxMessage, body: Body, *, now: datetime, folder: Folder | None = None
) -> Prepared:
    """Make the copy ready, outside any transaction. Its bytes are those that were sent."""
    source = message.account.source if message.account else None
    flags, place = frozenset({"\\Seen"}), folder or folder_of(message)
    copy = Incoming(body, place, internal_at=now, flags=flags, source=source)
    return deliver.prepare_stored([copy], now=now)


def file_copy(message: OutboxMessage, copy: Prepared, *, now: datetime) -> None:
    """File the copy and mark the original; inside the transaction that says it was sent.

    The time is set by a conditional update, so whoever comes second files nothing.
    """
    # Before the outbox row, as everybody does who changes both.
    locks.hold(message.user_id)
    once = OutboxMessage.objects.filter(pk=message.pk, sent_copied_at=None)
    if not once.update(sent_copied_at=now):
        return
    message.sent_copied_at = now
    OutboxMessage.objects.filter(pk=message.pk).update(sent_copy=enter(message, copy, now))


def enter(message: OutboxMessage, copy: Prepared, now: datetime) -> Message:
    """Enter the copy and mark the original; the caller sees to it that it is done once.

    Raises Folder.DoesNotExist where its folder was removed meanwhile; nothing is changed then.
    """
    kept = _twin(message) or deliver.file(copy)[0]
    _mark_original(message)
    follow_up(message, kept, now)
    return kept


def _mark_original(message: OutboxMessage) -> None:
    if message.original_id is None:
        return
    forward = message.kind == DraftKind.FORWARD
    messages.set_flags(
        message.user,
        [message.original_id],
        answered=None if forward else True,
        forwarded=True if forward else None,
    )


def _twin(message: OutboxMessage) -> Message | None:
    """The provider's copy, where it was retrieved before the sending was written down."""
    source = message.account.source_id if message.account else None
    if source is None:
        return None
    locks.hold(message.user_id)
    same = Message.objects.filter(
        user=message.user_id, message_id=message.message_id, source=source
    ).select_related("folder")
    return next((one for one in same if _is_for_sent(one.folder)), None)


def _is_for_sent(folder: Folder) -> bool:
    """Whether this is Sent, or a folder that a mailbox elsewhere keeps its sent mail in."""
    if folder.role:
        return folder.role == FolderRole.SENT
    return folder.source_id is not None and roles.of_name(folder.name) == "sent"


def filed(arrived: Sequence[Arrived]) -> None:
    """Let retrieved copies of what was sent from here take the place of our own.

    A message to oneself arrives in the Inbox, and is no copy.
    """
    copies: dict[int, dict[str, Message]] = defaultdict(dict)
    for one in arrived:
        row = one.message
        if row.source_id is not None and row.message_id and _is_for_sent(row.folder):
            copies[row.user_id][row.message_id] = row
    for user_id, found in copies.items():
        sent = OutboxMessage.objects.filter(
            user=user_id, message_id__in=found, sent_copy__isnull=False
        ).select_related("user", "sent_copy__folder")
        for message in sent:
            _replace(message.user, message, found[message.message_id])


def _replace(user: User, message: OutboxMessage, twin: Message) -> None:
    ours = message.sent_copy
    if ours is None or ours.pk == twin.pk or ours.source_id != twin.source_id:
        return
    if ours.blob_id != message.blob_id:
        return  # it took our place already: whoever keeps two copies has two
    if not _is_for_sent(ours.folder) and ours.folder_id != twin.folder_id:
        return  # its owner has put it somewhere
    messages.set_flags(
        user,
        [twin.pk],
        seen=True,
        flagged=ours.is_flagged or None,
        answered=ours.is_answered or None,
        forwarded=ours.is_forwarded or None,
    )
    for keyword in ours.keywords:
        messages.add_keyword(user, twin, keyword)
    for label in labels.of(user, [ours.pk]).get(ours.pk, ()):
        labels.put(user, label, [twin.pk])
    Reminder.objects.filter(message=ours).update(message=twin)
    OutboxMessage.objects.filter(sent_copy=ours).update(sent_copy=twin)
    OutboxMessage.objects.filter(original=ours).update(original=twin)
    Draft.objects.filter(original=ours).update(original=twin)
    messages.remove(user, [ours.pk])


def make_up(*, now: datetime) -> int:
    """File the copies that could not be filed when their message went out; how many."""
    missing = OutboxMessage.objects.filter(state=OutboxState.SENT, sent_copied_at=None)
    related = ("user", "account__source", "identity__sent_folder", "blob__segment")
    rows = list(missing.select_related(*related)[:20])
    for message in rows:
        try:
            copy = prepare_copy(message, blobs.body(message.blob), now=now)
            with transaction.atomic():
                file_copy(message, copy, now=now)
        except BlobUnreadable:
            log.exception("outbox %s: no copy in Sent can be made any more", message.pk)
            missing.filter(pk=message.pk).update(sent_copied_at=now)
        except Exception:  # one that cannot be filed keeps nothing else from being done
            log.exception("outbox %s: the copy in Sent has to wait longer", message.pk)
    return len(rows)
