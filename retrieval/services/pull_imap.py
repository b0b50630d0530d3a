"""Pulling an IMAP account: discover into the ledger, fetch what is open, settle in batches.

A UID leaves ``pending`` only in the transaction that stores its message, or when the server
showed that it is gone. Design: discover, store batch, watermark from a snapshot taken before
the scan (RFC 3501 section 2.3.1.1).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from django.db.models import QuerySet

from mailstore.models import Folder, Message
from protocols.errors import Refused
from protocols.imap import FetchedMessage, ImapSource, MailboxStatus, RemoteMeta
from retrieval import plan
from retrieval.models import RemoteFolder, RemoteMessage, RemoteState
from retrieval.services import remote_folders
from retrieval.services.session import Fetched, Session, max_size

FETCH_CHUNK = 500
MAX_ATTEMPTS = 3
_WAITS = (timedelta(0), timedelta(hours=1), timedelta(hours=24))
log = logging.getLogger(__name__)


def pull(session: Session, source: ImapSource) -> bool:
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
    for box in listed:
        if session.over():
            return False
        place = plan.place(box, at_root=at_root, strip_inbox=strip)
        job = FolderJob(session, source, rows[box.raw_name], box, place)
        if not job.run(statuses[box.raw_name]):
            return False
        session.count(folders=1)
    session.publish(phase="done", folder_name="")
    return True


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

    def run(self, listed: MailboxStatus | None) -> bool:
        """Discover and fetch; False when the slice ended before the folder was done."""
        if listed is not None and self._nothing_new(listed):
            self._checked(listed)
            return True
        try:
            status = self.source.examine(self.box.raw_name)
            self._turn_generation(status)
            self._discover(status)
            done = self._fetch_pending()
        except Refused as error:
            log.info("folder %s of task %s refused: %s", self.row.pk, self.row.task_id, error)
            RemoteFolder.objects.filter(pk=self.row.pk).update(cause_text=error.server_line)
            return True
        if done:
            self._checked(status)
        return done

    def _nothing_new(self, status: MailboxStatus) -> bool:
        """Whether the folder can be passed over without opening it."""
        if status.messages == 0 and self.row.uidvalidity is None:
            # Opened once all the same, so that an empty folder appears here too (A86).
            remote_folders.local_folder(self.session.task, self.row, self.place)
            return True
        same = status.uidvalidity == self.row.uidvalidity and status.uidnext > 0
        return same and status.uidnext == self.row.uidnext_scanned and not self._pending().exists()

    def _checked(self, status: MailboxStatus) -> None:
        RemoteFolder.objects.filter(pk=self.row.pk).update(
            server_count=status.messages, checked_at=self.session.clock(), cause_text=""
        )

    def _turn_generation(self, status: MailboxStatus) -> None:
        """Start the ledger of the folder anew when its UIDs lost their meaning."""
        if self.row.uidvalidity == status.uidvalidity:
            return
        if self.row.uidvalidity is not None:
            self.row.generation += 1
        self.row.uidvalidity = status.uidvalidity
        self.row.uidnext_scanned = 1
        self.session.settle(
            lambda: self.row.save(update_fields=["uidvalidity", "generation", "uidnext_scanned"])
        )

    # Discovery

    def _discover(self, status: MailboxStatus) -> None:
        """Ledger rows for every UID up to the snapshot, newest first, then the watermark."""
        self.session.publish(phase="discovering", folder_name=self.box.name)
        last = status.uidnext - 1 if status.uidnext else plan.MAX_UID
        if status.messages and self.row.uidnext_scanned <= last:
            ranges = (
                plan.windows(self.row.uidnext_scanned, last)
                if status.uidnext
                else iter([(self.row.uidnext_scanned, last)])
            )
            for lo, hi in ranges:
                self._record(self.source.scan(lo, hi))
        if not status.uidnext:
            known = self._ledger().order_by("-uid").values_list("uid", flat=True).first()
            last = known or 0
        if last + 1 != self.row.uidnext_scanned:
            self.row.uidnext_scanned = last + 1
            self.session.settle(lambda: self.row.save(update_fields=["uidnext_scanned"]))

    def _record(self, metas: Sequence[RemoteMeta]) -> None:
        known = set(
            self._ledger()
            .filter(uid__in=[meta.uid for meta in metas])
            .values_list("uid", flat=True)
        )
        fresh = [self._row_of(meta) for meta in metas if meta.uid not in known]
        if not fresh:
            return
        placed = self._placed_elsewhere(fresh)
        for row in fresh:
            if row.server_id in placed and row.state == RemoteState.PENDING:
                row.state = RemoteState.LINKED
        pending = sum(row.state == RemoteState.PENDING for row in fresh)
        linked = sum(row.state == RemoteState.LINKED for row in fresh)
        self.session.settle(
            lambda: _insert(fresh),
            found=len(fresh),
            linked=linked,
            skipped=len(fresh) - pending - linked,
        )

    def _row_of(self, meta: RemoteMeta) -> RemoteMessage:
        return RemoteMessage(
            folder=self.row,
            generation=self.row.generation,
            uid=meta.uid,
            state=plan.first_verdict(meta.size, meta.flags, max_size=max_size()),
            size=meta.size,
            internal_at=meta.internal_at,
            flags=plan.kept_flags(meta.flags),
            server_id=meta.server_id[:64],
        )

    def _placed_elsewhere(self, rows: Sequence[RemoteMessage]) -> set[str]:
        """Server ids that already have their place here, when this folder shows everything."""
        ids = {row.server_id for row in rows if row.server_id}
        if self.box.role != "all" or not ids:
            return set()
        stored = RemoteMessage.objects.filter(
            folder__task=self.session.task, server_id__in=ids, state=RemoteState.STORED
        )
        return set(stored.values_list("server_id", flat=True))

    # Fetching

    def _fetch_pending(self) -> bool:
        """Fetch what is open, newest first; False when the slice ended before."""
        folder = remote_folders.local_folder(self.session.task, self.row, self.place)
        self.session.publish(phase="fetching", folder_name=self.box.name)
        while rows := list(self._pending().order_by("-uid")[:FETCH_CHUNK]):
            self._fetch(rows, folder)
            if self.session.over():
                return False
        return True

    def _fetch(self, rows: list[RemoteMessage], folder: Folder) -> None:
        by_uid = {row.uid: row for row in rows}
        sizes = {row.uid: row.size for row in rows if row.size is not None}
        arrived: set[int] = set()
        for batch in self.source.fetch(list(by_uid), sizes=sizes):
            good = [one for one in batch if one.body.size]
            if good:
                self._store(good, by_uid, folder)
                arrived.update(one.uid for one in good)
        absent = [row for uid, row in by_uid.items() if uid not in arrived]
        if absent:
            self._settle_absent(absent)

    def _store(
        self, batch: list[FetchedMessage], by_uid: dict[int, RemoteMessage], folder: Folder
    ) -> None:
        """Store one batch; what an earlier generation already brought here is only linked."""
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

    def _earlier(self, batch: list[FetchedMessage]) -> dict[int, RemoteMessage]:
        """Rows of earlier generations with the same bytes, each used for one message only."""
        if self.row.generation == 1:
            return {}
        hashes = {one.body.sha256 for one in batch}
        old = RemoteMessage.objects.filter(
            folder=self.row, generation__lt=self.row.generation, sha256__in=hashes
        )
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
        """Messages that were asked for and did not come: gone, or to be asked for again."""
        uids = [row.uid for row in rows]
        still = {meta.uid for meta in self.source.scan(min(uids), max(uids))}
        quarantined = 0
        for row in rows:
            if row.uid not in still:
                row.state = RemoteState.VANISHED
                continue
            row.attempts += 1
            row.error = "The server listed this message but sent no content."
            if row.attempts >= MAX_ATTEMPTS:
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
    row.size = one.body.size
    row.message_id = earlier.message_id if earlier else message.pk if message else None
    return row


def _insert(rows: list[RemoteMessage]) -> None:
    RemoteMessage.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def _update(rows: list[RemoteMessage]) -> None:
    """One statement for many rows: an insert that meets its own key."""
    RemoteMessage.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=["state", "size", "sha256", "message", "attempts", "next_try_at", "error"],
        batch_size=500,
    )
