"""When UIDs lose their meaning: a folder's ledger starts anew, and knows again what is here.

A message of the new generation is known by the server's own id for it, or by Message-ID, size and
date where these name one message only; of the rest the bytes tell. Nothing is believed twice: an
old row stands for one new message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from django.db.models import QuerySet

from protocols.imap import ImapSource, RemoteMeta, Survey
from retrieval import plan
from retrieval.models import RemoteFolder, RemoteFolderState, RemoteMessage, RemoteState
from retrieval.services import ledger, remote_folders, resolve
from retrieval.services.boxes import Job
from retrieval.services.session import Session

HERE = (RemoteState.STORED, RemoteState.LINKED)
UNSTABLE_PAUSE = timedelta(hours=1)
_TURNED = (
    "uidvalidity", "generation", "uidnext_scanned", "settled_uid", "turned_at", "state",
    "parked_until",
)  # fmt: skip
# Beyond this the bytes tell, so that memory stays flat.
MOST_KNOWN = 250_000


@dataclass(slots=True)
class Known:
    """What a folder's earlier generations know, by what names a message there."""

    by_key: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    doubtful: set[bytes] = field(default_factory=set)
    taken: dict[bytes, int] = field(default_factory=dict)


def lost_meaning(source: ImapSource, job: Job, *, depth: int) -> bool:
    """Whether a UID may stand for another message than before.

    A new UIDVALIDITY says so; one that is not told (0) says nothing. UIDNEXT never goes back
    either (RFC 3501 section 2.3.1.1): where it does, the server answers from an old copy, or it
    was restored from one and gives its numbers out again, which the messages tell apart.
    """
    status, row = job.status, job.row
    if status is None or row.uidvalidity is None:
        return True
    if status.uidvalidity not in (0, row.uidvalidity):
        return True
    if not 0 < status.uidnext < row.uidnext_scanned:
        return False
    first = max(1, status.uidnext - plan.WINDOW)
    told = _ask(source, job, first, status.uidnext - 1, depth=depth)
    return contradicts(ledger.of(row), told) or False


def turn(session: Session, job: Job) -> None:
    """Start the ledger of the folder anew; what is here already will only be linked.

    A folder whose numbers change again and again is looked into once an hour. Of a fresh one
    nothing is written yet: `note` does, with what is found in it.
    """
    row, status = job.row, job.status
    if status is None:
        return
    job.is_fresh = job.is_fresh or row.uidvalidity is None
    if row.uidvalidity is not None:
        row.generation += 1
        row.turned_at = plan.turns(row.turned_at, now=session.clock())
        if plan.is_restless(row.turned_at, now=session.clock()):
            row.state = RemoteFolderState.UNSTABLE
            row.parked_until = session.clock() + UNSTABLE_PAUSE
    row.uidvalidity = status.uidvalidity
    row.uidnext_scanned, row.settled_uid = 1, 0
    job.counted = 0
    if not job.is_fresh:
        session.settle(lambda: row.save(update_fields=_TURNED))


def note(jobs: Iterable[Job]) -> None:
    """Write what `turn` left for the transaction in which the ledger gets their first rows."""
    for job in jobs:
        if job.is_fresh:
            job.row.save(update_fields=_TURNED)
            job.is_fresh = False


def recognise(session: Session, source: ImapSource, job: Job, *, depth: int) -> None:
    """Go on with the ledger of a folder that only has a new name here.

    A name that is no longer listed, with the same UIDVALIDITY and the same messages under the
    same UIDs, was renamed; its mail is here.
    """
    status = job.status
    if status is None:
        return
    for lost in remote_folders.lost(session.task, status.uidvalidity):
        last = ledger.of(lost).order_by("-uid").values_list("uid", flat=True).first()
        if last is None or not 0 < last < (status.uidnext or last + 1):
            continue
        told = _ask(source, job, max(1, last - plan.WINDOW), last, depth=depth)
        if contradicts(ledger.of(lost), told) is False:
            session.settle(partial(remote_folders.rename, lost, job.row))
            job.row, job.first_pass, job.counted = lost, lost.server_count is None, 0
            return


def _ask(source: ImapSource, job: Job, lo: int, hi: int, *, depth: int) -> list[RemoteMeta]:
    survey = Survey(job.box.raw_name, lo, hi)
    return [meta for answer in source.survey([survey], depth=depth) for meta in answer.metas]


def contradicts(rows: QuerySet[RemoteMessage], told: Sequence[RemoteMeta]) -> bool | None:
    """Whether the server tells other things of known UIDs than before; None: it tells nothing."""
    known: dict[int, tuple[int | None, datetime | None]] = {
        uid: (size, date)
        for uid, size, date in rows.filter(uid__in=[meta.uid for meta in told]).values_list(
            "uid", "size", "internal_at"
        )
    }
    pairs = [(known[meta.uid], meta) for meta in told if meta.uid in known]
    if not pairs:
        return None
    return any(
        _differ(size, meta.size) or _differ(date, meta.internal_at) for (size, date), meta in pairs
    )


