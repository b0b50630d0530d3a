"""Asking for bodies in one of their forms, and putting together what comes."""

from collections.abc import Iterable, Iterator
from itertools import chain

from protocols.body import Body
from protocols.errors import Refused, Stage
from protocols.imap import messages
from protocols.imap.arguments import uid_sets
from protocols.imap.channel import LITERAL_CAP, Channel
from protocols.imap.messages import Section
from protocols.imap.parse import Parts, line
from protocols.imap.values import FetchedMessage, Form, RemoteMeta

STEP = 60.0
PIECE = 1 << 20
BATCH_CAP = LITERAL_CAP  # bytes after which a batch takes no more, whatever sizes were told
_ITEMS = {
    Form.WHOLE: b"BODY.PEEK[]",
    Form.HALVES: b"BODY.PEEK[HEADER] BODY.PEEK[TEXT]",
    Form.PIECES: b"BODY.PEEK[]<%d.%d>",
}


def commands(uids: Iterable[int], form: Form) -> Iterator[bytes]:
    """The commands that ask for these bodies, whole or in halves, each of a bearable length."""
    for text, _ in uid_sets(list(uids)):
        yield b"UID FETCH %b (UID FLAGS INTERNALDATE %b)" % (text, _ITEMS[form])


class Batch:
    """The bodies of one batch as they arrive; only what was asked for is kept."""

    def __init__(self, uids: tuple[int, ...], form: Form) -> None:
        self.form = form
        self._uids = uids
        self._missing = set(uids)
        self._arrived: dict[int, FetchedMessage] = {}
        self.size = 0  # bytes of what arrived

    @property
    def full(self) -> bool:
        """Whether everything is there."""
        return not self._missing

    def messages(self) -> list[FetchedMessage]:
        """What arrived, in the order of the batch; what the server withheld is left out."""
        return [self._arrived[uid] for uid in self._uids if uid in self._arrived]

    def take(self, meta: RemoteMeta, sections: list[Section]) -> bool:
        """Keep the body of a response if this batch waits for it.

        What comes beyond `BATCH_CAP` is let go as if it had been withheld.
        """
        if meta.uid not in self._missing:
            return False
        body = _joined(sections) if self.form is Form.HALVES else _whole(sections)
        if body is not None and self.size < BATCH_CAP:
            self.keep(meta, body)
        return body is not None

    def keep(self, meta: RemoteMeta, body: Body) -> None:
        """Keep the body of a message."""
        self._missing.discard(meta.uid)
        self.size += body.size
        self._arrived[meta.uid] = FetchedMessage(meta.uid, body, meta.flags, meta.internal_at)


def read(channel: Channel, parts: Parts) -> tuple[RemoteMeta, list[Section]] | None:
    """A FETCH response that carries bytes; raises `ProtocolBroken` where its form is wrong."""
    if len(parts) == 1 and b"BODY[" not in line(parts, 0).upper():
        return None
    meta = messages.fetch_meta(parts)
    if meta is None or not messages.whole(parts):
        raise channel.wire.broken("FETCH response not understood")
    return meta, list(messages.sections(parts))


class Pieces:
    """Bodies asked for piece by piece, on a channel nobody else uses meanwhile."""

    def __init__(self, channel: Channel, batch: Batch) -> None:
        self.channel = channel
        self.batch = batch

    def fetch(self, uids: tuple[int, ...]) -> Refused | None:
        """Bring what can be had into the batch; the first refusal, if there was one."""
        refused: Refused | None = None
        for uid in uids:
            try:
                self._one(uid)
            except Refused as refusal:
                refused = refused or refusal
        return refused

    def _one(self, uid: int) -> None:
        first = self._piece(uid, 0)
        if first is not None and first[1].size:
            meta, body = first
            self.batch.keep(meta, Body.gather(self._follow(uid, body)))

    def _follow(self, uid: int, piece: Body) -> Iterator[bytes]:
        """All of a body from its first piece on; an empty piece is its end."""
        at = 0
        while piece.size:
            at += piece.size
            if at > LITERAL_CAP:
                raise self.channel.wire.broken("message too long")
            yield from piece.chunks()
            if piece.size > PIECE:
                return  # a server that knows no pieces sent the whole
            try:
                found = self._piece(uid, at)
            except Refused:
                # At the very end this is an answer; before it, bytes would be missing.
                if piece.size == PIECE:
                    raise
                return
            if found is None:
                return
            piece = found[1]

    def _piece(self, uid: int, start: int) -> tuple[RemoteMeta, Body] | None:
        self.channel.wire.limit(STEP, Stage.FETCH)
        item = _ITEMS[Form.PIECES] % (start, PIECE)
        tag = self.channel.send(b"UID FETCH %d (UID FLAGS INTERNALDATE %b)" % (uid, item))
        found: tuple[RemoteMeta, Body] | None = None
        for parts in self.channel.collect(tag):
            meta, sections = read(self.channel, parts) or (None, [])
            for name, origin, body in sections:
                if meta is None or meta.uid != uid or name:
                    continue
                if (origin or 0) != start:
                    raise self.channel.wire.broken("another piece than asked for")
                found = meta, body
        return found


def _whole(sections: list[Section]) -> Body | None:
    return next((body for name, _, body in sections if not name and body.size), None)


def _joined(sections: list[Section]) -> Body | None:
    """Header and text as one; None unless the server sent both."""
    parts = {name: body for name, _, body in sections}
    if b"HEADER" not in parts or b"TEXT" not in parts:
        return None
    body = Body.gather(chain(parts[b"HEADER"].chunks(), parts[b"TEXT"].chunks()))
    return body if body.size else None
