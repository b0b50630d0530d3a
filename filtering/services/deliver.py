"""The one way in: every incoming message, whoever brings it, is filed through here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from django.db import transaction

from filtering import arrivals
from filtering.screen import Screen
from filtering.services import decided, screening
from filtering.services.decided import Decided
from filtering.services.screening import Arriving
from mailstore import mime
from mailstore.mime import Summary
from mailstore.models import Folder, Message, Source
from mailstore.services import blobs, messages
from mailstore.services.blobs import StoredBatch
from mailstore.services.messages import NewMessage
from protocols.body import Body

# Of a large message only the beginning is read here; the rest is attachments.
HEAD = 1 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)


@dataclass(frozen=True)
class Incoming:
    r"""A message to deliver.

    `folder` belongs to the receiver; `internal_at` is when the other server received it; `flags`
    are IMAP flags such as "\\Seen"; `screen` says how far it is screened; `backfill` is old mail
    that nobody is to be told of, and that is never screened; `host` is the server it was fetched
    from, whose word about senders is believed.
    """

    body: Body
    folder: Folder
    internal_at: datetime | None = None
    flags: frozenset[str] = frozenset()
    source: Source | None = None
    screen: Screen = Screen.NOTHING
    backfill: bool = False
    host: str = ""


@dataclass(frozen=True)
class Known:
    """A stored message that is to have another entry.

    `folder` belongs to whom `message` belongs to; `internal_at` is when the other server received
    this entry, None: as the stored one; the rest as in `Incoming`.
    """

    message: Message
    folder: Folder
    internal_at: datetime | None = None
    flags: frozenset[str] = frozenset()
    source: Source | None = None
    backfill: bool = False


class BytesGoneError(Exception):
    """The bytes of a message that was known are not stored any more; it has to be fetched."""


@dataclass(frozen=True)
class Prepared:
    """Messages whose bytes are durable and whose places are known.

    ``asked`` are the folders they were to go to, ``decided`` what screening made of that. With
    ``is_ours`` they were written here and did not arrive, so nobody is told of them.
    """

    batch: StoredBatch
    new: tuple[NewMessage, ...]
    at: datetime
    asked: tuple[Folder, ...] = ()
    decided: tuple[Decided, ...] = ()
    is_ours: bool = False


def prepare(incoming: Sequence[Incoming], *, now: datetime) -> Prepared:
    """Make the bytes durable and decide the places. Call it outside any transaction.

    Raises OSError when the disk refuses; then nothing is stored.
    """
    with blobs.writing([one.body for one in incoming]) as durable:
        # The disk syncs while the messages are looked into.
        new = [_new(one, now) for one in incoming]
        found = screening.screen(
            [_arriving(one, its) for one, its in zip(incoming, new, strict=True)], now=now
        )
        placed = tuple(
            replace(one, folder=its.folder, flags=one.flags | its.flags)
            for one, its in zip(new, found, strict=True)
        )
        asked = tuple(one.folder for one in incoming)
        return Prepared(durable.result(), placed, now, asked, tuple(found))


def prepare_stored(incoming: Sequence[Incoming], *, now: datetime) -> Prepared:
    """The same for what was written here; its bytes are stored, and will be until it is filed."""
    new = tuple(_new(one, now) for one in incoming)
    batch = StoredBatch((), tuple(one.sha256 for one in new), frozenset())
    return Prepared(batch, new, now, is_ours=True)


def _new(one: Incoming, now: datetime) -> NewMessage:
    said = mime.summary(_head(one.body))
    return NewMessage(
        user_id=one.folder.user_id,
        folder=one.folder,
        sha256=one.body.sha256,
        size=one.body.size,
        sort_at=arrival(one.internal_at, said, now),
        summary=said,
        flags=one.flags,
        source=one.source,
        backfill=one.backfill,
    )


def _arriving(one: Incoming, new: NewMessage) -> Arriving:
    return Arriving(
        user_id=new.user_id,
        folder=one.folder,
        said=new.summary,
        read=partial(_head, one.body),
        sha256=new.sha256,
        size=new.size,
        arrived_at=new.sort_at,
        source=one.source,
        screen=Screen.NOTHING if one.backfill else one.screen,
        pieces=one.body.chunks,
        host=one.host,
    )


def _head(body: Body) -> bytes:
    return body.read() if body.size <= HEAD else next(body.chunks(HEAD))


def arrival(internal_at: datetime | None, said: Summary, now: datetime) -> datetime:
    """When a message arrived: as its server says, else its Received, else its Date, else now.

    Never before 1970 and never more than a day ahead, so that no message sticks to the top.
    """
    best = internal_at or said.received_at or said.sent_at or now
    if best.tzinfo is None:
        best = best.replace(tzinfo=UTC)
    return min(max(best, _EPOCH), now + _AHEAD)


def file(prepared: Prepared) -> list[Message]:
    """Enter prepared messages into their folders, one row each, in order.

    Runs inside the caller's transaction, which also holds what the caller must not lose.
    """
    if prepared.is_ours:
        return messages.file(prepared.new, blobs.adopt_ids(prepared.batch))
    new = decided.still_there(prepared.new, prepared.asked, prepared.decided)
    rows = messages.file(new, blobs.adopt_ids(prepared.batch))
    decided.carry_out(rows, prepared.decided, now=prepared.at)
    arrivals.tell(rows, new)
    return rows


def deliver(incoming: Sequence[Incoming], *, now: datetime) -> list[Message]:
    """Prepare and file in one go, for callers that have nothing of their own to commit."""
    prepared = prepare(incoming, now=now)
    with transaction.atomic():
        return file(prepared)


def copy(known: Sequence[Known]) -> list[Message]:
    """Enter messages that are stored already into more folders, one new row each, in order.

    Nothing is downloaded, written or parsed; both rows share their bytes. Runs inside the caller's
    transaction. Raises BytesGoneError where a message was removed so long ago that its bytes went
    too, ValueError where it is somebody else's, Folder.DoesNotExist; then nothing was entered.
    """
    if any(one.folder.user_id != one.message.user_id for one in known):
        raise ValueError("the folder belongs to someone else")
    stored = blobs.held(one.message.blob_id for one in known)
    if any(one.message.blob_id not in stored for one in known):
        raise BytesGoneError
    return messages.enter([_again(one) for one in known])


def _again(one: Known) -> Message:
    return messages.again(
        one.message,
        folder=one.folder,
        sort_at=max(one.internal_at or one.message.sort_at, _EPOCH),
        flags=one.flags,
        source=one.source,
        backfill=one.backfill,
    )
