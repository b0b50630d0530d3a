"""Batches of bodies on their way, whatever mailbox they lie in.

A server may work on several commands at a time: what it sends for one may come among that of
another, and tagged answers may come late, in any order.  Messages are therefore known by their
UIDs alone, and a batch is done as soon as it is complete.
"""

from collections import deque
from dataclasses import dataclass, field

from protocols.errors import Refused, Stage
from protocols.imap.bodies import STEP, Batch, Pieces, commands, read
from protocols.imap.channel import Channel, Done
from protocols.imap.scan import Numbers
from protocols.imap.values import Arrived, Form, MailboxStatus, Wanted

STRAYS_CAP = 2_000  # bodies nobody asked for, one after another
TAGS_CAP = 64  # commands unanswered at a time


@dataclass(slots=True, eq=False)
class _Opening:
    """An EXAMINE in the stream, shared by the batches behind it."""

    raw_name: bytes
    status: MailboxStatus | None = None
    refusal: Refused | None = None

    @property
    def answered(self) -> bool:
        return self.status is not None or self.refusal is not None


@dataclass(slots=True, eq=False)
class _Order:
    """A batch, the mailbox it lies in, and its commands: those to be sent and those sent."""

    wanted: Wanted
    opening: _Opening
    batch: Batch
    todo: deque[bytes] = field(default_factory=deque)
    tags: set[bytes] = field(default_factory=set)
    refusal: Refused | None = None

    @property
    def turned(self) -> bool:
        """Whether the UIDs mean other messages by now; who tells no number is believed."""
        told = self.opening.status.uidvalidity if self.opening.status else 0
        return bool(told and self.wanted.uidvalidity and told != self.wanted.uidvalidity)

    @property
    def void(self) -> bool:
        """Whether nothing can come of it any more, whatever the server still sends."""
        return self.turned or self.opening.refusal is not None


class Orders:
    """Places orders and hands over what comes of them, in the same sequence."""

    def __init__(self, channel: Channel, *, at_once: bool) -> None:
        """On a channel nobody else uses meanwhile.

        Without `at_once` a command is sent when the one before it was answered, not earlier.
        """
        self.channel = channel
        self._at_once = at_once
        self._waiting: deque[_Order] = deque()
        self._tags: dict[bytes, _Order | _Opening] = {}
        self._last: _Opening | None = None  # of those sent
        self._open: _Opening | None = None  # where responses belong to now
        self._numbers = Numbers()
        self._strays = 0
        self._slowed = False

    def __len__(self) -> int:
        """How many are on their way."""
        return len(self._waiting)

    @property
    def crowded(self) -> bool:
        """Whether the server still owes so many answers that nothing should be sent."""
        return len(self._tags) >= TAGS_CAP

    def place(self, wanted: Wanted) -> None:
        """Order a batch.  One in pieces must be alone on its way."""
        self.channel.wire.limit(STEP, Stage.FETCH)
        opening = self._last
        if opening is None or opening.raw_name != wanted.raw_name or opening.refusal:
            self._last = opening = _Opening(wanted.raw_name)
            self._tags[self._examine(wanted.raw_name)] = opening
        order = _Order(wanted, opening, Batch(wanted.uids, wanted.form))
        if wanted.form is not Form.PIECES:
            order.todo.extend(commands(wanted.uids, wanted.form))
        while self._at_once and order.todo:
            self._send(order)
        self._waiting.append(order)
        self.channel.wire.flush()

    def receive(self) -> Arrived:
        """What came of the oldest order; raises any `MailServerError` but `Refused`."""
        order = self._waiting[0]
        self.channel.wire.limit(STEP, Stage.FETCH)
        while not self._done(order):
            if order.todo and not order.tags and order.opening.answered:
                self._send(order)
                self.channel.wire.flush()
            self._hear()
        if order.wanted.form is Form.PIECES and not order.void and self._filled(order):
            self.finish()
            order.refusal = Pieces(self.channel, order.batch).fetch(order.wanted.uids)
        self._waiting.popleft()
        slowed, self._slowed = self._slowed, False
        if order.void:
            return Arrived(order.wanted, [], order.opening.refusal, order.turned, slowed)
        refusal = order.refusal if self._filled(order) else None
        return Arrived(order.wanted, order.batch.messages(), refusal, slowed=slowed)

    def _done(self, order: _Order) -> bool:
        if not order.opening.answered:
            return False
        # Some servers answer BAD to any FETCH in an empty mailbox, so it is not asked.
        if order.void or (order.batch.full and self._at_once) or not self._filled(order):
            order.todo.clear()
            return self._at_once or not order.tags
        return not order.todo and not order.tags

    @staticmethod
    def _filled(order: _Order) -> bool:
        return order.opening.status is not None and order.opening.status.messages > 0

    def _examine(self, raw_name: bytes) -> bytes:
        return self.channel.send(b"EXAMINE", raw_name, more=True)

    def _send(self, order: _Order) -> None:
        self.channel.wire.limit(STEP, Stage.FETCH)
        tag = self.channel.send(order.todo.popleft(), more=True)
        order.tags.add(tag)
        self._tags[tag] = order

    def _hear(self) -> None:
        """Take in one response."""
        found = self.channel.event()
        if isinstance(found, Done):
            self._answered(found)
            return
        self._numbers.note(found)
        told = read(self.channel, found)
        if told is None:
            return
        meta, sections = told
        here = (each for each in self._waiting if each.opening is self._open and not each.void)
        if any(each.batch.take(meta, sections) for each in here):
            self._strays = 0
            return
        self._strays += bool(sections)
        if self._strays > STRAYS_CAP:
            raise self.channel.wire.broken("bodies nobody asked for")

    def _answered(self, done: Done) -> None:
        about = self._tags.pop(done.tag, None)
        if about is None:
            raise self.channel.wire.broken("unexpected tag")
        refusal: Refused | None = None
        try:
            self.channel.verdict(done)
        except Refused as error:
            refusal = error
        self._slowed = self._slowed or done.slowed
        if isinstance(about, _Order):
            about.tags.discard(done.tag)
            about.refusal = about.refusal or refusal
            return
        about.refusal = refusal
        about.status = None if refusal else self._numbers.status()
        self._open = None if refusal else about
        self._numbers = Numbers()

    def finish(self) -> None:
        """Let the answers that are still owed pass unread, so that the channel can be used."""
        for tag in self._tags:
            self.channel.ignore(tag)
        self._tags.clear()
