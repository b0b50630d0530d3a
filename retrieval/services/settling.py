"""Verdicts on what was asked for: stored, linked, withheld, gone, failed for good."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import DataError
from django.db.models import F, Q
from django.utils.translation import gettext_noop

from filtering.screen import Screen
from mailstore.models import Folder, Message
from mailstore.services import messages as mail
from protocols.imap import FetchedMessage
from retrieval import batches, plan
from retrieval.batches import Open
from retrieval.models import RemoteMessage, RemoteState
from retrieval.services import ledger
from retrieval.services.boxes import Job
from retrieval.services.session import Fetched, Session

_WITHHELD = gettext_noop("The server listed this message but sent no content.")
_ABSENT = gettext_noop("The server sent no content and does not list this message any more.")
_REFUSED = gettext_noop("The server would not hand out this message.")
_DEADLY = gettext_noop("Fetching this message ended the program that fetches, three times.")
_STAND_IN = gettext_noop("The server sent a note in place of this message.")
_UNSTORABLE = gettext_noop("This message could not be stored here.")
# What a message may trip that nobody foresaw; what a disk or a connection does is not among it.
FAULTS = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, DataError)
log = logging.getLogger(__name__)
# Servers that convert mail as it is read list a guess; what is further off is worth a line.
SIZE_IS_ODD = 0.2
# What Exchange sends where it cannot read a message of its own.
STAND_IN = b"The server couldn't retrieve the following message"
STAND_IN_SIZE = 16_384
AGAIN = timedelta(hours=24)

_EARLIER = ("sha256", "folder_id", "generation", "message_id", "ident")
Bytes = bytes | memoryview  # as databases hand them out
Earlier = tuple[int | None, bytes | None]  # message and ident of a row that stands for the same


@dataclass(frozen=True, slots=True)
class Part:
    """What came of one folder: messages, and the open ledger rows they were asked for by."""

    job: Job
    messages: list[FetchedMessage]
    rows: Mapping[int, Open]

    @property
    def is_new(self) -> bool:
        """Whether nothing of it can be here already, so that it is not looked for."""
        if self.job.row.generation > 1 or self.job.is_all:
            return False
        return all(self.rows[one.uid].sha256 is None for one in self.messages)


def store(session: Session, parts: Sequence[Part]) -> None:
    """Store what came, in one transaction where that goes well.

    What was already brought here under another UID is only linked.
    """
    if len(parts) > 1 and all(part.is_new for part in parts):
        try:
            _store(session, parts)
        except (Folder.DoesNotExist, *FAULTS):
            # Nothing of it is stored. One by one shows which of them it is about.
            log.info("task %s: batches are stored one by one", session.task.pk, exc_info=True)
        else:
            return
    for part in parts:
        _store_one(session, part)


def _store_one(session: Session, part: Part) -> None:
    job, batch, rows = part.job, part.messages, part.rows
    batch = _without_repeated(session, batch, rows)
    earlier = _earlier(session, job, batch)
    linked = [_linked(rows[one.uid], one, earlier[one.uid]) for one in batch if one.uid in earlier]
    if linked:
        size = sum(one.body.size for one in batch if one.uid in earlier)

        def link() -> None:
            ledger.settle(linked)
            session.spend(size)

        session.settle(link, linked=len(linked), bytes=size)
    fresh = [one for one in batch if one.uid not in earlier] if earlier else batch
    if not fresh:
        return
    rest = Part(job, fresh, rows)
    try:
        _store(session, [rest])
    except Folder.DoesNotExist:
        # Deleted here while the batch was on its way; it is made again.
        job.row.local = None
        _store(session, [rest])
    except FAULTS as fault:
        _store_singly(session, rest, fault)


def _store_singly(session: Session, part: Part, fault: Exception) -> None:
    """Store what can be stored of a batch in which some message trips us.

    Raises:
        Exception: ``fault``, where nothing can: it is not about messages.
    """
    failed: list[tuple[Open, str]] = []
    for one in part.messages:
        try:
            _store(session, [replace(part, messages=[one])])
        except FAULTS:
            log.exception("task %s: a message cannot be stored", session.task.pk)
            failed.append((part.rows[one.uid], _UNSTORABLE))
    if len(failed) == len(part.messages):
        raise fault
    fail(session, failed)


def _store(session: Session, parts: Sequence[Part]) -> None:
    came = [(part, part.rows[one.uid], one) for part in parts for one in part.messages]

    def settle(messages: list[Message]) -> None:
        ledger.settle(
            [
                _stored(session, row, one, message)
                for (_, row, one), message in zip(came, messages, strict=True)
            ]
        )

    session.store([_fetched(session, *each) for each in came], settle=settle)


def _fetched(session: Session, part: Part, row: Open, one: FetchedMessage) -> Fetched:
    job, internal_at = part.job, one.internal_at or row.internal_at
    return Fetched(
        body=one.body,
        folder=job.folder(session.task),
        internal_at=internal_at,
        flags=frozenset(plan.kept_flags(one.flags)),
        backfill=session.is_old(internal_at, first_pass=job.first_pass),
        screen=Screen.when(session.task.filter_enabled and job.box.role == "inbox"),
    )


def _stored(session: Session, row: Open, one: FetchedMessage, message: Message) -> ledger.Verdict:
    if row.sha256 is not None:
        # It came at last, so the note in its place goes.
        _remove_stand_in(session, row)
    if row.size and abs(one.body.size - row.size) > row.size * SIZE_IS_ODD:
        log.info("task %s: a message differs much from its listed size", session.task.pk)
    verdict = ledger.Verdict(
        pk=row.pk,
        state=RemoteState.STORED,
        # What the server told stays: its UIDs are known by it.
        size=one.body.size if row.size is None else row.size,
        sha256=one.body.sha256,
        ident=plan.ident(message.message_id) if message.message_id else None,
        message_id=message.pk,
    )
    if one.body.size < STAND_IN_SIZE and STAND_IN in one.body.read():
        verdict = _waiting_behind(verdict, row, session)
    return verdict


def _linked(row: Open, one: FetchedMessage, earlier: Earlier) -> ledger.Verdict:
    message_id, ident = earlier
    return ledger.Verdict(
        pk=row.pk,
        state=RemoteState.LINKED,
        size=one.body.size if row.size is None else row.size,
        sha256=one.body.sha256,
        ident=ident,
        message_id=message_id,
    )


# Notes in place of messages


def _waiting_behind(verdict: ledger.Verdict, row: Open, session: Session) -> ledger.Verdict:
    """The note is shown; the message itself is asked for again, as long as there is hope."""
    attempts = row.attempts + 1
    if attempts >= batches.MAX_ATTEMPTS:
        return replace(verdict, attempts=attempts, error=_STAND_IN)
    return replace(
        verdict,
        state=RemoteState.PENDING,
        attempts=attempts,
        next_try_at=session.clock() + AGAIN,
        error=_STAND_IN,
    )


def _without_repeated(
    session: Session, batch: list[FetchedMessage], rows: Mapping[int, Open]
) -> list[FetchedMessage]:
    """What did not come in these very bytes before: a note that came again is here."""
    again = [one for one in batch if rows[one.uid].sha256 == one.body.sha256]
    if not again:
        return batch
    pks = {rows[one.uid].pk: one for one in again}
    known = RemoteMessage.objects.filter(pk__in=pks).values_list("pk", "message_id", "ident")
    verdicts = [
        _waiting_behind(
            ledger.Verdict(
                pk=pk,
                state=RemoteState.STORED,
                size=rows[pks[pk].uid].size,
                sha256=pks[pk].body.sha256,
                ident=bytes(ident) if ident else None,
                message_id=message,
            ),
            rows[pks[pk].uid],
            session,
        )
        for pk, message, ident in known
    ]
    session.settle(lambda: ledger.settle(verdicts))
    came = {one.uid for one in again}
    return [one for one in batch if one.uid not in came]


def _remove_stand_in(session: Session, row: Open) -> None:
    note = RemoteMessage.objects.filter(pk=row.pk).values_list("message_id", flat=True).first()
    if note is not None:
        mail.remove(session.task.user, [note])


# What is here already


def _earlier(session: Session, job: Job, batch: Sequence[FetchedMessage]) -> dict[int, Earlier]:
    """Rows with the same bytes that already have their place, each used for one message only.

    These are the rows of earlier generations and, in a folder that shows everything, those of
    the other folders.
    """
    row = job.row
    if row.generation == 1 and not job.is_all:
        return {}
    hashes = {one.body.sha256 for one in batch}
    old = ledger.with_bytes(row, hashes, older=True)
    known = list(old.values_list(*_EARLIER)) if row.generation > 1 else []
    if job.is_all:
        elsewhere = RemoteMessage.objects.filter(
            ~Q(folder=row),
            folder__task=session.task,
            sha256__in=hashes,
            generation=F("folder__generation"),
            state=RemoteState.STORED,
        )
        known += elsewhere.values_list(*_EARLIER)
    now = ledger.with_bytes(row, hashes, older=False).values_list("sha256", flat=True)
    free = _free(known, Counter(bytes(sha256) for sha256 in now if sha256))
    return {one.uid: candidates.pop() for one in batch if (candidates := free.get(one.body.sha256))}


def _free(
    rows: Iterable[tuple[Bytes | None, int, int, int | None, Bytes | None]],
    used: Mapping[bytes, int],
) -> dict[bytes, list[Earlier]]:
    """Places not stood for yet, by hash.

    Each generation of a folder held every message once, so what several of them know counts
    as often as in the one that knows it most often.
    """
    by_place: dict[tuple[bytes, int], dict[int, list[Earlier]]] = {}
    for sha256, folder, generation, message, ident in rows:
        known = by_place.setdefault((bytes(sha256 or b""), folder), {})
        known.setdefault(generation, []).append((message, bytes(ident) if ident else None))
    free: dict[bytes, list[Earlier]] = {}
    for (sha256, _), known in by_place.items():
        most = max(known.items(), key=lambda item: (len(item[1]), item[0]))
        free.setdefault(sha256, []).extend(most[1])
    return {sha256: found[used.get(sha256, 0) :] for sha256, found in free.items()}


# What did not come


def absent(session: Session, rows: Sequence[Open], still: set[int]) -> None:
    """Messages that were asked for and did not come: gone, or to be asked for again.

    Only the second session in which a message is not there proves it gone: there are servers
    that answer OK and nothing else while they are in trouble.
    """
    verdicts = []
    # Attempts alone prove nothing: one is counted before it is made after a worker died.
    before = RemoteMessage.objects.filter(pk__in=[row.pk for row in rows if row.attempts])
    missed = set(before.filter(error=_ABSENT).values_list("pk", flat=True))
    for row in rows:
        error = _WITHHELD if row.uid in still else _ABSENT
        verdict = _failed(session, row, error)
        if row.uid not in still and row.pk in missed:
            verdict = replace(verdict, state=RemoteState.VANISHED, next_try_at=None)
        verdicts.append(verdict)
    _settle_failed(session, verdicts)


def fail(session: Session, failed: Sequence[tuple[Open, str]]) -> None:
    """Messages the server would not hand out in any form."""
    _settle_failed(session, [_failed(session, row, line or _REFUSED) for row, line in failed])


def _failed(session: Session, row: Open, error: str) -> ledger.Verdict:
    attempts = row.attempts + 1
    again = batches.next_try(attempts, now=session.clock())
    return ledger.Verdict(
        pk=row.pk,
        state=RemoteState.QUARANTINED if again is None else RemoteState.PENDING,
        size=row.size,
        attempts=attempts,
        next_try_at=again,
        error=error,
    )


def _settle_failed(session: Session, verdicts: Sequence[ledger.Verdict]) -> None:
    quarantined = sum(one.state == RemoteState.QUARANTINED for one in verdicts)
    session.settle(lambda: ledger.settle(verdicts), quarantined=quarantined)


# After a worker died


def give_up_deadly(session: Session, rows: Sequence[Open]) -> list[Open]:
    """Set aside what three workers died of; the rest is returned."""
    deadly = [row for row in rows if row.attempts >= batches.MAX_ATTEMPTS]
    if deadly:
        verdicts = [
            replace(_failed(session, row, _DEADLY), state=RemoteState.QUARANTINED, next_try_at=None)
            for row in deadly
        ]
        _settle_failed(session, verdicts)
    return [row for row in rows if row.attempts < batches.MAX_ATTEMPTS]


def begin(session: Session, rows: Sequence[Open]) -> None:
    """Count the attempt before it is made: it may be the last thing this worker does."""
    pks = [row.pk for row in rows]
    tried = RemoteMessage.objects.filter(pk__in=pks)

    def count() -> None:
        tried.update(attempts=F("attempts") + 1)

    session.settle(count)
