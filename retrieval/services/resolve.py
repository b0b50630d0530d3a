"""Messages the server has one name for across its folders are fetched once (RFC 8474, X-GM-MSGID).

Another place of a message that is here is another entry of the same bytes. An id is believed only
where the size agrees, so that a server that repeats its ids loses nothing. Mail that was removed
here stays away: its row still names it, and no longer stands for a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from filtering.services import deliver
from mailstore.models import Folder, Message
from retrieval.batches import Open
from retrieval.models import RemoteMessage, RemoteState, RetrievalTask
from retrieval.plan import clamp_date
from retrieval.services import ledger
from retrieval.services.boxes import Job
from retrieval.services.session import Session

HERE = (RemoteState.STORED, RemoteState.LINKED)
# PostgreSQL proves for lists of up to a hundred that the index on ids holds them all.
CHUNK = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message with a server's id lies here; ``message_id`` None: it was removed here."""

    sha256: bytes | None
    ident: bytes | None
    message_id: int | None


Named = tuple[str, int | None]  # a server's id, and the size it goes with


def named(row: Open | ledger.New) -> Named | None:
    """What a message is known by across folders, where that is told."""
    return (row.server_id, row.size) if row.server_id and row.size is not None else None


def places(task: RetrievalTask, rows: Iterable[Open | ledger.New]) -> dict[Named, Place]:
    """What is known here of these messages, within one account; existing entries are preferred."""
    wanted = sorted({row.server_id for row in rows if row.server_id})
    found: dict[Named, Place] = {}
    for at in range(0, len(wanted), CHUNK):
        here = RemoteMessage.objects.filter(
            folder__task=task, server_id__in=wanted[at : at + CHUNK], state__in=HERE
        ).exclude(server_id="")
        columns = ("server_id", "size", "sha256", "ident", "message_id")
        for server_id, size, sha256, ident, message in here.order_by("pk").values_list(*columns):
            name = server_id, size
            if name not in found or found[name].message_id is None:
                found[name] = Place(
                    bytes(sha256) if sha256 else None, bytes(ident) if ident else None, message
                )
    return found


def placed_elsewhere(task: RetrievalTask, rows: list[ledger.New]) -> list[ledger.New]:
    """Rows of a folder that shows everything: what has its place already needs none there."""
    known = places(task, [row for row in rows if row.state == RemoteState.PENDING])
    return [_placed(row, known) for row in rows]


def _placed(row: ledger.New, known: Mapping[Named, Place]) -> ledger.New:
    place = known.get((row.server_id, row.size)) if row.state == RemoteState.PENDING else None
    if place is None or named(row) is None:
        return row
    return replace(
        row,
        state=RemoteState.LINKED,
        sha256=place.sha256,
        ident=place.ident,
        message_id=place.message_id,
    )


def link(session: Session, job: Job, rows: Sequence[Open]) -> list[Open]:
    """Settle what is here already, without fetching it; the rest is returned."""
    found = places(session.task, rows)
    known = {row.pk: found[name] for row in rows if (name := named(row)) and name in found}
    here = [row for row in rows if row.pk in known]
    if not here:
        return list(rows)
    try:
        session.settle(lambda: _settle(session, job, here, known), linked=len(here))
    except deliver.BytesGoneError:
        return list(rows)
    except Folder.DoesNotExist:
        # Deleted here meanwhile; it is made again.
        job.row.local = None
        session.settle(lambda: _settle(session, job, here, known), linked=len(here))
    settled = {row.pk for row in here}
    return [row for row in rows if row.pk not in settled]


def _settle(session: Session, job: Job, here: Sequence[Open], known: Mapping[int, Place]) -> None:
    entries = {} if job.is_all else _entries(session, job, here, known)
    ledger.settle([_verdict(row, known[row.pk], entries.get(row.pk)) for row in here])


def _entries(
    session: Session, job: Job, here: Sequence[Open], known: Mapping[int, Place]
) -> dict[int, Message]:
    """Another entry for each message that is still here, by ledger row."""
    ids = {row.pk: known[row.pk].message_id for row in here}
    messages = Message.objects.in_bulk([pk for pk in ids.values() if pk is not None])
    flags = ledger.flags_of(list(ids))
    found = [(row, messages[message]) for row in here if (message := ids[row.pk]) in messages]
    if not found:
        return {}
    folder, now = job.folder(session.task), session.clock()
    made = deliver.copy(
        [
            deliver.Known(
                message=message,
                folder=folder,
                internal_at=clamp_date(row.internal_at, now=now),
                flags=frozenset(flags[row.pk]),
                source=session.task.source,
                backfill=session.is_old(row.internal_at, first_pass=job.first_pass),
            )
            for row, message in found
        ]
    )
    return {row.pk: entry for (row, _), entry in zip(found, made, strict=True)}


def _verdict(row: Open, place: Place, entry: Message | None) -> ledger.Verdict:
    return ledger.Verdict(
        pk=row.pk,
        state=RemoteState.LINKED,
        size=row.size,
        sha256=place.sha256,
        ident=place.ident,
        message_id=entry.pk if entry is not None else place.message_id,
    )
