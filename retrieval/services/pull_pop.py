"""Pulling a POP account: list, fetch what is open, then remove what is safely here.

A message is removed from the server only in a separate phase, after its row was committed and
its bytes were read back from the disk and found right (A191). A session in which anything
fetched could not be stored is dropped without QUIT: some servers count a fetched message as
collected at QUIT even without DELE.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.db.models import QuerySet

from lib.checkpoints import checkpoint
from mailstore.models import Blob, Folder, FolderRole, Message
from mailstore.services import blobs, folders
from protocols.body import Body
from protocols.pop3 import Pop3Source, PopEntry
from retrieval import plan
from retrieval.models import PopMessage, PopState
from retrieval.services.session import Fetched, Session, max_size

BATCH = 50
BATCH_BYTES = 8 << 20
SESSION_MESSAGES = 1000
MAX_SESSIONS = 200
log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed:
    """A message of this session's listing and the ledger key it goes by ("" : its content)."""

    entry: PopEntry
    key: str


def pull(session: Session, open_source: Callable[[], Pop3Source]) -> bool:
    """Sessions until nothing new is listed; False when the slice ended before.

    A server may list only a window of the maildrop, so an empty remainder is asked for, not
    assumed.
    """
    for _ in range(MAX_SESSIONS):
        if session.over():
            return False
        with open_source() as source:
            if not PopSession(session, source).run():
                session.publish(phase="done")
                return True
    return False


class PopSession:
    """One POP3 session: numbers hold only within it (RFC 1939 section 3)."""

    def __init__(self, session: Session, source: Pop3Source) -> None:
        self.session = session
        self.source = source
        self.task = session.task
        self.rows: dict[tuple[str, int], PopMessage] = {}
        self.copies: Counter[str] = Counter()

    def run(self) -> bool:
        """Fetch and remove; returns whether another session should follow."""
        listed = self._list()
        self._discover(listed)
        todo = [one for one in listed if one.key and self._is_open(one.key)]
        unkeyed = [one for one in listed if not one.key]
        self.session.publish(phase="fetching")
        by_number = self._fetch(todo[:SESSION_MESSAGES] + unkeyed)
        if self.task.leave_on_server:
            return self.source.quit() and len(todo) > SESSION_MESSAGES
        by_number |= {
            one.entry.number: self.rows[one.key, 0]
            for one in listed
            if one.key and (one.key, 0) in self.rows
        }
        removed = self._remove(by_number)
        # A window that was emptied may have more behind it.
        return removed > 0 or len(todo) > SESSION_MESSAGES

    def _list(self) -> list[Listed]:
        self.session.publish(phase="listing")
        entries = self.source.listing()
        keys = plan.pop_keys([entry.uidl for entry in entries])
        return [Listed(entry, key) for entry, key in zip(entries, keys, strict=True)]

    def _is_open(self, key: str) -> bool:
        row = self.rows.get((key, 0))
        return row is not None and row.state == PopState.PENDING

    def _discover(self, listed: Sequence[Listed]) -> None:
        """A ledger row for every listed id, read back so that all have their keys."""
        keyed = [one for one in listed if one.key]
        self._load([one.key for one in keyed])
        fresh = [
            PopMessage(
                task=self.task,
                key=one.key,
                size=one.entry.size,
                state=PopState.TOO_BIG if one.entry.size > max_size() else PopState.PENDING,
            )
            for one in keyed
            if (one.key, 0) not in self.rows
        ]
        if not fresh:
            return
        too_big = sum(row.state == PopState.TOO_BIG for row in fresh)
        self.session.settle(lambda: _insert(fresh), found=len(fresh), skipped=too_big)
        self._load([row.key for row in fresh])

    def _load(self, keys: Sequence[str]) -> None:
        for chunk in _chunks(keys, 500):
            rows = self._ledger().filter(key__in=chunk)
            self.rows |= {(row.key, row.copy_no): row for row in rows}

    # Fetching

    def _fetch(self, todo: Sequence[Listed]) -> dict[int, PopMessage]:
        """Fetch and store; returns the row of every message number that was handled."""
        folder = self.task.destination or folders.special(self.task.user, FolderRole.INBOX)
        by_number = {one.entry.number: one for one in todo}
        handled: dict[int, PopMessage] = {}
        for batch in _batches(self.source.retrieve(list(by_number))):
            rows = [self._row(by_number[number].key, body) for number, body in batch]
            handled |= {number: row for (number, _), row in zip(batch, rows, strict=True)}
            fresh = [
                (row, body)
                for row, (_, body) in zip(rows, batch, strict=True)
                if row.state == PopState.PENDING and body.size
            ]
            if fresh:
                self._store(fresh, folder)
        return handled

    def _row(self, key: str, body: Body) -> PopMessage:
        """The ledger row of a fetched message; without an id it is known by its content.

        Identical messages without ids are counted: the third copy is the third row.
        """
        if key:
            return self.rows[key, 0]
        key = f"sha256:{body.sha256.hex()}"
        copy_no = self.copies[key]
        self.copies[key] += 1
        self._load([key])
        return self.rows.get((key, copy_no)) or PopMessage(task=self.task, key=key, copy_no=copy_no)

    def _store(self, fresh: list[tuple[PopMessage, Body]], folder: Folder) -> None:
        def settle(messages: list[Message]) -> None:
            self.session.count(found=sum(row.pk is None for row, _ in fresh))
            for (row, body), message in zip(fresh, messages, strict=True):
                row.state = PopState.STORED
                row.sha256, row.size = body.sha256, body.size
                row.message = message
            _upsert([row for row, _ in fresh])

        self.session.store(
            [Fetched(body=body, folder=folder) for _, body in fresh],
            screen=self.task.filter_enabled,
            settle=settle,
        )

    # Removal

    def _remove(self, by_number: dict[int, PopMessage]) -> int:
        """Remove messages whose copy here was read back and is right; returns how many.

        Only the server's answer to QUIT makes removals real (RFC 1939 section 6).
        """
        self.session.check_allowed()
        self.session.publish(phase="removing")
        safe = _safe(by_number)
        self.session.settle(lambda: None)  # the fence, right before the effect
        if safe:
            self.source.delete(sorted(safe))
            checkpoint("pop: removal asked for")
        if not self.source.quit() or not safe:
            return 0
        checkpoint("pop: removal confirmed")
        ids = [row.pk for row in safe.values()]

        def settle() -> None:
            for chunk in _chunks(ids, 500):
                self._ledger().filter(pk__in=chunk).update(state=PopState.DELETED)

        self.session.settle(settle, removed=len(safe))
        return len(safe)

    def _ledger(self) -> QuerySet[PopMessage]:
        return PopMessage.objects.filter(task=self.task)


