"""What came over from a maildrop: recognised by its bytes where it is here already, else stored."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from filtering.screen import Screen
from mailstore.models import Folder, FolderRole, Message
from mailstore.services import folders
from protocols.body import Body
from protocols.pop3 import PopEntry
from retrieval.models import PopMessage, PopState
from retrieval.services import pop_ledger
from retrieval.services.pop_ledger import Known
from retrieval.services.session import Fetched, Session

# A body shorter than this share of what was listed may have been cut.
WHOLE = 0.8
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listed:
    """A message of this session's listing and the ledger key it goes by ("" : its content)."""

    entry: PopEntry
    key: str

    @property
    def name(self) -> str:
        """What tells it from the others of its session."""
        return self.key or f"no {self.entry.number}, {self.entry.size}"

    def has_size(self, size: int | None) -> bool:
        """Whether that is the size that is listed, as far as any is."""
        return not self.entry.size or size == self.entry.size


@dataclass(slots=True)
class Arrival:
    """A fetched message and its ledger row."""

    one: Listed
    body: Body
    row: PopMessage

    @property
    def size(self) -> int:
        """What the ledger is to remember: as listed, unless the body is suspiciously short.

        Then it is looked at once more before it may be removed: a server that does not stuff a
        dot, or loses its storage, sends less than there is.
        """
        told = self.one.entry.size
        return told if told and self.body.size >= told * WHOLE else self.body.size


class Arrivals:
    """Settles what is fetched in one session."""

    def __init__(self, session: Session, known: dict[str, Known]) -> None:
        self.session = session
        self.task = session.task
        self.known = known
        self.copies: Counter[str] = Counter()
        # Whether anything may be here that goes by no id; asked for once.
        self._strangers: bool | None = None

    def settle(self, found: Sequence[tuple[Listed, Body]]) -> dict[int, PopMessage]:
        """Store what is new; the ledger row of each message by its number of this session."""
        arrivals = self._rows(found)
        self._compare(arrivals)
        fresh = [one for one in arrivals if one.row.state == PopState.PENDING]
        fresh = self._link(fresh)
        if fresh:
            self._store(fresh)
        return {one.one.entry.number: one.row for one in arrivals}

    def _rows(self, found: Sequence[tuple[Listed, Body]]) -> list[Arrival]:
        """With the ledger rows; without an id a message is known by its content.

        Identical messages without ids are counted: the third copy is the third row.
        """
        keys = {_content(body) for one, body in found if not one.key}
        rows = PopMessage.objects.filter(task=self.task, key__in=keys) if keys else ()
        here = {(row.key, row.copy_no): row for row in rows}
        doubted = [self.known[one.key].pk for one, _ in found if one.key and self._doubted(one)]
        old = PopMessage.objects.in_bulk(doubted)
        arrivals: list[Arrival] = []
        for one, body in found:
            if one.key:
                pk = self.known[one.key].pk
                row = old.get(pk) or PopMessage(pk=pk, task=self.task, key=one.key)
            else:
                key = _content(body)
                copy_no = self.copies[key]
                self.copies[key] += 1
                row = here.get((key, copy_no)) or PopMessage(
                    task=self.task, key=key, copy_no=copy_no
                )
            arrivals.append(Arrival(one, body, row))
        return arrivals

    def _doubted(self, one: Listed) -> bool:
        return self.known[one.key].state != PopState.PENDING

    def _compare(self, arrivals: Sequence[Arrival]) -> None:
        """Give a row of its own to what came under the id, or the size, of something else."""
        same: list[PopMessage] = []
        others: list[int] = []
        for one in arrivals:
            if one.row.pk is None or one.row.sha256 is None:
                continue
            if bytes(one.row.sha256) == one.body.sha256:
                # The same bytes twice: that is what the server has, whatever it lists.
                told = one.one.entry.size or one.body.size
                if one.row.size != told:
                    one.row.size = told
                    same.append(one.row)
            else:
                others.append(one.row.pk)
                one.row = PopMessage(task=self.task, key=one.one.key)
        if not same and not others:
            return

        self._strangers = self._strangers or bool(others)

        def settle() -> None:
            pop_ledger.retire(PopMessage.objects.filter(task=self.task, pk__in=others))
            pop_ledger.save(same)

        self.session.settle(settle)

    def _link(self, fresh: list[Arrival]) -> list[Arrival]:
        """Settle what is here already under an id that is not listed any more; gives the rest."""
        by_content = PopMessage.objects.filter(pop_ledger.BY_CONTENT, task=self.task)
        if self._strangers is None:
            self._strangers = by_content.exists()
        if not self._strangers or not fresh:
            return fresh
        hashes = {one.body.sha256 for one in fresh}
        free: dict[bytes, list[PopMessage]] = {}
        for old in by_content.filter(sha256__in=hashes):
            # Rows by content that were met in this session belong to messages of their own.
            if not self.copies[old.key]:
                free.setdefault(bytes(old.sha256 or b""), []).append(old)
        linked: list[tuple[PopMessage, PopMessage]] = []
        for one in fresh:
            candidates = free.get(one.body.sha256, [])
            like = next(filter(partial(_may_be, one.row), candidates), None)
            if like is not None:
                candidates.remove(like)
                one.row.size = one.size
                linked.append((one.row, like))
        self.link(linked)
        return [one for one in fresh if one.row.state == PopState.PENDING]

    def link(self, pairs: Sequence[tuple[PopMessage, PopMessage]]) -> None:
        """Let rows take the place of older ones that stand for the same messages."""
        if not pairs:
            return
        for row, old in pairs:
            row.state, row.sha256, row.head = PopState.STORED, old.sha256, old.head
            row.message_id = old.message_id

        def settle() -> None:
            PopMessage.objects.filter(pk__in=[old.pk for _, old in pairs]).delete()
            pop_ledger.save([row for row, _ in pairs])

        self.session.settle(settle, linked=len(pairs))

    def _store(self, fresh: Sequence[Arrival]) -> None:
        try:
            self._store_in(self._folder(), fresh)
        except Folder.DoesNotExist:
            # Deleted here while the mail was on its way.
            self.task.destination = None
            self._store_in(self._folder(), fresh)

    def _store_in(self, folder: Folder, fresh: Iterable[Arrival]) -> None:
        fresh = list(fresh)
        screen = Screen.when(self.task.filter_enabled)
        self.session.store(
            [Fetched(body=one.body, folder=folder, screen=screen) for one in fresh],
            settle=partial(self._enter, fresh),
        )

    def _enter(self, fresh: Sequence[Arrival], messages: Sequence[Message]) -> None:
        """The ledger rows of stored messages, in the transaction that stores them."""
        for one, message in zip(fresh, messages, strict=True):
            row = one.row
            row.state, row.sha256, row.size = PopState.STORED, one.body.sha256, one.size
            row.message_id = message.pk
            row.error, row.next_try_at = "", None
            if self.task.leave_on_server:
                row.head = pop_ledger.head_of(next(one.body.chunks(), b""))
            if row.size != one.one.entry.size:
                log.info("task %s: a message differs from its listed size", self.task.pk)
        self.session.count(found=sum(one.row.pk is None for one in fresh))
        pop_ledger.save([one.row for one in fresh])

    def _folder(self) -> Folder:
        return self.task.destination or folders.special(self.task.user, FolderRole.INBOX)


def _may_be(row: PopMessage, old: PopMessage) -> bool:
    """Whether a row can stand for a message met before: not where both were listed at once."""
    return row.pk is None or row.pk > pop_ledger.beside(old)


def _content(body: Body) -> str:
    return f"{pop_ledger.CONTENT}{body.sha256.hex()}"
