"""Pulling an IMAP account: discover into the ledger, fetch what is open, settle in batches.

The folders are listed once; those that changed are looked into and fetched from in one stream. A
UID leaves ``pending`` only in the transaction that stores its message, or when the server showed
twice that it is gone. Where the connection breaks, another one goes on with what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from protocols.errors import Dropped, Hung, MailServerError, ProtocolBroken, TokenExpired
from protocols.imap import ImapSource, MailboxStatus
from retrieval import plan
from retrieval.models import (
    RemoteFolder,
    RemoteFolderState,
    RetrievalTask,
)
from retrieval.services import generations, ledger, left_behind, remote_folders
from retrieval.services.bodies import Bodies
from retrieval.services.boxes import Job, limit_note
from retrieval.services.discovery import Discovery
from retrieval.services.hosts import HeldBack
from retrieval.services.session import BudgetSpent, Session

_AGAIN = (Dropped, Hung, ProtocolBroken, TokenExpired)


def pull(session: Session, open_source: Callable[[], ImapSource]) -> bool:
    """Bring over everything new of every folder.

    Returns:
        True when all folders were done, False when the slice ended before.

    Raises:
        MailServerError: the connection failed, and another one would not help.
        BudgetSpent, FeatureOffError, LeaseLostError: as `Session.store`.
    """
    return _Pull(session, open_source).run()


class _Pull:
    """One pull; what it has to do outlives its connections."""

    def __init__(self, session: Session, open_source: Callable[[], ImapSource]) -> None:
        self.session = session
        self.task = session.task
        self.open_source = open_source
        self.jobs: list[Job] = []
        self.quiet: list[int] = []
        self.discovery = Discovery(session, ())
        self.bodies = Bodies(session, self.discovery)
        self.listed = False
        self.rounds = 0
        self.failure: MailServerError | None = None

    def run(self) -> bool:
        """Go on until everything is done, on as many connections as that takes."""
        try:
            # To connect may have taken all the time: something is brought over all the same.
            while True:
                with self.open_source() as source:
                    try:
                        if not self._work(source):
                            return False
                    except _AGAIN as error:
                        self._broke(error)
                    else:
                        break
                if self.session.over():
                    return False
            self._tell_if_nothing_worked()
            return True
        except (BudgetSpent, HeldBack):
            self.bodies.conclude()
            raise
        finally:
            self._remember_pace()

    def _broke(self, error: MailServerError) -> None:
        if not self.listed:
            # Nothing was learnt from this connection: the next one can wait.
            raise error
        if self.discovery.answered:
            self.bodies.blame.arrived()
        self.discovery.answered = 0
        self.failure = error
        self.discovery.broke(error.server_line or error.cause)
        self.bodies.broke(error)

    def _work(self, source: ImapSource) -> bool:
        if not self.listed:
            self._list(source)
        while True:
            # One round to look, one to fetch: also where listing the folders took all the time,
            # or the next slice would come no further than this one.
            if self.session.over() and self.rounds > 1:
                return False
            self.rounds += 1
            if not self.bodies.fetch(source):
                return False
            self._finish_folders()
            if self.discovery.is_done:
                break
            self.bodies.add(self.discovery.step(source))
        self.session.publish(phase="done", folder_name="")
        return True

    # Folders

    def _list(self, source: ImapSource) -> None:
        session, task = self.session, self.task
        self._note_capabilities(source)
        session.publish(phase="listing")
        mailboxes = source.list_folders()
        listed = plan.order(remote_folders.planned(mailboxes))
        rows = remote_folders.sync(task, listed)
        statuses = {box.raw_name: box.status for box in mailboxes}
        strip = plan.has_inbox_prefix(listed)
        at_root = task.transfer == "root"
        waiting = ledger.folders_with_open(task, now=session.clock())
        former = left_behind.sources(task) if session.backfill else []
        for box in listed:
            place = plan.place(box, at_root=at_root, strip_inbox=strip)
            job = Job(rows[box.raw_name], box, place, statuses[box.raw_name])
            job.first_pass = job.row.server_count is None
            if self._rests(job):
                continue
            if job.row.pk not in waiting and self._nothing_new(job):
                self.quiet.append(job.row.pk)
                session.count(folders=1)
            else:
                job.estimate = _estimate(job)
                number, size = waiting.get(job.row.pk, (0, 0))
                session.expect(job.estimate + number, size)
                self.jobs.append(job)
                left_behind.in_folder(session, job, former)
        # One statement for all: mailboxes with a thousand folders exist.
        if self.quiet:
            RemoteFolder.objects.filter(pk__in=self.quiet).update(checked_at=session.clock())
        self.discovery.todo.extend(self.jobs)
        self.listed = True

    def _rests(self, job: Job) -> bool:
        """Whether a folder that would not open, or keeps renumbering, is left alone for now."""
        row, now = job.row, self.session.clock()
        return row.parked_until is not None and row.parked_until > now

    def _nothing_new(self, job: Job) -> bool:
        """Whether the folder can be passed over without opening it, if nothing is pending."""
        row, status = job.row, job.status
        if status is None:
            return False
        if status.messages == 0 and row.uidvalidity is None:
            # Placed once all the same, so that an empty folder appears here too (A86).
            job.folder(self.task)
            return True
        same = status.uidvalidity == row.uidvalidity and status.uidnext > 0
        known = same and status.uidnext == row.uidnext_scanned
        settled = row.server_count is not None and row.state == RemoteFolderState.ACTIVE
        if known and settled and status.messages != row.server_count:
            self._count_there(row, status)
        return known and settled

    def _count_there(self, row: RemoteFolder, status: MailboxStatus) -> None:
        note = limit_note(self.task.provider_key, status.messages)
        RemoteFolder.objects.filter(pk=row.pk).update(server_count=status.messages, cause_text=note)

    def _note_capabilities(self, source: ImapSource) -> None:
        told = " ".join(sorted(source.capabilities))[:4000]
        if told != self.task.capabilities:
            self.task.capabilities = told
            RetrievalTask.objects.filter(pk=self.task.pk).update(capabilities=told)

    # The end

    def _finish_folders(self) -> None:
        """Note of the folders that are done what is there and what is here."""
        ready = [job for job in self.jobs if not job.is_out and self.discovery.is_through(job)]
        if not ready:
            return
        for job in ready:
            # An empty folder appears here too.
            job.folder(self.task)

        def note() -> None:
            for job, tally in zip(ready, _tallies(ready), strict=True):
                _note(self.session, job, tally)

        self.session.settle(note)
        self.jobs = [job for job in self.jobs if job not in ready]
        self.session.count(folders=len(ready))

    def _tell_if_nothing_worked(self) -> None:
        """Where every folder failed that had something to fetch, it is not the folders.

        Nor is all well where one had to be left out; it is left alone if that lasts.
        """
        for job in self.discovery.left_out:
            self.discovery.set_aside(job, job.refused)
        if self.failure and any(job.row.parked_until is None for job in self.discovery.left_out):
            raise self.failure
        failure, run = self.bodies.failure, self.session.run
        if failure is not None and self.jobs and not run.stored and run.folders == len(self.quiet):
            raise failure

    def _remember_pace(self) -> None:
        pace, task = self.bodies.pace, self.task
        learnt = None if pace.count >= pace.most else pace.count
        if not pace.slowed and learnt != task.batch_size:
            task.batch_size = learnt
            RetrievalTask.objects.filter(pk=task.pk).update(batch_size=learnt)


def _estimate(job: Job) -> int:
    """How many messages a folder will tell of, as far as its numbers say."""
    row, status = job.row, job.status
    if status is None:
        return 0
    if row.uidvalidity != status.uidvalidity or row.uidnext_scanned <= 1:
        return status.messages
    return max(0, min(status.messages, status.uidnext - row.uidnext_scanned))


def _tallies(jobs: Sequence[Job]) -> list[ledger.Tally]:
    """What the ledger holds of these folders; counted in full where that was asked for meanwhile.

    The rows are locked: who opens messages again takes the counts away after that.
    """
    rows = RemoteFolder.objects.select_for_update().filter(pk__in=[job.row.pk for job in jobs])
    noted = {pk for pk, counts in rows.values_list("pk", "counts") if counts}
    held = {job.row: job.counted if job.row.pk in noted else 0 for job in jobs}
    tallies = ledger.tallies(held)
    return [tallies[job.row.pk] for job in jobs]


def _note(session: Session, job: Job, tally: ledger.Tally) -> None:
    row, now = job.row, session.clock()
    lowest = tally.lowest_open
    row.settled_uid = (row.uidnext_scanned if lowest is None else lowest) - 1
    if not job.scanned and row.settled_uid == row.uidnext_scanned - 1:
        # Something above was counted, and will be looked for again: then all is counted anew.
        row.settled_uid = 0
    row.counts = tally.counts
    if job.status is not None and (job.scanned or row.uidnext_scanned <= 1):
        # What a later scan is measured by; where mail was kept back it still has to be found.
        row.server_count = job.status.messages
    row.checked_at = now
    row.refusals = 0
    if row.state == RemoteFolderState.PARKED or not plan.is_restless(row.turned_at, now=now):
        row.state, row.parked_until = RemoteFolderState.ACTIVE, None
    elif row.state == RemoteFolderState.UNSTABLE:
        row.parked_until = now + generations.UNSTABLE_PAUSE
    row.cause_text = job.note(session.task.provider_key)
    row.save(
        update_fields=[
            "settled_uid", "counts", "server_count", "checked_at", "refusals", "state",
            "parked_until", "cause_text",
        ]
    )  # fmt: skip