def _safe(rows: dict[int, PopMessage]) -> dict[int, PopMessage]:
    """Rows whose copy here is stored, not empty, and has the bytes that were fetched."""
    stored = {
        number: row
        for number, row in rows.items()
        if row.state == PopState.STORED and row.sha256 and row.size
    }
    copies: dict[bytes, Blob] = {}
    for chunk in _chunks([bytes(row.sha256 or b"") for row in stored.values()], 500):
        found = Blob.objects.filter(sha256__in=chunk).select_related("segment")
        copies |= {bytes(blob.sha256): blob for blob in found}
    return {
        number: row
        for number, row in stored.items()
        if _is_intact(copies.get(bytes(row.sha256 or b"")))
    }


def _is_intact(blob: Blob | None) -> bool:
    if blob is None:
        return False
    try:
        # Reading verifies the hash; pieces, because a message may be large.
        deque(blobs.stream(blob), maxlen=0)
    except blobs.BlobUnreadable:
        log.exception("a stored message cannot be read back; it stays on the server")
        return False
    return True


def _batches(bodies: Iterator[tuple[int, Body]]) -> Iterator[list[tuple[int, Body]]]:
    batch: list[tuple[int, Body]] = []
    size = 0
    for number, body in bodies:
        batch.append((number, body))
        size += body.size
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _chunks(values: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def _insert(rows: list[PopMessage]) -> None:
    PopMessage.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def _upsert(rows: list[PopMessage]) -> None:
    """New rows inserted, known ones updated, in a statement each."""
    PopMessage.objects.bulk_create([row for row in rows if row.pk is None])
    PopMessage.objects.bulk_create(
        [row for row in rows if row.pk is not None],
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=["state", "size", "sha256", "message"],
    )
