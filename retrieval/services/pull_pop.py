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

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing

from django.utils.translation import gettext_noop

from lib.checkpoints import checkpoint
from protocols.body import Body
from protocols.errors import Dropped, Hung, ProtocolBroken
from protocols.pop3 import Pop3Source, PopEntry, Retrieved
from retrieval import plan
from retrieval.models import PopMessage, PopState
from retrieval.services import pop_heads, pop_ledger
from retrieval.services.hosts import HeldBack
from retrieval.services.pop_arrivals import Arrivals, Listed
from retrieval.services.pop_refusals import DEADLY, EMPTY, MAX_ATTEMPTS, UNSTORABLE, Refusals
from retrieval.services.session import BudgetSpent, Session, SpaceFull, max_size
from retrieval.services.settling import FAULTS

log = logging.getLogger(__name__)

# A session that breaks takes its removals back; where mail stays there is nothing to take back,
# and to list a large maildrop for every thousand messages costs more than to fetch them.
SESSION_MESSAGES = 1000
SESSION_KEPT = 20_000
SESSION_SECONDS = 300.0
MAX_SESSIONS = 20
# After a run whose worker died so many messages are fetched one by one: it was one of them, or
# none; as many as can be read and not yet stored at a time.
CAREFUL = 300
# Batches that wait are stored in one transaction, until it is so many messages.
TOGETHER = 100
NO_IDS = gettext_noop(
    "This server gives its messages no lasting ids, so all of them are looked at in every run."
)


def pull(session: Session, open_source: Callable[[], Pop3Source]) -> bool:
    """Sessions until nothing new is listed; False when the slice ended before.

    A server may list only a window of the maildrop, so an empty remainder is asked for, not
    assumed. A lost connection is followed by another one that asks for what is missing.

    Raises:
        MailServerError: the account, not one of its messages, is in trouble.
        BudgetSpent: no more today; what was fetched is stored.
        HeldBack: no other connection for now.
    """
    refusals = Refusals(session)
    try:
        done = _sessions(session, open_source, refusals)
    except (BudgetSpent, HeldBack):
        refusals.settle()
        raise
    refusals.settle()
    return done


def _sessions(session: Session, open_source: Callable[[], Pop3Source], refusals: Refusals) -> bool:
    for number in range(MAX_SESSIONS):
        if session.over():
            return False
        with open_source() as source:
            pop = PopSession(session, source, refusals, number)
            try:
                more = pop.run()
            except SHIFTED:
                pop.doubt()
                raise
            if not more:
                session.publish(phase="done")
                return True
    return False


LOST = (Dropped, Hung, ProtocolBroken)
# An answer too many, or one that never came: those before it may have been other messages'.
SHIFTED = (Hung, ProtocolBroken)


