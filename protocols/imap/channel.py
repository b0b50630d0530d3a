"""Commands out and responses in after sign-in, several commands at a time.

Unlike imaplib this keeps nothing but the response at hand, spools large literals, and lets the
next command travel before the answer to the last has come.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from protocols.body import Body
from protocols.errors import Dropped, Refused, redact
from protocols.imap.arguments import quoted, refuse_controls
from protocols.imap.parse import Parts
from protocols.wire import Wire

LINE_CAP = 1 << 20
LITERAL_CAP = 200 << 20
RESPONSES_CAP = 200_000  # untagged responses to one command
_LITERAL = re.compile(rb"\{(\d{1,19})\}\r?\n$")
_STATUS = re.compile(rb"(?:\*|T\d+) (OK|NO|BAD|BYE|PREAUTH)\b", re.I)


@dataclass(frozen=True, slots=True)
class Done:
    """A tagged answer: OK, NO or BAD, and the server's words."""

    tag: bytes
    ok: bool
    line: str


class Channel:
    """The signed-in half of a connection."""

    def __init__(self, wire: Wire, capabilities: frozenset[str]) -> None:
        self.wire = wire
        self._nonsync = "LITERAL+" in capabilities or "LITERAL-" in capabilities
        self._number = 0
        self._early: deque[Parts] = deque()

    def send(self, command: bytes, *names: bytes, rest: bytes = b"") -> bytes:
        """Send one command with mailbox names as its arguments; the tag to wait for."""
        self._number += 1
        tag = b"T%d" % self._number
        line = tag + b" " + command
        for name in names:
            refuse_controls(name, self.wire.stage)
            plain = quoted(name)
            if plain is not None:
                line += b" " + plain
            elif self._nonsync and len(name) <= 4096:
                line += b" {%d+}\r\n" % len(name) + name
            else:
                self.wire.send(line + b" {%d}\r\n" % len(name))
                if not self._continued():
                    return tag
                line = name
        self.wire.send(line + rest + b"\r\n")
        return tag

    def collect(self, tag: bytes) -> Iterator[Parts]:
        """Untagged responses until that command is answered; raises `Refused` for NO and BAD."""
        for _ in range(RESPONSES_CAP):
            parts = self._next()
            done = finished(parts)
            if done is None:
                yield parts
            elif done.tag != tag:
                raise self.wire.broken("unexpected tag")
            elif done.ok:
                return
            else:
                raise Refused(self.wire.stage, server_line=done.line)
        raise self.wire.broken("too many responses")

    def run(self, command: bytes, *names: bytes, rest: bytes = b"") -> list[Parts]:
        """One command and everything that came back."""
        return list(self.collect(self.send(command, *names, rest=rest)))

    def _next(self) -> Parts:
        parts = self._early.popleft() if self._early else self._read()
        first = parts[0]
        if isinstance(first, bytes) and first[:5].upper() == b"* BYE":
            raise self.wire.fail(Dropped(self.wire.stage, server_line=redact(first[5:])))
        return parts

    def _continued(self) -> bool:
        """Wait for leave to send a literal; False when the command was answered instead."""
        while True:
            parts = self._read()
            first = parts[0]
            if isinstance(first, bytes) and first.startswith(b"+"):
                return True
            self._early.append(parts)
            if finished(parts):
                return False

    def _read(self) -> Parts:
        line = self.wire.readline(LINE_CAP)
        # Free text may end in braces, so only data responses are looked at for literals.
        if _STATUS.match(line):
            return [line]
        parts: list[bytes | Body] = [line]
        while match := _LITERAL.search(line):
            size = int(match[1])
            if size > LITERAL_CAP or len(parts) > 64:
                raise self.wire.broken("literal too long")
            self.wire.extend(size)
            parts.append(Body.gather(self.wire.pieces(size)))
            line = self.wire.readline(LINE_CAP)
            parts.append(line)
        return parts


def finished(parts: Parts) -> Done | None:
    """The tagged answer this is, or None for an untagged response."""
    first = parts[0]
    if not isinstance(first, bytes) or not first.startswith(b"T"):
        return None
    tag, _, text = first.partition(b" ")
    return Done(tag, text[:2].upper() == b"OK", redact(text))
