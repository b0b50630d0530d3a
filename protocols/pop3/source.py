"""One signed-in POP3 session."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from types import TracebackType
from typing import Self

from protocols import greet, hints
from protocols.address import AddressPolicy
from protocols.ahead import ReadAhead
from protocols.errors import MailServerError, Refused, Stage
from protocols.pop3 import messages, retrieving
from protocols.pop3.entry import enter
from protocols.pop3.talk import answer, ask, lines
from protocols.pop3.values import PopEntry, Retrieved
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login
from protocols.wire import Wire

STEP = 60.0
GROUP = 100  # short commands on their way at a time
HEAD_CAP = 1 << 20
UIDL_CAP = 128
_SIZE = re.compile(rb" *(\d{1,10}) +(\d{1,19})")
_UIDL = re.compile(rb" *(\d{1,10}) +([!-~]{1,%d}) *\r?\n$" % UIDL_CAP)


class Pop3Source:
    """One signed-in POP3 session.  Leaving it as a context manager drops it without QUIT.

    Every method raises a `MailServerError`; after any other than `Refused` the connection is
    closed.  `capabilities` are names without their arguments, in capitals; `login_delay` the
    seconds the server wants between two sign-ins (RFC 2449 section 6.5).
    """

    def __init__(self, wire: Wire, capabilities: frozenset[str], login_delay: int = 0) -> None:
        """Use `open`."""
        self.capabilities = capabilities
        self.login_delay = login_delay
        self._wire = wire

    @classmethod
    def open(
        cls,
        endpoint: Endpoint,
        login: Login,
        *,
        policy: AddressPolicy,
        trust: Trust,
        deadline: float = 60.0,
        total: Deadline | None = None,
    ) -> Self:
        """Connect, encrypt and sign in, all within `deadline` seconds.

        `total`, when given, bounds everything done with this source, not only the opening.
        """
        wire = greet.dial(endpoint, policy, trust, total or Deadline(deadline))
        try:
            enter(wire, login, endpoint.security, trust)
            source = cls(wire, *_capabilities(wire))
        except BaseException:
            wire.close()
            raise
        if total is None:
            wire.release()
        return source

    @property
    def closed(self) -> bool:
        """Whether the connection is over, whoever ended it."""
        return self._wire.closed

    def count(self) -> int:
        """How many messages the maildrop holds (STAT)."""
        return self.extent()[0]

    def extent(self) -> tuple[int, int]:
        """How many messages the maildrop holds, and their bytes; 0 where they are not told."""
        self._wire.limit(STEP, Stage.FOLDERS)
        match = re.match(rb"\+OK +(\d{1,10})(?: +(\d{1,19}))?", ask(self._wire, b"STAT"))
        if match is None:
            raise self._wire.broken("STAT not understood")
        return int(match[1]), int(match[2] or 0)

    def listing(self) -> list[PopEntry]:
        """Every message of the maildrop, by number.

        `uidl` is None where the server knows none, repeats one, or sends an unusable one; the
        padding and case some servers change are left as they are, the padding apart.
        """
        self._wire.limit(STEP, Stage.FOLDERS)
        both = "PIPELINING" in self.capabilities
        self._wire.send(b"LIST\r\nUIDL\r\n" if both else b"LIST\r\n")
        listed = self._lines(last=not both)
        sizes = {int(match[1]): int(match[2]) for match in map(_SIZE.match, listed) if match}
        if not both:
            self._wire.send(b"UIDL\r\n")
        try:
            told = self._lines()
        except Refused:
            told = iter(())
        found = [
            (int(match[1]), match[2].decode("ascii")) for match in map(_UIDL.match, told) if match
        ]
        times = Counter(uidl for _, uidl in found)
        names = {number: uidl for number, uidl in found if times[uidl] == 1}
        return [PopEntry(number, names.get(number), size) for number, size in sorted(sizes.items())]

    def batches(
        self,
        wanted: Iterable[PopEntry],
        *,
        count: int = 50,
        size: int = 8 << 20,
        ahead: int = 2,
    ) -> ReadAhead[list[Retrieved]]:
        """The messages asked for, in order, byte for byte, dots unstuffed, in batches.

        A batch holds at most `count` messages and not much more than `size` bytes.  A thread of
        its own reads on, at most `ahead` batches, while the caller stores; it iterates `wanted`,
        which may end early, and asks ahead where the server knows PIPELINING.  A message the
        server refuses is part of its batch.  Any other error is raised after what came before it;
        the first message that was not handed over is then the one to suspect.  Raises `Later`
        where a refusal asks for patience.
        """
        pipelined = "PIPELINING" in self.capabilities
        return retrieving.batches(
            self._wire, wanted, pipelined=pipelined, count=count, size=size, ahead=ahead
        )

    def heads(self, numbers: Sequence[int]) -> Iterator[tuple[int, bytes | None]]:
        """The headers of messages, by TOP (RFC 1939 section 7); None where it is refused.

        Some servers cut them short or add lines of their own.
        """
        for group in self._groups(numbers):
            self._wire.limit(STEP, Stage.FETCH)
            self._wire.send(b"".join(b"TOP %d 0\r\n" % number for number in group))
            for number in group:
                self._wire.limit(STEP, Stage.FETCH)
                try:
                    status = answer(self._wire)
                except Refused:
                    yield number, None
                else:
                    yield number, messages.read(self._wire, status, HEAD_CAP).read()

    def delete(self, numbers: Sequence[int]) -> list[int]:
        """Mark messages to be removed, which happens when `quit` is answered, not before.

        Returns those the server accepted; raises `Refused` where it accepted none.
        """
        marked: list[int] = []
        last: Refused | None = None
        for group in self._groups(numbers):
            self._wire.limit(STEP, Stage.FETCH)
            self._wire.send(b"".join(b"DELE %d\r\n" % number for number in group))
            for number in group:
                try:
                    answer(self._wire)
                except Refused as refused:
                    last = refused
                else:
                    marked.append(number)
        if last is not None and not marked:
            raise last
        return marked

    def quit(self, *, wait: bool = True) -> bool:
        """End the session; True when the server confirmed it, so deletions took effect.

        Without `wait` it is not asked whether it did: for a session that changed nothing.
        """
        try:
            self._wire.limit(STEP, Stage.FETCH)
            self._wire.send(b"QUIT\r\n")
            if wait:
                answer(self._wire)
        except MailServerError:
            return False
        finally:
            self._wire.close()
        return True

    def drop(self) -> None:
        """Close the connection without QUIT: nothing is removed or marked at the server."""
        self._wire.close()

    def _lines(self, *, last: bool = True) -> Iterator[bytes]:
        """The lines of an answer; a refusal ends the connection unless it was the last one due."""
        try:
            answer(self._wire)
        except Refused as refused:
            later = hints.error(refused.server_line, refused.stage)
            if later is not None or not last:
                raise self._wire.fail(later or refused) from None
            raise
        return lines(self._wire)

    def _groups(self, numbers: Sequence[int]) -> Iterator[tuple[int, ...]]:
        rest = iter(numbers)
        while group := tuple(islice(rest, GROUP if "PIPELINING" in self.capabilities else 1)):
            yield group

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.drop()


def _capabilities(wire: Wire) -> tuple[frozenset[str], int]:
    """CAPA (RFC 2449); many old servers know no such command, which is no failure."""
    try:
        ask(wire, b"CAPA")
    except Refused:
        return frozenset(), 0
    told: dict[str, str] = {}
    while (line := wire.readline().strip()) != b"." and len(told) < 100:
        name, _, rest = line.decode("ascii", "replace").upper().partition(" ")
        told[name] = rest
    delay = re.match(r"\d{1,6}", told.get("LOGIN-DELAY", ""))
    return frozenset(told), int(delay[0]) if delay else 0
