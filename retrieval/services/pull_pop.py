"""Pulling a POP account: list, fetch what is open, then remove what is safely here.

A message is removed from the server only in a separate phase, after its row was committed and
its bytes were read back from the disk and found right (A191). A session in which anything
fetched could not be stored is dropped without QUIT: some servers count a fetched message as
collected at QUIT even without DELE.

An id means its message only for as long as it is listed (RFC 1939 section 7). The row of one
that is not listed any more is kept under a key of its own, for its hash: a message that comes
under another id, or under the same one again, is recognised by its bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from lib.checkpoints import checkpoint
from mailstore.models import Folder, FolderRole, Message
from mailstore.services import folders
from protocols.body import Body
from protocols.errors import ProtocolBroken, Refused, Stage
from protocols.pop3 import Pop3Source, PopEntry, Retrieved
from retrieval import plan
from retrieval.models import PopMessage, PopState
from retrieval.services import pop_ledger
from retrieval.services.session import Fetched, Session, max_size

SESSION_MESSAGES = 1000
MAX_SESSIONS = 200
MAX_ATTEMPTS = 3
MAX_REFUSALS = 3  # in one pull; more of them are not about single messages


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
    blamed: set[str] = set()
    for _ in range(MAX_SESSIONS):
        if session.over():
            return False
        with open_source() as source:
            if not PopSession(session, source, blamed).run():
                session.publish(phase="done")
                return True
    return False


class PopSession:
    """One POP3 session: numbers hold only within it (RFC 1939 section 3)."""

    def __init__(self, session: Session, source: Pop3Source, blamed: set[str]) -> None:
        """Take ``blamed``, the keys that were refused in this pull, to add to."""
        self.session = session
        self.blamed = blamed
        self.source = source
        self.task = session.task
        self.rows: dict[tuple[str, int], PopMessage] = {}
        self.copies: Counter[str] = Counter()

    def run(self) -> bool:
        """Fetch and remove; returns whether another session should follow."""
        listed = self._list()
        self._discover(listed)
        todo = [one for one in listed if one.key and self._is_open(one)]
        todo.sort(key=lambda one: self.rows[one.key, 0].attempts)
        unkeyed = [one for one in listed if not one.key and one.entry.size <= max_size()]
        self.session.publish(phase="fetching")
        chosen = todo[:SESSION_MESSAGES] + unkeyed
        by_number: dict[int, PopMessage] = {}
        try:
            self._fetch(chosen, by_number)
        except (Refused, ProtocolBroken) as error:
            self._blame(chosen[len(by_number)].key, error)
            return True
        if self.task.leave_on_server:
            return self.source.quit() and len(todo) > SESSION_MESSAGES
        by_number |= {
            one.entry.number: self.rows[one.key, 0]
            for one in listed
            if one.key and (one.key, 0) in self.rows and not self._is_doubtful(one)
        }
        removed = self._remove(by_number)
        # A window that was emptied may have more behind it.
        return removed > 0 or len(todo) > SESSION_MESSAGES

    def _list(self) -> list[Listed]:
        self.session.publish(phase="listing")
        entries = self.source.listing()
        keys = plan.pop_keys([entry.uidl for entry in entries])
        return [Listed(entry, key) for entry, key in zip(entries, keys, strict=True)]

    def _is_open(self, one: Listed) -> bool:
        row = self.rows[one.key, 0]
        if one.key in self.blamed:
            return False
        return row.state == PopState.PENDING or self._is_doubtful(one)

    def _is_doubtful(self, one: Listed) -> bool:
        """Whether a stored message about to be removed is looked at once more.

        After a QUIT that was not confirmed its id may already belong to another one.
        """
        row = self.rows[one.key, 0]
        stored = row.state == PopState.STORED and not self.task.leave_on_server
        return stored and row.size != one.entry.size

    def _blame(self, key: str, error: Refused | ProtocolBroken) -> None:
        """Set a message back that the server would not give, so that it holds up no other."""
        if not key or len(self.blamed) >= MAX_REFUSALS:
            raise error
        self.blamed.add(key)
        row = self.rows[key, 0]
        row.attempts += 1
        row.error = error.server_line
        if row.state == PopState.PENDING and row.attempts >= MAX_ATTEMPTS:
            row.state = PopState.QUARANTINED
        quarantined = int(row.state == PopState.QUARANTINED)
        self.session.settle(lambda: pop_ledger.upsert([row]), quarantined=quarantined)

    def _discover(self, listed: Sequence[Listed]) -> None:
        """A ledger row for every listed id, read back so that all have their keys."""
        keyed = [one for one in listed if one.key]
        self._retire({one.key for one in keyed})
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
        self.session.settle(lambda: pop_ledger.insert(fresh), found=len(fresh), skipped=too_big)
        self._load([row.key for row in fresh])

    def _load(self, keys: Sequence[str]) -> None:
        for chunk in pop_ledger.chunks(keys, 500):
            rows = self._ledger().filter(key__in=chunk)
            self.rows |= {(row.key, row.copy_no): row for row in rows}

    def _retire(self, listed: set[str]) -> None:
        """Give the rows of ids that are not listed any more a key no message can come under."""
        named = (
            self._ledger()
            .exclude(key__startswith=pop_ledger.PAST)
            .exclude(key__startswith=pop_ledger.CONTENT)
        )
        here = (PopState.STORED, PopState.DELETED)
        absent = [
            (pk, state in here)
            for pk, key, state in named.values_list("pk", "key", "state")
            if key not in listed
        ]
        if not absent:
            return

        def settle() -> None:
            for chunk in pop_ledger.chunks([pk for pk, kept in absent if kept], 500):
                pop_ledger.retire(self._ledger().filter(pk__in=chunk))
            for chunk in pop_ledger.chunks([pk for pk, kept in absent if not kept], 500):
                self._ledger().filter(pk__in=chunk).delete()

        self.session.settle(settle)

    # Fetching

    def _fetch(self, todo: Sequence[Listed], handled: dict[int, PopMessage]) -> None:
        """Fetch and store; enters the row of every message number that was handled."""
        by_number = {one.entry.number: one for one in todo}
        for batch in _bodies(self.source.batches([one.entry for one in todo])):
            rows = [self._row(by_number[number].key, body) for number, body in batch]
            rows = [self._checked(row, body) for row, (_, body) in zip(rows, batch, strict=True)]
            fresh = [
                (row, body)
                for row, (_, body) in zip(rows, batch, strict=True)
                if row.state == PopState.PENDING and body.size
            ]
            fresh = self._link(fresh)
            if fresh:
                self._store(fresh)
            handled |= {number: row for (number, _), row in zip(batch, rows, strict=True)}

    def _checked(self, row: PopMessage, body: Body) -> PopMessage:
        """The row, or a new one where its id stands for another message by now."""
        if row.state != PopState.STORED or not row.key or row.sha256 is None:
            return row
        if bytes(row.sha256) == body.sha256:
            row.size = body.size
            return row
        new = PopMessage(task=self.task, key=row.key, size=body.size)
        self.session.settle(lambda: pop_ledger.retire(self._ledger().filter(pk=row.pk)))
        self.rows[row.key, 0] = new
        return new

    def _link(self, fresh: list[tuple[PopMessage, Body]]) -> list[tuple[PopMessage, Body]]:
        """Settle what is here already under an id that is not listed any more; gives the rest."""
        hashes = {body.sha256 for _, body in fresh}
        by_content = Q(key__startswith=pop_ledger.PAST) | Q(key__startswith=pop_ledger.CONTENT)
        known = self._ledger().filter(by_content, sha256__in=hashes) if hashes else ()
        free: dict[bytes, list[PopMessage]] = {}
        for old in known:
            # Rows by content that were met in this session belong to messages of their own.
            if not self.copies[old.key]:
                free.setdefault(bytes(old.sha256 or b""), []).append(old)
        linked: list[PopMessage] = []
        used: list[int] = []
        for row, body in fresh:
            if candidates := free.get(body.sha256):
                old = candidates.pop()
                row.state, row.sha256, row.size = PopState.STORED, body.sha256, body.size
                row.message_id = old.message_id
                linked.append(row)
                used.append(old.pk)
        if not linked:
            return fresh

        def settle() -> None:
            self._ledger().filter(pk__in=used).delete()
            pop_ledger.upsert(linked)

        self.session.settle(settle, linked=len(linked))
        return [(row, body) for row, body in fresh if row.state == PopState.PENDING]

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

    def _store(self, fresh: list[tuple[PopMessage, Body]]) -> None:
        def settle(messages: list[Message]) -> None:
            self.session.count(found=sum(row.pk is None for row, _ in fresh))
            for (row, body), message in zip(fresh, messages, strict=True):
                row.state = PopState.STORED
                row.sha256, row.size = body.sha256, body.size
                row.message = message
            pop_ledger.upsert([row for row, _ in fresh])

        def store() -> None:
            folder = self.task.destination or folders.special(self.task.user, FolderRole.INBOX)
            self.session.store(
                [Fetched(body=body, folder=folder) for _, body in fresh],
                screen=self.task.filter_enabled,
                settle=settle,
            )

        try:
            store()
        except Folder.DoesNotExist:
            # Deleted here while the mail was on its way.
            self.task.destination = None
            store()

    # Removal

    def _remove(self, by_number: dict[int, PopMessage]) -> int:
        """Remove messages whose copy here was read back and is right; returns how many.

        Only the server's answer to QUIT makes removals real (RFC 1939 section 6).
        """
        self.session.check_allowed()
        self.session.publish(phase="removing")
        safe = pop_ledger.safe(by_number)
        self.session.settle(lambda: None)  # the fence, right before the effect
        if safe:
            marked = self.source.delete(sorted(safe))
            safe = {number: safe[number] for number in marked}
            checkpoint("pop: removal asked for")
        if not self.source.quit() or not safe:
            return 0
        checkpoint("pop: removal confirmed")
        ids = [row.pk for row in safe.values()]

        def settle() -> None:
            for chunk in pop_ledger.chunks(ids, 500):
                self._ledger().filter(pk__in=chunk).update(state=PopState.DELETED)

        self.session.settle(settle, removed=len(safe))
        return len(safe)

    def _ledger(self) -> QuerySet[PopMessage]:
        return PopMessage.objects.filter(task=self.task)


def _bodies(batches: Iterator[list[Retrieved]]) -> Iterator[list[tuple[int, Body]]]:
    """What came; where a message was refused, what came before it is handed out first."""
    for batch in batches:
        whole: list[tuple[int, Body]] = []
        for one in batch:
            if one.body is None:
                yield whole
                raise Refused(Stage.FETCH, server_line=one.refusal)
            whole.append((one.number, one.body))
        yield whole