def _differ(known: object, told: object) -> bool:
    return known is not None and told is not None and known != told


# Knowing messages again


def matched(row: RemoteFolder, rows: list[ledger.New], known: Known | None) -> list[ledger.New]:
    """The rows, linked to what is here where a message is known again for certain."""
    if row.generation == 1 or row.state == RemoteFolderState.UNSTABLE:
        return rows
    found = _by_server_id(row, rows)
    if known is not None:
        found |= _by_key(known, [one for one in rows if one.uid not in found])
    old = _details(list(found.values()))
    return [_linked(one, old[found[one.uid]]) if one.uid in found else one for one in rows]


def _by_server_id(row: RemoteFolder, rows: Iterable[ledger.New]) -> dict[int, int]:
    """Old rows by new UID, for messages the server has one name for."""
    names: dict[resolve.Named, list[int]] = {}
    for one in rows:
        if one.state == RemoteState.PENDING and (name := resolve.named(one)) is not None:
            names.setdefault(name, []).append(one.uid)
    if not names:
        return {}
    old = RemoteMessage.objects.filter(
        folder=row,
        generation__lt=row.generation,
        server_id__in={server_id for server_id, _ in names},
        state__in=HERE,
    ).exclude(server_id="")
    found: dict[int, int] = {}
    newest: dict[resolve.Named, int] = {}
    columns = ("pk", "server_id", "size", "generation")
    for pk, server_id, size, generation in old.order_by("-generation", "uid").values_list(*columns):
        name = server_id, size
        # Of one generation only: each holds every message once.
        if newest.setdefault(name, generation) == generation and names.get(name):
            found[names[name].pop()] = pk
    return found


def load(row: RemoteFolder) -> Known | None:
    """What can be known again by Message-ID, size and date; None for nothing, or far too much.

    A folder whose numbers do not last is not believed so much: there the bytes tell.
    """
    if row.state == RemoteFolderState.UNSTABLE:
        return None
    rows = RemoteMessage.objects.filter(
        folder=row, generation__lt=row.generation, state__in=HERE, ident__isnull=False
    ).order_by("-generation")
    known = Known()
    columns = rows.values_list("pk", "generation", "ident", "size", "internal_at")
    for number, (pk, generation, ident, size, date) in enumerate(columns.iterator(2000)):
        if number >= MOST_KNOWN:
            return None
        key = _key(ident, size, date)
        if key is None:
            continue
        seen = known.by_key.get(key)
        if seen is None:
            known.by_key[key] = (generation, pk)
        elif seen[0] == generation:
            known.doubtful.add(key)
    linked = ledger.of(row).filter(state=RemoteState.LINKED, ident__isnull=False)
    for uid, ident, size, date in linked.values_list("uid", "ident", "size", "internal_at"):
        # From a scan that was cut short: what these stand for is taken.
        if (key := _key(ident, size, date)) is not None:
            known.taken[key] = uid
    return known if known.by_key else None


def _key(ident: bytes | memoryview | None, size: int | None, date: datetime | None) -> bytes | None:
    if ident is None or size is None or date is None:
        return None
    return (
        bytes(ident)
        + size.to_bytes(8, "big")
        + int(date.timestamp()).to_bytes(8, "big", signed=True)
    )


def _by_key(known: Known, rows: Sequence[ledger.New]) -> dict[int, int]:
    """Old rows by new UID, where a key names one message then and now."""
    keys = {
        row.uid: key
        for row in rows
        if row.state == RemoteState.PENDING
        and (key := _key(row.ident, row.size, row.internal_at)) is not None
    }
    told = Counter(keys.values())
    found: dict[int, int] = {}
    for uid, key in keys.items():
        if key not in known.by_key or key in known.doubtful:
            continue
        if told[key] > 1 or key in known.taken:
            known.doubtful.add(key)
            continue
        known.taken[key] = uid
        found[uid] = known.by_key[key][1]
    return found


def doubt(row: RemoteFolder, known: Known) -> None:
    """Let the bytes tell of messages that were linked by a key which names several."""
    uids = [uid for key, uid in known.taken.items() if key in known.doubtful]
    for at in range(0, len(uids), 500):
        ledger.of(row).filter(uid__in=uids[at : at + 500], state=RemoteState.LINKED).update(
            state=RemoteState.PENDING, sha256=None, message=None
        )


_Old = tuple[bytes | None, bytes | None, int | None]


def _details(pks: Sequence[int]) -> dict[int, _Old]:
    rows = RemoteMessage.objects.filter(pk__in=pks)
    return {
        pk: (bytes(sha256) if sha256 else None, bytes(ident) if ident else None, message)
        for pk, sha256, ident, message in rows.values_list("pk", "sha256", "ident", "message_id")
    }


def _linked(row: ledger.New, old: _Old) -> ledger.New:
    sha256, ident, message = old
    return replace(
        row, state=RemoteState.LINKED, sha256=sha256, ident=row.ident or ident, message_id=message
    )
