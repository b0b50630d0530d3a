"""What a remote folder holds, entered into the ledger before anything is fetched.

The watermark (``uidnext_scanned``) comes from a snapshot taken before the scan (RFC 3501 section
2.3.1.1) and moves only when the ledger accounts for every message the server said it has.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import F, QuerySet

from protocols.imap import ImapSource, MailboxStatus, RemoteMeta
from retrieval import plan
from retrieval.models import RemoteFolder, RemoteMessage, RemoteState
from retrieval.services.session import Session, max_size

SAMPLE = 50
log = logging.getLogger(__name__)


class Discovery:
    """Finds what is new in one folder that is open."""

    def __init__(
        self, session: Session, source: ImapSource, row: RemoteFolder, box: plan.Mailbox
    ) -> None:
        self.session = session
        self.source = source
        self.row = row
        self.box = box

    def run(self, status: MailboxStatus) -> None:
        """Ledger rows for every UID up to the snapshot, newest first, then the watermark."""
        self.session.publish(phase="discovering", folder_name=self.box.name)
        if self._uids_lost_meaning(status):
            self._turn_generation(status)
        last = status.uidnext - 1 if status.uidnext else plan.MAX_UID
        if status.messages and self.row.uidnext_scanned <= last:
            for lo, hi in self._ranges(self.row.uidnext_scanned, last, status.messages):
                self._record(self.source.scan(lo, hi))
            if self._ledger().count() < status.messages:
                log.warning("folder %s: fewer messages told than there are", self.row.pk)
                return
        if not status.uidnext:
            known = self._ledger().order_by("-uid").values_list("uid", flat=True).first()
            last = known or 0
        if last + 1 > self.row.uidnext_scanned:
            self.row.uidnext_scanned = last + 1
            self.session.settle(lambda: self.row.save(update_fields=["uidnext_scanned"]))

    def _uids_lost_meaning(self, status: MailboxStatus) -> bool:
        """Whether a UID may stand for another message than before.

        A new UIDVALIDITY says so. UIDNEXT never goes back either (RFC 3501 section 2.3.1.1):
        where it does, the server answers from an old copy, or it was restored from one and gives
        its numbers out again, which the messages themselves tell apart.
        """
        if self.row.uidvalidity != status.uidvalidity:
            return True
        if not 0 < status.uidnext < self.row.uidnext_scanned:
            return False
        told = self.source.scan(max(1, status.uidnext - plan.WINDOW), status.uidnext - 1)
        return contradicts(self._ledger(), told) or False

    def _turn_generation(self, status: MailboxStatus) -> None:
        """Start the ledger of the folder anew; what is here already will only be linked."""
        if self.row.uidvalidity is not None:
            self.row.generation += 1
        self.row.uidvalidity = status.uidvalidity
        self.row.uidnext_scanned = 1
        self.session.settle(
            lambda: self.row.save(update_fields=["uidvalidity", "generation", "uidnext_scanned"])
        )

    def _ranges(self, lo: int, hi: int, messages: int) -> Iterator[tuple[int, int]]:
        """Windows that cover all of [lo, hi], newest first, with some thousand messages at most.

        Where UIDs have wide gaps (some servers make them of the time), the windows end where the
        thousandth message lies, so that empty stretches cost nothing. The places of messages may
        shift while this goes on; the windows join without a gap all the same.
        """
        if hi - lo < 4 * plan.WINDOW + 2 * messages:
            yield from plan.windows(lo, hi)
            return
        place = messages
        while hi >= lo:
            place -= plan.WINDOW
            uid = self.source.uid_at(place + 1) if place > 0 else None
            low = uid if uid is not None and lo <= uid <= hi else lo
            yield low, hi
            hi = low - 1

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
            # Half an id would name two messages.
            server_id=meta.server_id if len(meta.server_id) <= 64 else "",
        )

    def _placed_elsewhere(self, rows: Sequence[RemoteMessage]) -> set[str]:
        """Server ids that already have their place here, when this folder shows everything."""
        ids = {row.server_id for row in rows if row.server_id}
        if self.box.role != "all" or not ids:
            return set()
        stored = RemoteMessage.objects.filter(
            folder__task=self.session.task,
            generation=F("folder__generation"),
            server_id__in=ids,
            state=RemoteState.STORED,
        )
        return set(stored.values_list("server_id", flat=True))

    def _ledger(self) -> QuerySet[RemoteMessage]:
        return RemoteMessage.objects.filter(folder=self.row, generation=self.row.generation)


def contradicts(ledger: QuerySet[RemoteMessage], told: Sequence[RemoteMeta]) -> bool | None:
    """Whether the server tells other things of known UIDs than before; None: it tells nothing."""
    known: dict[int, tuple[int | None, datetime | None]] = {
        uid: (size, date)
        for uid, size, date in ledger.filter(uid__in=[meta.uid for meta in told]).values_list(
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


def _insert(rows: list[RemoteMessage]) -> None:
    RemoteMessage.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
