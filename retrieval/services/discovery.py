"""What the remote folders hold, entered into the ledger before anything is fetched.

The watermark (``uidnext_scanned``) comes from a snapshot taken before the scan (RFC 3501 section
2.3.1.1) and moves only when the ledger accounts for every message the server said it has. Until
then the rows above it form one stretch without gaps, so that a scan that was cut short goes on
at its ends.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Max, Min

from protocols.errors import Refused
from protocols.imap import ImapSource, RemoteMeta, Survey, Surveyed
from retrieval import plan
from retrieval.models import RemoteFolder, RemoteFolderState, RemoteState
from retrieval.services import generations, ledger, remote_folders, resolve, watermark
from retrieval.services.boxes import Job
from retrieval.services.session import Session, max_size

# Windows that are asked about before bodies are fetched: about a second's work.
GROUP = 20
WAITING = 2000
PARK_AFTER = 3
PARK_FOR = timedelta(hours=6)
MOST_SPLITS = 40
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A window that is asked about, and from which end its folder is scanned."""

    job: Job
    epoch: int
    survey: Survey
    upwards: bool

    @property
    def counts(self) -> bool:
        """Whether its answer still means anything."""
        return self.epoch == self.job.epoch and not self.job.is_out


class Discovery:
    """Finds what is new in all folders of a pull, some windows at a time."""

    def __init__(self, session: Session, jobs: Iterable[Job]) -> None:
        """Take the folders in the order in which they shall be looked into."""
        self.session = session
        self.todo: deque[Job] = deque(jobs)
        self.depth = 20 if session.profile.depth > 1 else 1
        self._asked: deque[_Asked] = deque()
        self._opened: bytes | None = None
        self._waiting: list[ledger.New] = []
        self._scanned: list[Job] = []
        self._touched: list[Job] = []
        self._splits = 0
        self._awaited: Job | None = None
        self._broke_at: Job | None = None
        self.answered = 0
        self.left_out: list[Job] = []
        self._known: dict[Job, generations.Known] = {}
        self._lost: bool | None = None

    @property
    def is_done(self) -> bool:
        """Whether every folder was looked into."""
        return not self.todo and not self._asked

    def is_through(self, job: Job) -> bool:
        """Whether nothing more is to be found in this folder in this pull."""
        waits = job in self.todo or job in self._touched or self._is_asked(job)
        return job.opened and not waits

    def step(self, source: ImapSource) -> list[Job]:
        """Look into the next folders; those whose mail can be fetched now.

        What was asked and not answered, because the connection broke, is asked again by the
        next call.
        """
        self._opened = None
        self._ask_numbers(source)
        while self.todo and len(self._asked) < GROUP:
            job = self.todo[0]
            if job.is_all and (self._touched or self._asked):
                # What lies elsewhere has to be here before.
                break
            if not job.opened and not job.is_out:
                self._open(source, job)
            if job not in self._touched:
                self._touched.append(job)
            self._ask(source, job)
            if job.ranges:
                break
            self.todo.popleft()
        self._survey(source)
        self._flush()
        touched, self._touched = self._touched, []
        return [job for job in touched if not job.is_out]

    def _ask(self, source: ImapSource, job: Job) -> None:
        """Line up the next windows of a folder; one at a time where some are refused."""
        while job.ranges and len(self._asked) < GROUP:
            self._asked.append(self._next(source, job))
            if job.is_narrow:
                return

    def broke(self, line: str) -> None:
        """The connection broke; a folder at which it does so twice is left out of this pull."""
        job, self._awaited = self._awaited, None
        if job is not None and job is self._broke_at:
            job.refused = line
            job.ranges.clear()
            self.left_out.append(job)
        self._broke_at = job

    # Numbers

    def _ask_numbers(self, source: ImapSource) -> None:
        """Open the next folders whose numbers are not known yet, all at once."""
        unknown = [
            job
            for job in list(self.todo)[:100]
            if not job.is_out and (job.status is None or not job.status.uidnext)
        ]
        unknown = [job for job in unknown if not job.opened]
        if not unknown:
            return
        self.session.publish(phase="discovering", folder_name=unknown[0].box.name)
        surveys = [Survey(job.box.raw_name) for job in unknown]
        answers = source.survey(surveys, depth=self.depth)
        self._awaited = unknown[0]
        for number, (job, answer) in enumerate(zip(unknown, answers, strict=True), 1):
            self._awaited = unknown[number] if number < len(unknown) else None
            self.answered += 1
            if answer.status is None:
                self.refuse(job, answer)
            else:
                job.status = answer.status

    def _open(self, source: ImapSource, job: Job) -> None:
        """Decide what of the folder is to be scanned."""
        job.opened = True
        status = job.status
        if status is None:
            return
        if job.row.uidvalidity is None and self._some_are_lost():
            generations.recognise(self.session, source, job, depth=self.depth)
        if generations.lost_meaning(source, job, depth=self.depth):
            generations.turn(self.session, job)
        if job.again:
            job.nothing_above = self._ends_below(source, job)
        self._known.pop(job, None)
        if job.row.generation > 1 and (known_again := generations.load(job.row)) is not None:
            self._known[job] = known_again
        first, last = job.row.uidnext_scanned, plan.MAX_UID
        if status.uidnext:
            last = status.uidnext - 1
        job.ranges.clear()
        job.told = 0
        if not status.messages or first > last:
            self._scanned.append(job)
            return
        wide = status.messages > plan.WINDOW and _is_wide(first, last, status.messages)
        known = None if wide or job.again or job.is_fresh else self._ends(job.row, first)
        job.position = status.messages if wide else None
        job.resumed = known is not None
        if known is None:
            job.ranges.append((first, last, False))
        else:
            lowest, highest = known
            job.ranges += [
                one
                for one in ((highest + 1, last, True), (first, lowest - 1, False))
                if one[0] <= one[1]
            ]
        if not job.ranges:
            self._scanned.append(job)

    def _some_are_lost(self) -> bool:
        """Whether any folder is not listed any more, which one may be under a new name."""
        if self._lost is None:
            self._lost = remote_folders.some_are_lost(self.session.task)
        return self._lost

    def _ends_below(self, source: ImapSource, job: Job) -> bool:
        """Whether the last message lies below the watermark: mail may come and go unseen."""
        self._opened = None
        try:
            last = source.examine(job.box.raw_name).messages
            uid = source.uid_at(last) if last else 0
        except Refused:
            return False
        return uid is not None and uid < job.row.uidnext_scanned

    @staticmethod
    def _ends(row: RemoteFolder, first: int) -> tuple[int, int] | None:
        """The ends of what is in the ledger above the watermark."""
        found = ledger.of(row).filter(uid__gte=first).aggregate(Min("uid"), Max("uid"))
        lowest, highest = found["uid__min"], found["uid__max"]
        return None if lowest is None else (lowest, highest)

    def _next(self, source: ImapSource, job: Job) -> _Asked:
        """The next window: a thousand UIDs, or the thousand messages up to there.

        Where UIDs have wide gaps (some servers make them of the time), windows end where the
        thousandth message lies, so that empty stretches cost nothing. The places of messages may
        shift while this goes on; the windows join without a gap all the same.
        """
        lo, hi, upwards = job.ranges[0]
        if job.status is not None and job.status.messages <= plan.WINDOW:
            low, high = lo, hi
        elif job.position is not None:
            low, high = self._lowest(source, job, lo, hi), hi
        elif upwards:
            low, high = lo, min(hi, lo + plan.WINDOW - 1)
        else:
            low, high = max(lo, hi - plan.WINDOW + 1), hi
        job.ranges.popleft()
        rest = (high + 1, hi, True) if upwards else (lo, low - 1, False)
        if rest[0] <= rest[1]:
            job.ranges.appendleft(rest)
        survey = Survey(job.box.raw_name, low, high, message_ids=job in self._known)
        return _Asked(job, job.epoch, survey, upwards)

    def _lowest(self, source: ImapSource, job: Job, lo: int, hi: int) -> int:
        if self._opened != job.box.raw_name:
            source.examine(job.box.raw_name)
            self._opened = job.box.raw_name
        position = (job.position or 0) - plan.WINDOW
        uid = source.uid_at(position + 1) if position > 0 else None
        job.position = position
        return uid if uid is not None and lo <= uid <= hi else lo

    # Windows

    def _survey(self, source: ImapSource) -> None:
        asked = [one for one in self._asked if one.counts]
        self._asked = deque(asked)
        if not asked:
            return
        self.session.publish(phase="discovering", folder_name=asked[0].job.box.name)
        answers = source.survey([one.survey for one in asked], depth=self.depth)
        self._awaited = asked[0].job
        for one, answer in zip(asked, answers, strict=True):
            self._asked.popleft()
            self._awaited = self._asked[0].job if self._asked else None
            self.answered += 1
            if one.counts:
                self._take(one.job, answer, upwards=one.upwards)
            if len(self._waiting) >= WAITING:
                self._flush()

    def _take(self, job: Job, answer: Surveyed, *, upwards: bool) -> None:
        if answer.status is None:
            self.refuse(job, answer)
            return
        if answer.status.uidvalidity not in (0, job.row.uidvalidity):
            # It changed since the list, or the list was wrong: what the mailbox says counts.
            self._reopen(job, answer)
            return
        if answer.refusal is not None:
            self._divide(job, answer, upwards=upwards)
        else:
            self._record(job, answer.metas)
        if not job.ranges and not job.is_out and not self._is_asked(job):
            self._scanned.append(job)

    def _is_asked(self, job: Job) -> bool:
        return any(one.job is job and one.epoch == job.epoch for one in self._asked)

    def _reopen(self, job: Job, answer: Surveyed) -> None:
        job.epoch += 1
        job.reopened += 1
        if job.reopened > 2:
            job.refused = "UIDVALIDITY changed twice"
            return
        job.status, job.opened = answer.status, False
        job.ranges.clear()
        self._put_back(job)

    def _put_back(self, job: Job) -> None:
        if job not in self.todo:
            self.todo.appendleft(job)

    def _divide(self, job: Job, answer: Surveyed, *, upwards: bool) -> None:
        """A window that is refused is asked about in halves, down to the message that is why.

        What was asked behind it is asked again after it: a scan that is cut short goes on at the
        ends of what it entered, so nothing between them may be missing.
        """
        lo, hi = answer.survey.lo, answer.survey.hi
        self._splits += 1
        if lo == hi:
            # Whatever lies there: its body shows.
            self._record(job, [RemoteMeta(lo, None, None, frozenset(), "")])
        elif self._splits > MOST_SPLITS or job.position is not None:
            self.refuse(job, answer)
        else:
            middle = (lo + hi) // 2
            halves = [(lo, middle, upwards), (middle + 1, hi, upwards)]
            behind = [
                (one.survey.lo, one.survey.hi, one.upwards)
                for one in self._asked
                if one.job is job and one.counts
            ]
            ordered = [*(halves if upwards else reversed(halves)), *behind]
            job.ranges.extendleft(reversed(ordered))
            job.epoch += 1
            job.is_narrow = True
            self._put_back(job)

    def refuse(self, job: Job, answer: Surveyed) -> None:
        """A folder the server will not show holds up no other; after a while it is left alone."""
        line = answer.refusal.server_line if answer.refusal else ""
        self.set_aside(job, line)

    def set_aside(self, job: Job, line: str) -> None:
        """Ask nothing more of a folder in this pull, and look for it less often if it lasts."""
        log.info("folder %s of task %s refused: %s", job.row.pk, job.row.task_id, line)
        job.refused = line or "refused"
        job.ranges.clear()
        self.session.expect(-job.estimate)
        job.estimate = 0
        row = job.row
        row.refusals += 1
        row.cause_text = line
        if row.refusals >= PARK_AFTER:
            row.state = RemoteFolderState.PARKED
            row.parked_until = self.session.clock() + PARK_FOR
        fields = ["refusals", "cause_text", "state", "parked_until"]
        self.session.settle(lambda: row.save(update_fields=fields))

    # Rows

    def _record(self, job: Job, metas: list[RemoteMeta]) -> None:
        """Enter what was told and is not known, with its first verdict."""
        job.told += len(metas)
        if not metas:
            return
        known: set[int] = set()
        if not job.is_fresh:
            window = ledger.of(job.row).filter(uid__range=(metas[0].uid, metas[-1].uid))
            known.update(window.values_list("uid", flat=True))
        fresh = [meta for meta in metas if meta.uid not in known]
        if not fresh:
            return
        rows = [ledger.New.of(job.row, meta, max_size=max_size()) for meta in fresh]
        rows = generations.matched(job.row, rows, self._known.get(job))
        if job.is_all:
            rows = resolve.placed_elsewhere(self.session.task, rows)
        self._waiting += rows

    def _flush(self) -> None:
        """Enter the rows and, with the last of a folder, raise its watermark: one transaction."""
        rows, scanned = self._waiting, self._scanned
        self._waiting, self._scanned = [], []
        if not rows and not scanned:
            return
        states = [row.state for row in rows]
        pending, linked = states.count(RemoteState.PENDING), states.count(RemoteState.LINKED)

        def write() -> None:
            ledger.insert(rows)
            for job, known in self._known.items():
                if known.doubtful:
                    generations.doubt(job.row, known)
            for job in scanned:
                self._known.pop(job, None)
                watermark.rise(job)
            generations.note(self._touched)

        sizes = sum(row.size or 0 for row in rows if row.state == RemoteState.PENDING)
        self.session.settle(
            write, found=len(rows), linked=linked, skipped=len(rows) - pending - linked
        )
        self.session.expect(len(rows), sizes)
        for job in scanned:
            self.session.expect(-job.estimate)
            job.estimate = 0
            if not job.scanned and not job.again:
                # Some servers answer OK and nothing else while they are in trouble.
                job.again, job.opened = True, False
                self._put_back(job)


def _is_wide(first: int, last: int, messages: int) -> bool:
    return last - first >= 4 * plan.WINDOW + 2 * messages
