"""The bodies of all folders through one stream: asked for, stored, and what fails searched for.

The reading thread takes batches from a queue that this thread fills; everything that touches the
database happens here.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import timedelta

from protocols.ahead import ReadAhead
from protocols.errors import MailServerError, Refused
from protocols.imap import Arrived, FetchedMessage, ImapSource, Survey, Wanted
from retrieval import batches, plan
from retrieval.batches import Batch, Blame, Open, Pace
from retrieval.models import RetrievalTask
from retrieval.services import ledger, resolve, settling
from retrieval.services.boxes import Job
from retrieval.services.discovery import Discovery
from retrieval.services.session import Session
from retrieval.services.settling import Part

CHUNK = 500
AHEAD = 2
# What waits is stored in one transaction, until it is so many messages or bytes.
TOGETHER = 100
TOGETHER_BYTES = 4 << 20
SLOW_FOR = timedelta(hours=1)
log = logging.getLogger(__name__)


class Bodies:
    """Everything that is open, folder by folder in their order, newest first."""

    def __init__(self, session: Session, discovery: Discovery) -> None:
        self.session = session
        self.discovery = discovery
        profile, task = session.profile, session.task
        self.pace = Pace(most=profile.batch, most_bytes=profile.batch_bytes, learnt=task.batch_size)
        self.depth = profile.depth
        self.blame = Blame()
        self.jobs: dict[int, Job] = {}
        self.todo: deque[Job] = deque()
        self.queue: deque[Batch] = deque()
        self.flying: deque[Batch] = deque()
        self.lock = threading.Lock()
        self.held: deque[Batch] = deque()
        self.absent: dict[int, list[Open]] = {}
        # What failed in every form, by folder, until it is clear that it is not the folder.
        self.failed: dict[int, list[tuple[Open, str]]] = {}
        self.failure: Refused | None = None
        # After a worker died, what it may have died of is asked for in small pieces.
        self.careful = batches.CAREFUL_FOR if session.interrupted else 0
        self._below = plan.MAX_UID + 1
        self._asked: set[resolve.Named] = set()
        self._deferred: set[Job] = set()
        if task.slowed_until is not None and task.slowed_until > session.clock():
            self._slow()

    def add(self, jobs: Iterable[Job]) -> None:
        """Fetch what is open in these folders."""
        for job in jobs:
            if job not in self.todo:
                self.jobs[job.row.pk] = job
                self.todo.append(job)

    def fetch(self, source: ImapSource) -> bool:
        """Fetch and store; False when the slice ended before. Errors leave everything resumable.

        Raises:
            MailServerError: the connection is of no more use; `broke` says what to ask next.
        """
        if self.depth > 1:
            self.depth = self.session.profile.depth_at(source.round_trip)
        while self._refill():
            with_ahead = AHEAD if self.depth > 1 else 1
            # Closed on every way out, so that no reading thread is left behind.
            with closing(source.bodies(self.take, depth=self.depth, ahead=with_ahead)) as stream:
                for arrived in stream:
                    self._settle(self._with_waiting(arrived, stream))
                    if self.session.over():
                        self.conclude()
                        return False
                    self._refill()
            self._look_for_absent(source)
        return True

    def conclude(self) -> None:
        """Hold against messages what failed of them: nothing came up that explains it."""
        failed, self.failed = self.failed, {}
        if failed:
            settling.fail(self.session, [one for found in failed.values() for one in found])

    def take(self) -> Wanted | None:
        """The next batch, for the reading thread; None while enough are on their way."""
        most = 1 if self.pace.slowed else self.depth + AHEAD + 1
        with self.lock:
            if not self.queue or len(self.flying) >= most:
                return None
            batch = self.queue.popleft()
            self.flying.append(batch)
        row = self.jobs[batch.folder].row
        uids = tuple(one.uid for one in batch.rows)
        return Wanted(bytes(row.raw_name), row.uidvalidity or 0, uids, batch.form)

    def broke(self, error: MailServerError) -> None:
        """The connection broke: what was on its way is asked for again, the first of it in halves.

        Raises:
            MailServerError: the same, where it is not about messages.
        """
        log.info("task %s: %s; going on", self.session.task.pk, error)
        guilty = self.flying.popleft() if self.flying else None
        while self.flying:
            self.queue.appendleft(self.flying.pop())
        if self.blame.broke(guilty.rows if guilty else ()):
            raise error
        if guilty is None:
            return
        self.pace.failed()
        self._divide(guilty, guilty.rows, str(error), last=True)

    # Asking

    def _refill(self) -> bool:
        """Keep enough batches ready for the reader; False when nothing is left to ask for."""
        wanted = self.depth + AHEAD + 3
        if self.held and not self.queue and not self.flying:
            batch = self.held.popleft()
            settling.begin(self.session, batch.rows)
            self.queue.append(batch)
        while len(self.queue) < wanted and self.todo and not self.held:
            job = self.todo[0]
            rows = [] if job.is_out else self._load(job)
            if not rows:
                self.todo.popleft()
                self._below = plan.MAX_UID + 1
                continue
            self._below = rows[-1].uid
            self._enqueue(job, self._without_known(job, rows))
        if self.held and not self.queue and not self.flying:
            return self._refill()
        if not self.queue and not self.flying:
            self.conclude()
        if not self.queue and not self.flying and self._deferred:
            # Their twins have arrived, or failed: now they are linked, or asked for.
            self._asked.clear()
            self.todo.extend(self._deferred)
            self._deferred.clear()
            return self._refill()
        return bool(self.queue)

    def _load(self, job: Job) -> list[Open]:
        now = self.session.clock()
        return ledger.open_below(job.row, self._below, now=now, most=CHUNK)

    def _without_known(self, job: Job, rows: list[Open]) -> list[Open]:
        """The rows to ask for: neither here already nor on their way from another folder."""
        if not any(row.server_id for row in rows):
            return rows
        fresh: list[Open] = []
        for row in resolve.link(self.session, job, rows):
            name = resolve.named(row)
            if name in self._asked:
                self._deferred.add(job)
                continue
            if name is not None:
                self._asked.add(name)
            fresh.append(row)
        return fresh

    def _enqueue(self, job: Job, rows: list[Open]) -> None:
        if self.careful:
            rows = settling.give_up_deadly(self.session, rows)
            some, rows = rows[: self.careful], rows[self.careful :]
            self.careful = max(0, self.careful - len(some))
            small = batches.cut(some, count=batches.CAREFUL, size=self.pace.bytes, single_from=1)
            self.held.extend(Batch.of(job.row.pk, piece) for piece in small)
        for some in batches.cut(rows, count=self.pace.count, size=self.pace.bytes):
            (self.held if self.held else self.queue).append(Batch.of(job.row.pk, some))

    # What comes

    def _with_waiting(self, first: Arrived, stream: ReadAhead[Arrived]) -> list[Arrived]:
        """What came, and what lies here already behind it, as much as is stored together."""
        arrived = [first]
        while stream.waiting and not _is_enough(arrived) and not self.session.over():
            arrived.append(next(stream))
        return arrived

    def _settle(self, arrived: Sequence[Arrived]) -> None:
        came = [(self.flying.popleft(), one) for one in arrived]
        name = self.jobs[came[0][0].folder].box.name
        self.session.publish(phase="fetching", folder_name=name)
        self._store(came)
        for batch, one in came:
            self._conclude(batch, one)

    def _store(self, came: Sequence[tuple[Batch, Arrived]]) -> None:
        parts = [
            Part(self.jobs[batch.folder], good, {row.uid: row for row in batch.rows})
            for batch, one in came
            if not one.turned and (good := _good(one))
        ]
        if parts:
            settling.store(self.session, parts)

    def _conclude(self, batch: Batch, arrived: Arrived) -> None:
        """See what is left to do of a batch, once what came of it is stored."""
        job = self.jobs[batch.folder]
        if arrived.slowed and not self.pace.slowed:
            self._remember_slow()
        if arrived.turned:
            # Found out by the next list of this run's folders, and then started anew.
            job.refused = "turned"
            self._drop(job)
            return
        good = _good(arrived)
        if good:
            self.blame.arrived()
        missing = _missing(batch, good)
        # What is stored is found in the ledger from now on, and what failed is nobody's twin.
        self._asked.difference_update(filter(None, map(resolve.named, batch.rows)))
        if job.is_out:
            return
        batch.search.left -= len(batch.rows) - len(missing)
        if not missing:
            self.pace.clean()
        elif arrived.refusal is not None:
            self.failure = arrived.refusal
            self.pace.failed()
            self._divide(batch, missing, arrived.refusal.server_line, last=False)
        elif good:
            # An answer cut short (RFC 9738) goes on where it ended; in halves where little came.
            rest = [Batch(batch.folder, missing, batch.search)]
            if len(missing) > len(good):
                rest = batch.divided(missing)
            self.queue.extendleft(reversed(rest))
        else:
            batch.search.left -= len(missing)
            self.absent.setdefault(batch.folder, []).extend(missing)
        self._judge(job, batch)

    def _divide(self, batch: Batch, missing: Sequence[Open], line: str, *, last: bool) -> None:
        """Ask for what is missing in smaller pieces or other forms, until a message is alone."""
        pieces = batch.divided(missing)
        if not pieces:
            batch.search.left -= 1
            batch.search.failed.append((missing[0], line))
            if self.blame.single():
                self._set_aside(self.jobs[batch.folder], line)
        elif last:
            self.queue.extend(pieces)
        else:
            self.queue.extendleft(reversed(pieces))
        self._judge(self.jobs[batch.folder], batch)

    def _judge(self, job: Job, batch: Batch) -> None:
        """Put down to messages what failed of a batch, unless so much did that it is not they.

        It is held against them later: batches overtake each other, and what comes next may show
        that the folder hands out nothing any more.
        """
        search = batch.search
        if job.is_out or not search.failed:
            return
        if search.blames_folder:
            self._set_aside(job, search.failed[0][1])
        elif search.is_over:
            failed, search.failed = search.failed, []
            self.failed.setdefault(job.row.pk, []).extend(failed)

    def _set_aside(self, job: Job, line: str) -> None:
        """Ask nothing more of a folder in this pull; its messages are not blamed."""
        self.discovery.set_aside(job, line)
        self.blame.arrived()
        self._drop(job)

    def _drop(self, job: Job) -> None:
        self.failed.pop(job.row.pk, None)
        with self.lock:
            for batches_ in (self.queue, self.held):
                kept = [batch for batch in batches_ if batch.folder != job.row.pk]
                batches_.clear()
                batches_.extend(kept)

    def _look_for_absent(self, source: ImapSource) -> None:
        """Ask whether what did not come is still there; some servers answer OK and nothing else."""
        absent, self.absent = self.absent, {}
        for folder, rows in absent.items():
            job = self.jobs[folder]
            if job.is_out:
                continue
            surveys = [
                Survey(bytes(job.row.raw_name), min(uids), max(uids))
                for uids in _near(row.uid for row in rows)
            ]
            still: set[int] = set()
            refused = False
            for answer in source.survey(surveys, depth=self.discovery.depth):
                refused = refused or answer.status is None or answer.refusal is not None
                still.update(meta.uid for meta in answer.metas)
            if not refused:
                settling.absent(self.session, rows, still)

    # Patience

    def _slow(self) -> None:
        self.pace.slow()
        self.depth = self.discovery.depth = 1

    def _remember_slow(self) -> None:
        task = self.session.task
        task.slowed_until = self.session.clock() + SLOW_FOR
        RetrievalTask.objects.filter(pk=task.pk).update(slowed_until=task.slowed_until)
        self._slow()
        with self.lock:
            waiting = list(self.queue)
            self.queue.clear()
            for batch in waiting:
                for some in batches.cut(batch.rows, count=self.pace.count, size=self.pace.bytes):
                    self.queue.append(Batch(batch.folder, some, batch.search, batch.form))


def _is_enough(arrived: Sequence[Arrived]) -> bool:
    messages = [message for one in arrived for message in one.messages]
    size = sum(message.body.size for message in messages)
    return len(messages) >= TOGETHER or size >= TOGETHER_BYTES


def _good(arrived: Arrived) -> list[FetchedMessage]:
    return [one for one in arrived.messages if one.body.size]


def _missing(batch: Batch, good: Sequence[FetchedMessage]) -> list[Open]:
    if len(good) == len(batch.rows):
        return []
    came = {one.uid for one in good}
    return [row for row in batch.rows if row.uid not in came]


def _near(uids: Iterable[int]) -> list[list[int]]:
    """UIDs in groups that lie within a window."""
    groups: list[list[int]] = []
    for uid in sorted(uids):
        if groups and uid - groups[-1][0] < plan.WINDOW:
            groups[-1].append(uid)
        else:
            groups.append([uid])
    return groups