class PopSession:
    """One POP3 session: numbers hold only within it (RFC 1939 section 3)."""

    def __init__(
        self, session: Session, source: Pop3Source, refusals: Refusals, number: int
    ) -> None:
        """``number`` is that of the session in its run, from 0."""
        self.session = session
        self.source = source
        self.refusals = refusals
        self.number = number
        self.task = session.task
        self.known = pop_ledger.named(self.task)
        self.arrivals = Arrivals(session, self.known)
        # What came over: its row where it is to be removed, else no more than the row's id.
        self.here: dict[int, PopMessage] = {}
        self.came: list[int] = []
        self.seen = 0
        self.spent: BudgetSpent | None = None
        # Something fetched is not here: no QUIT, which for some servers means it was collected.
        self.torn = False
        # Only removals wait for the end of a session.
        kept = self.task.leave_on_server
        self.most = SESSION_KEPT if kept else SESSION_MESSAGES
        lasting = math.inf if kept else SESSION_SECONDS
        self._end = time.monotonic() + lasting

    def run(self) -> bool:
        """Fetch and remove; returns whether another session should follow."""
        listed = self._list()
        self._discover(listed)
        try:
            named, unnamed = self._todo(listed)
        except LOST:
            # Lost by asking for headers: then without.
            if self.refusals.knows_top:
                raise
            return True
        # Where sign-ins are counted, everything comes in this one.
        once = self.source.login_delay > 0
        chosen = (named if once else named[: self.most]) + unnamed
        self.session.publish(phase="fetching")
        try:
            self._fetch(chosen)
        except LOST as error:
            if isinstance(error, SHIFTED):
                self.doubt()
            if self.seen < len(chosen):
                self.refusals.lost(chosen[self.seen].name, error)
            return True
        if self.torn:
            self.source.drop()
            if self.spent is not None:
                raise self.spent
            return True
        # Where time was over before anything came, all of it is still to come.
        late = self._is_over() and self.seen < len(chosen)
        more = late or 0 < self.seen < len(named)
        if self.task.leave_on_server:
            more = self.source.quit(wait=self.seen > 0) and more
        else:
            # A window that was emptied may have more behind it.
            more = self._remove(self._removable(listed)) > 0 or more
        if self.spent is not None:
            raise self.spent
        return late or (more and not once)

    # What is there

    def _list(self) -> list[Listed]:
        self.session.publish(phase="listing")
        entries = self.source.listing()
        keys = plan.pop_keys([pop_ledger.usable(entry.uidl) for entry in entries])
        listed = [Listed(entry, key) for entry, key in zip(entries, keys, strict=True)]
        if self.task.leave_on_server and listed and not any(keys):
            self.session.run.cause_text = NO_IDS
        return listed

    def _discover(self, listed: Sequence[Listed]) -> None:
        """A ledger row for every listed id; those of ids that are gone are kept by content."""
        keyed = {one.key: one.entry.size for one in listed if one.key}
        gone = [known for key, known in self.known.items() if key not in keyed]
        if gone:
            self.session.settle(lambda: pop_ledger.put_away(self.task, gone))
        self._check_sizes(keyed)
        fresh = {key: size for key, size in keyed.items() if key not in self.known}
        if fresh:
            largest = max_size()
            too_big = sum(size > largest for size in fresh.values())
            self.session.settle(
                lambda: pop_ledger.discover(self.task, fresh, largest),
                found=len(fresh),
                skipped=too_big,
            )
            self.known = self.arrivals.known = pop_ledger.named(self.task)

    def _check_sizes(self, keyed: Mapping[str, int]) -> None:
        """What somebody asked to be tried again may still be too large."""
        largest = max_size()
        known = [
            self.known[key] for key, size in keyed.items() if size > largest if key in self.known
        ]
        large = [one.pk for one in known if one.state == PopState.PENDING]
        if large:
            self.session.settle(lambda: pop_ledger.refuse_size(self.task, large))

    def _todo(self, listed: Sequence[Listed]) -> tuple[list[Listed], list[Listed]]:
        """What is to be fetched: by id, that which failed before last; and what has no id.

        Messages without ids can be told apart only among all of them, so they are fetched in one
        session.
        """
        todo = [one for one in listed if self._is_open(one)]
        if self.task.leave_on_server and self.refusals.knows_top:
            todo = pop_heads.recognise(self.source, self.arrivals, self.refusals, todo)
        if self.number == 0:
            self.session.expect(len(todo), sum(one.entry.size for one in todo))
        named = [one for one in todo if one.key]
        named.sort(key=lambda one: self.known[one.key].attempts)
        return named, [one for one in todo if not one.key]

    def _is_open(self, one: Listed) -> bool:
        if one.name in self.refusals or one.entry.size > max_size():
            return False
        if not one.key:
            return True
        known = self.known[one.key]
        waits = known.next_try_at is not None and known.next_try_at > self.session.clock()
        return (known.state == PopState.PENDING and not waits) or self._is_doubtful(one)

    def _is_doubtful(self, one: Listed) -> bool:
        """Whether a stored message about to be removed is looked at once more.

        After a QUIT that was not confirmed its id may already belong to another one.
        """
        known = self.known[one.key]
        settled = known.state in (PopState.STORED, PopState.DELETED)
        same = one.has_size(known.size)
        return settled and (known.size is None or not (same or self.task.leave_on_server))

    # Fetching

    def _fetch(self, chosen: Sequence[Listed]) -> None:
        if self.session.interrupted and self.number == 0:
            self._fetch_carefully(chosen[:CAREFUL])
            chosen = chosen[self.seen :]
        if chosen and not self._is_over():
            profile = self.session.profile
            self._receive(chosen, count=profile.batch, size=profile.batch_bytes)

    def _fetch_carefully(self, chosen: Sequence[Listed]) -> None:
        """One by one, each attempt written down before: a worker may die of one of them."""
        for one in chosen:
            if self._is_over():
                return
            if one.key and not self._may_try(one):
                self.seen += 1
            else:
                self._receive([one], count=1, size=1)

    def _may_try(self, one: Listed) -> bool:
        """Count an attempt; False where there were too many, and the message is set aside."""
        row = PopMessage.objects.get(pk=self.known[one.key].pk)
        if row.state != PopState.PENDING:
            return True
        lost = row.attempts >= MAX_ATTEMPTS
        if lost:
            row.state, row.error = PopState.QUARANTINED, DEADLY
        else:
            row.attempts += 1
            self.refusals.counted.add(one.key)
        self.session.settle(lambda: pop_ledger.save([row]), quarantined=int(lost))
        return not lost

    def _receive(self, chosen: Sequence[Listed], *, count: int, size: int) -> None:
        by_number = {one.entry.number: one for one in chosen}
        with closing(self.source.batches(self._wanted(chosen), count=count, size=size)) as batches:
            for batch in batches:
                while batches.waiting and len(batch) < TOGETHER and _size(batch) < size // 2:
                    batch.extend(next(batches))
                self._settle([(by_number[one.number], one) for one in batch])

    def _wanted(self, chosen: Sequence[Listed]) -> Iterator[PopEntry]:
        """Asked for one after another, from the reading thread, until time or budget is over."""
        for one in chosen:
            if self._is_over():
                return
            yield one.entry

    def _is_over(self) -> bool:
        return self.spent is not None or self.session.over() or time.monotonic() >= self._end

    def _settle(self, batch: Sequence[tuple[Listed, Retrieved]]) -> None:
        """Store what came; what did not is passed over."""
        if isinstance(self.spent, SpaceFull):
            # It was on its way by then. It stays there, as open as before.
            self.seen += len(batch)
            return
        bodies = [(one, each.body) for one, each in batch if each.body and each.body.size]
        try:
            rows = self._store(bodies)
        except BudgetSpent as spent:
            rows, self.spent = {}, spent
        self.came += [row.pk for row in rows.values() if row.pk is not None]
        if not self.task.leave_on_server:
            self.here |= rows
        for one, _ in bodies:
            row = rows.get(one.entry.number)
            if row is not None and not one.has_size(row.size):
                self.refusals.doubt(one.name)
        self.seen += len(batch)
        for one, each in batch:
            if each.body and each.body.size:
                self.refusals.fine()
            else:
                self.refusals.refuse(one.name, each.refusal or EMPTY)

    def _store(self, bodies: Sequence[tuple[Listed, Body]]) -> dict[int, PopMessage]:
        """Store a batch; one by one where some message trips us that nobody foresaw."""
        copies = self.arrivals.copies.copy()
        try:
            return self.arrivals.settle(bodies)
        except FAULTS as fault:
            self.arrivals.copies = copies
            return self._store_singly(bodies, fault)

    def _store_singly(
        self, bodies: Sequence[tuple[Listed, Body]], fault: Exception
    ) -> dict[int, PopMessage]:
        """Store what can be stored.

        Raises:
            Exception: ``fault``, where nothing can: it is not about messages.
        """
        self.torn = True
        rows: dict[int, PopMessage] = {}
        failed: list[Listed] = []
        for one, body in bodies:
            copies = self.arrivals.copies.copy()
            try:
                rows |= self.arrivals.settle([(one, body)])
            except FAULTS:
                self.arrivals.copies = copies
                log.exception("task %s: a message cannot be stored", self.task.pk)
                failed.append(one)
        if len(failed) == len(bodies):
            raise fault
        for one in failed:
            self.refusals.refuse(one.name, UNSTORABLE)
        return rows

    def doubt(self) -> None:
        """Have what came in this session looked at again: its answers were not in step.

        A server that forgets an answer, or gives one twice, hands out the next messages under
        the ids of those before them.
        """
        if self.came:
            self.session.settle(lambda: pop_ledger.doubt(self.task, self.came))

    # Removal

    def _removable(self, listed: Sequence[Listed]) -> dict[int, PopMessage]:
        """Stored messages that are surely those which are listed, by their numbers."""
        met = {
            one.entry.number: self.here[one.entry.number]
            for one in listed
            if one.entry.number in self.here and one.has_size(self.here[one.entry.number].size)
        }
        earlier = {
            one.entry.number: self.known[one.key].pk
            for one in listed
            if one.key
            and one.entry.number not in self.here
            and self.known[one.key].state == PopState.STORED
            and not self._is_doubtful(one)
        }
        rows = PopMessage.objects.in_bulk(list(earlier.values()))
        return met | {number: rows[pk] for number, pk in earlier.items() if pk in rows}

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
        self.session.settle(lambda: pop_ledger.removed(self.task, ids), removed=len(safe))
        return len(safe)


def _size(batch: Sequence[Retrieved]) -> int:
    return sum(one.body.size for one in batch if one.body)
