"""RETR as a sliding window of commands on their way (RFC 2449 section 6.6), read by a thread."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from protocols import hints
from protocols.ahead import ReadAhead
from protocols.errors import Dropped, Hung, MailServerError, Refused, Stage
from protocols.pop3 import messages, talk
from protocols.pop3.values import PopEntry, Retrieved
from protocols.wire import Wire

STEP = 60.0
WINDOW = 200  # commands on their way at a time; their bytes always fit a socket's buffer
WINDOW_BYTES = 8 << 20  # and what they ask for, as far as LIST told
PATIENCE = 2.0  # seconds; on a slow line what came is handed over before its batch is full
Batch = list[Retrieved]


def batches(
    wire: Wire, wanted: Iterable[PopEntry], *, pipelined: bool, count: int, size: int, ahead: int
) -> ReadAhead[Batch]:
    """What is wanted, in order, in batches of at most so many messages and not much more bytes.

    A thread reads on while the caller stores, up to `ahead` batches; `wanted` is iterated in that
    thread.  An error is raised after everything that came before it.  Leaving early ends the
    connection.
    """
    return ReadAhead(_gathered(_retrieved(wire, wanted, pipelined), count, size), wire, ahead)


def _gathered(found: Iterator[Retrieved], count: int, size: int) -> Iterator[Batch]:
    """In batches; where an error ends it, what came before is handed out first."""
    batch: Batch = []
    held, since = 0, time.monotonic()
    try:
        for one in found:
            batch.append(one)
            held += one.body.size if one.body else 0
            if len(batch) >= count or held >= size or time.monotonic() - since > PATIENCE:
                yield batch
                batch, held, since = [], 0, time.monotonic()
    except Exception as error:
        if batch:
            yield batch
        raise error from None
    if batch:
        yield batch


class _Window:
    """The commands on their way, in order; a NOOP ends them, as proof of the last message."""

    def __init__(self, wire: Wire, wanted: Iterable[PopEntry], pipelined: bool) -> None:
        self._wire = wire
        self._wanted = iter(wanted)
        self._most = WINDOW if pipelined else 1
        self._sent: deque[PopEntry] = deque()
        self._next = next(self._wanted, None)
        self._bytes = 0
        self._asked = False

    def pop(self) -> PopEntry | None:
        """The message whose answer comes next; None: that of the NOOP, or nothing was wanted."""
        if len(self._sent) <= self._most // 2:
            self._fill()
        if not self._sent:
            return None
        entry = self._sent.popleft()
        self._bytes -= entry.size
        return entry

    @property
    def asked(self) -> bool:
        """Whether anything was sent at all, and so a NOOP with it."""
        return self._asked

    def _fill(self) -> None:
        commands: list[bytes] = []
        while self._next is not None and len(self._sent) < self._most:
            if self._sent and self._bytes + self._next.size > WINDOW_BYTES:
                break
            commands.append(b"RETR %d\r\n" % self._next.number)
            self._sent.append(self._next)
            self._bytes += self._next.size
            self._next = next(self._wanted, None)
            self._asked = True
        alone = self._most == 1
        if self._next is None and self._asked and (not self._sent if alone else commands):
            commands.append(b"NOOP\r\n")
        if commands:
            self._wire.limit(STEP, Stage.FETCH)
            self._wire.send(b"".join(commands))


@dataclass(frozen=True, slots=True)
class _Answer:
    """A status line, or why there is none: a refusal of this message, or the end of it all."""

    status: bytes = b""
    refusal: str = ""
    lost: MailServerError | None = None


def _answer(wire: Wire) -> _Answer:
    wire.limit(STEP, Stage.FETCH)
    try:
        return _Answer(talk.answer(wire))
    except Refused as refused:
        later = hints.error(refused.server_line, refused.stage)
        if later is not None:
            return _Answer(lost=wire.fail(later))
        return _Answer(refusal=refused.server_line or "-ERR")
    except (Dropped, Hung) as error:
        return _Answer(lost=error)


def _retrieved(wire: Wire, wanted: Iterable[PopEntry], pipelined: bool) -> Iterator[Retrieved]:
    """One after another; each is handed over once the answer after it made sense.

    Where a server forgot to stuff a dot, the message seems to end early and its rest comes in
    place of that answer: then it is not handed over at all.
    """
    window = _Window(wire, wanted, pipelined)
    held: Retrieved | None = None
    told = 0
    while (entry := window.pop()) is not None or window.asked:
        answer = _answer(wire)
        # Where nothing came in place of an answer, the size tells whether the last one was whole.
        if held and (not isinstance(answer.lost, Dropped | Hung) or _is_whole(held, told)):
            yield held
        if answer.lost is not None:
            raise answer.lost
        if entry is None:
            return
        held, told = None, entry.size
        if answer.refusal:
            yield Retrieved(entry.number, None, answer.refusal)
        else:
            held = Retrieved(entry.number, messages.read(wire, answer.status))


def _is_whole(one: Retrieved, told: int) -> bool:
    return one.body is not None and 0 < told <= one.body.size
