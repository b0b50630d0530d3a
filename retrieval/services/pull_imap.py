"""Pulling an IMAP account: discover into the ledger, fetch what is open, settle in batches.

A UID leaves ``pending`` only in the transaction that stores its message, or when the server
showed twice that it is gone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_noop

from mailstore.models import Folder, Message
from protocols.errors import Refused
from protocols.imap import FetchedMessage, ImapSource, MailboxStatus
from retrieval import plan
from retrieval.models import RemoteFolder, RemoteMessage, RemoteState
from retrieval.services import remote_folders
from retrieval.services.discovery import Discovery, contradicts
from retrieval.services.session import Fetched, Session

FETCH_CHUNK = 500
MAX_ATTEMPTS = 3
_WAITS = (timedelta(0), timedelta(hours=1), timedelta(hours=24))
_WITHHELD = gettext_noop("The server listed this message but sent no content.")
_ABSENT = gettext_noop("The server sent no content and does not list this message any more.")
log = logging.getLogger(__name__)


def pull(session: Session, open_source: Callable[[], ImapSource]) -> bool:
    """Bring over everything new of every folder; ``open_source`` signs in."""
    with open_source() as source:
        return _pull(session, source)


def _pull(session: Session, source: ImapSource) -> bool:
    """Bring over everything new of every folder.

    Returns:
        True when all folders were done, False when the slice ended before.
    """
    session.publish(phase="listing")
    mailboxes = source.list_folders()
    listed = plan.order(remote_folders.planned(mailboxes))
    rows = remote_folders.sync(session.task, listed)
    statuses = {box.raw_name: box.status for box in mailboxes}
    strip = plan.has_inbox_prefix(listed)
    at_root = session.task.transfer == "root"
    waiting = _with_pending(session)
    quiet: list[int] = []
    for box in listed:
        if session.over():
            return False
        place = plan.place(box, at_root=at_root, strip_inbox=strip)
        job = FolderJob(session, source, rows[box.raw_name], box, place)
        status = statuses[box.raw_name]
        if status is not None and job.row.pk not in waiting and job.nothing_new(status):
            quiet.append(job.row.pk)
        elif not job.run():
            return False
        session.count(folders=1)
    # One statement for all: mailboxes with a thousand folders exist.
    RemoteFolder.objects.filter(pk__in=quiet).update(checked_at=session.clock())
    session.publish(phase="done", folder_name="")
    return True


def _with_pending(session: Session) -> set[int]:
    """Ids of the folders that have something to be asked for (again)."""
    due = Q(next_try_at=None) | Q(next_try_at__lte=session.clock())
    rows = RemoteMessage.objects.filter(
        due,
        folder__task=session.task,
        state=RemoteState.PENDING,
        generation=F("folder__generation"),
    )
    return set(rows.values_list("folder_id", flat=True).distinct())


class FolderJob:
    """One folder of one pull. A refusal here is this folder's business, never the account's."""

    def __init__(
        self,
        session: Session,
        source: ImapSource,
        row: RemoteFolder,
        box: plan.Mailbox,
        place: plan.Place,
    ) -> None:
        self.session = session
        self.source = source
        self.row = row
        self.box = box
        self.place = place

    def run(self) -> bool:
        """Discover and fetch; False when the slice ended before the folder was done."""
        try:
            status = self.source.examine(self.box.raw_name)
            if self.row.uidvalidity is None:
                self._recognise(status)
            Discovery(self.session, self.source, self.row, self.box).run(status)
            done = self._fetch_pending()
        except Refused as error:
            log.info("folder %s of task %s refused: %s", self.row.pk, self.row.task_id, error)
            RemoteFolder.objects.filter(pk=self.row.pk).update(cause_text=error.server_line)
            return True
        if done:
            self._checked(status)
        return done

    def nothing_new(self, status: MailboxStatus) -> bool:
        """Whether the folder can be passed over without opening it, if nothing is pending."""
        if status.messages == 0 and self.row.uidvalidity is None:
            # Opened once all the same, so that an empty folder appears here too (A86).
            remote_folders.local_folder(self.session.task, self.row, self.place)
            return True
        same = status.uidvalidity == self.row.uidvalidity and status.uidnext > 0
        known = same and status.uidnext == self.row.uidnext_scanned
        if known and (self.row.server_count != status.messages or self.row.cause_text):
            self._checked(status)
        return known

    def _recognise(self, status: MailboxStatus) -> None:
        """Go on with the ledger of a folder that only has a new name here.

        A name that is no longer listed, with the same UIDVALIDITY and the same messages under
        the same UIDs, was renamed; its mail is here.
        """
        for lost in remote_folders.lost(self.session.task, status.uidvalidity):
            ledger = RemoteMessage.objects.filter(folder=lost, generation=lost.generation)
            last = ledger.order_by("-uid").values_list("uid", flat=True).first()
            if last is None or not 0 < last < (status.uidnext or last + 1):
                continue
            told = self.source.scan(max(1, last - plan.WINDOW), last)
            if contradicts(ledger, told) is False:
                self.session.settle(partial(remote_folders.rename, lost, self.row))
                self.row = lost
                return

    def _checked(self, status: MailboxStatus) -> None:
        RemoteFolder.objects.filter(pk=self.row.pk).update(
            server_count=status.messages, checked_at=self.session.clock(), cause_text=""
        )

    # Fetching

    def _fetch_pending(self) -> bool:
        """Fetch what is open, newest first; False when the slice ended before."""
        self._folder()
        self.session.publish(phase="fetching", folder_name=self.box.name)
        refused: Refused | None = None
        for rows in self._chunks():
            try:
                self._fetch(rows)
            except Refused as error:
                if refused is not None:
                    raise
                # What one message meets, the older ones need not.
                refused = error
            if self.session.over():
                return False
        if refused is not None:
            raise refused
        return True

    def _chunks(self) -> Iterator[list[RemoteMessage]]:
        """What is open, each message once however it ends."""
        below = plan.MAX_UID + 1
        while rows := list(self._pending().filter(uid__lt=below).order_by("-uid")[:FETCH_CHUNK]):
            yield rows
            below = rows[-1].uid

    def _folder(self) -> Folder:
        return remote_folders.local_folder(self.session.task, self.row, self.place)

    def _fetch(self, rows: list[RemoteMessage]) -> None:
        by_uid = {row.uid: row for row in rows}
        sizes = {row.uid: row.size for row in rows if row.size is not None}
        arrived: set[int] = set()
        for batch in self.source.fetch(list(by_uid), sizes=sizes):
            good = [one for one in batch if one.body.size]
            if good:
                self._store(good, by_uid)
                arrived.update(one.uid for one in good)
        absent = [row for uid, row in by_uid.items() if uid not in arrived]
        if absent:
            self._settle_absent(absent)

    def _store(self, batch: list[FetchedMessage], by_uid: dict[int, RemoteMessage]) -> None:
        """Store one batch; what was already brought here under another UID is only linked."""
        earlier = self._earlier(batch)
        fresh = [one for one in batch if one.uid not in earlier]
        linked = [
            _settled(by_uid[one.uid], one, earlier[one.uid]) for one in batch if one.uid in earlier
        ]
        if linked:
            self.session.settle(lambda: _update(linked), linked=len(linked))
        if not fresh:
            return

        def settle(messages: list[Message]) -> None:
            _update(
                [
                    _settled(by_uid[one.uid], one, None, message)
                    for one, message in zip(fresh, messages, strict=True)
                ]
            )

        def store() -> None:
            folder = self._folder()
            self.session.store(
                [
                    Fetched(
                        body=one.body,
                        folder=folder,
                        internal_at=one.internal_at or by_uid[one.uid].internal_at,
                        flags=frozenset(plan.kept_flags(one.flags)),
                    )
                    for one in fresh
                ],
                screen=self.session.task.filter_enabled and self.box.role == "inbox",
                settle=settle,
            )

        try:
            store()
        except Folder.DoesNotExist:
            # Deleted here while the batch was on its way; it is made again.
            self.row.local = None
            store()

    def _earlier(self, batch: list[FetchedMessage]) -> dict[int, RemoteMessage]:
        """Rows with the same bytes that already have their place, each used for one message only.

        These are the rows of earlier generations and, in a folder that shows everything, those
        of the other folders.
        """
        hashes = {one.body.sha256 for one in batch}
        old = RemoteMessage.objects.filter(sha256__in=hashes)
        if self.box.role == "all":
            elsewhere = Q(generation=F("folder__generation"), state=RemoteState.STORED)
            past = Q(folder=self.row, generation__lt=self.row.generation)
            old = old.filter(
                past | (elsewhere & ~Q(folder=self.row)), folder__task=self.session.task
            )
        elif self.row.generation > 1:
            old = old.filter(folder=self.row, generation__lt=self.row.generation)
        else:
            return {}
        used = RemoteMessage.objects.filter(
            folder=self.row, generation=self.row.generation, sha256__in=hashes
        )
        free: dict[bytes, list[RemoteMessage]] = {}
        for row in old.order_by("generation", "uid"):
            free.setdefault(bytes(row.sha256 or b""), []).append(row)
        for row in used:
            if candidates := free.get(bytes(row.sha256 or b"")):
                candidates.pop(0)
        found: dict[int, RemoteMessage] = {}
        for one in batch:
            if candidates := free.get(one.body.sha256):
                found[one.uid] = candidates.pop(0)
        return found

    def _settle_absent(self, rows: list[RemoteMessage]) -> None:
        """Messages that were asked for and did not come: gone, or to be asked for again.

        Only the second session in which a message is not there proves it gone: there are servers
        that answer OK and nothing else while they are in trouble.
        """
        uids = [row.uid for row in rows]
        still = {meta.uid for meta in self.source.scan(min(uids), max(uids))}
        quarantined = 0
        for row in rows:
            row.attempts += 1
            row.error = _WITHHELD if row.uid in still else _ABSENT
            if row.uid not in still and row.attempts > 1:
                row.state = RemoteState.VANISHED
            elif row.attempts >= MAX_ATTEMPTS:
                row.state = RemoteState.QUARANTINED
                quarantined += 1
            else:
                row.next_try_at = self.session.clock() + _WAITS[row.attempts]
        self.session.settle(lambda: _update(rows), quarantined=quarantined)

    def _ledger(self) -> QuerySet[RemoteMessage]:
        return RemoteMessage.objects.filter(folder=self.row, generation=self.row.generation)

    def _pending(self) -> QuerySet[RemoteMessage]:
        now = self.session.clock()
        rows = self._ledger().filter(state=RemoteState.PENDING)
        return rows.exclude(next_try_at__gt=now)


def _settled(
    row: RemoteMessage,
    one: FetchedMessage,
    earlier: RemoteMessage | None,
    message: Message | None = None,
) -> RemoteMessage:
    row.state = RemoteState.LINKED if earlier else RemoteState.STORED
    row.sha256 = one.body.sha256
    # What the server told stays: its UIDs are known by it.
    row.size = one.body.size if row.size is None else row.size
    row.message_id = earlier.message_id if earlier else message.pk if message else None
    return row


def _update(rows: list[RemoteMessage]) -> None:
    """One statement for many rows: an insert that meets its own key."""
    RemoteMessage.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=["state", "size", "sha256", "message", "attempts", "next_try_at", "error"],
        batch_size=500,
    )
