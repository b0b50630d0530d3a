"""Commands out and responses in after sign-in, several commands at a time.

Unlike imaplib this keeps nothing but the response at hand, spools large literals, and lets the
next command travel before the answer to the last has come.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from protocols import hints
from protocols.body import SPOOL_LIMIT, Body
from protocols.errors import Dropped, MailServerError, Refused, redact
from protocols.imap.arguments import quoted, refuse_controls
from protocols.imap.parse import Parts
from protocols.wire import Wire

LINE_CAP = 16 << 20
LITERAL_CAP = 200 << 20
LITERALS_CAP = 32  # in one response
RESPONSE_CAP = 2 * LITERAL_CAP  # bytes of all literals in one response
SAID_CAP = 4_096  # bytes of a server's free text that are looked at
RESPONSES_CAP = 1_000_000  # untagged responses between two tagged answers
GATHERED_CAP = 16 << 20  # bytes of responses that lie here together
_LITERAL = re.compile(rb"\{(\d{1,19})\}\r?\n$")
_STATUS = re.compile(rb"(?:\*|T\d+) (OK|NO|BAD|BYE|PREAUTH)\b", re.I)
_PARTIAL = re.compile(r"\[MESSAGELIMIT \d{1,10} (\d{1,10})\]", re.I)


@dataclass(frozen=True, slots=True)
class Done:
    """A tagged answer: OK, NO or BAD, and the server's words, redacted.

    `slowed` is whether the server asks for patience although it did what it was told;
    `stopped_at` the lowest UID the command got to, where it was cut short (RFC 9738).
    """

    tag: bytes
    ok: bool
    line: str
    slowed: bool = False
    stopped_at: int | None = None

    @classmethod
    def read(cls, line: bytes, secret: str) -> Self:
        """Understand a tagged answer as it came; only its words are redacted."""
        tag, _, words = line.partition(b" ")
        ok, text = words[:2].upper() == b"OK", words[:SAID_CAP].decode("utf-8", "replace")
        hint, partial = hints.read(text), _PARTIAL.search(text)
        slowed = ok and hint is not None and hint.cause == "throttled"
        said = redact(words, secret, cap=SAID_CAP)
        return cls(tag, ok, said, slowed, int(partial[1]) if partial else None)


class Channel:
    """The signed-in half of a connection."""

    def __init__(self, wire: Wire, capabilities: frozenset[str]) -> None:
        self.wire = wire
        self.answer = Done(b"", True, "")  # the last one
        self._nonsync = "LITERAL+" in capabilities or "LITERAL-" in capabilities
        self._number = 0
        self._early: deque[Parts] = deque()
        self._awaited: set[bytes] = set()  # tags of commands not answered yet
        self._answers: dict[bytes, Done] = {}  # those that came before their turn
        self._unheeded: set[bytes] = set()
        self._untagged = 0

    def send(self, command: bytes, *names: bytes, rest: bytes = b"", more: bool = False) -> bytes:
        """Send one command with mailbox names as its arguments; the tag to wait for.

        With `more` it may travel together with what is sent next.
        """
        self._number += 1
        tag = b"T%d" % self._number
        self._awaited.add(tag)
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
                if not self._continued(tag):
                    return tag
                line = name
        self.wire.send(line + rest + b"\r\n", more=more)
        return tag

    def mention(self, command: bytes) -> None:
        """Send a command, with the next one, whose answer does not matter."""
        self.ignore(self.send(command, more=True))

    def ignore(self, tag: bytes) -> None:
        """Let the answer to this command pass, whatever it will be."""
        self._unheeded.add(tag)

    def event(self) -> Parts | Done:
        """The next untagged response or tagged answer, whatever it is the answer to."""
        while True:
            parts = self._next()
            done = self._finished(parts)
            if done is None:
                self._untagged += 1
                if self._untagged > RESPONSES_CAP:
                    raise self.wire.broken("too many responses")
                return parts
            self._untagged = 0
            if done.tag not in self._awaited:
                raise self.wire.broken("unexpected tag")
            self._awaited.discard(done.tag)
            if done.tag not in self._unheeded:
                return done
            self._unheeded.discard(done.tag)

    def step(self, tag: bytes) -> Parts | None:
        """The next untagged response, or None when that command was answered with OK.

        Raises as `verdict` does.  Answers may come in any order (RFC 3501 section 5.5).
        """
        while tag not in self._answers:
            found = self.event()
            if not isinstance(found, Done):
                return found
            self._answers[found.tag] = found
        self.verdict(self._answers.pop(tag))
        return None

    def verdict(self, done: Done) -> None:
        """Take note of a tagged answer; raises `Refused` for NO and BAD.

        Raises `Later` or `TokenExpired`, the connection closed, where the words of a refusal mean
        the account and not the command.
        """
        self.answer = done
        if not done.ok:
            raise self._refusal(done)

    def collect(self, tag: bytes) -> Iterator[Parts]:
        """Untagged responses until that command is answered; raises as `step` does."""
        while (parts := self.step(tag)) is not None:
            yield parts

    def run(self, command: bytes, *names: bytes, rest: bytes = b"") -> list[Parts]:
        """One command and everything that came back, for answers that are short."""
        found: list[Parts] = []
        size = 0
        for parts in self.collect(self.send(command, *names, rest=rest)):
            size = self._gathered(size, parts)
            found.append(parts)
        return found

    def quick(self, pattern: re.Pattern[bytes]) -> tuple[bytes, ...] | None:
        """The groups of the next response, if it is here already and of that very form."""
        if self._early:
            return None
        groups = self.wire.match(pattern)
        self._untagged += groups is not None
        return groups

    def _refusal(self, done: Done) -> MailServerError:
        hint = hints.read(done.line)
        # A mailbox may be in use for itself; that is no reason to leave the others.
        if hint is None or hint.cause == "in-use":
            return Refused(self.wire.stage, server_line=done.line)
        return self.wire.fail(hints.error(done.line, self.wire.stage) or Dropped(self.wire.stage))

    def _next(self) -> Parts:
        parts = self._early.popleft() if self._early else self._read()
        first = parts[0]
        if isinstance(first, bytes) and first[:5].upper() == b"* BYE":
            line = redact(first[5:], self.wire.secret, cap=SAID_CAP)
            farewell = hints.error(line, self.wire.stage)
            raise self.wire.fail(farewell or Dropped(self.wire.stage, server_line=line))
        return parts

    def _continued(self, tag: bytes) -> bool:
        """Wait for leave to send a literal; False when the command was answered instead."""
        size = 0
        while True:
            parts = self._read()
            first = parts[0]
            if isinstance(first, bytes) and first.startswith(b"+"):
                return True
            self._early.append(parts)
            done = self._finished(parts)
            if done is not None and done.tag == tag:
                return False
            size = self._gathered(size, parts)

    def _gathered(self, size: int, parts: Parts) -> int:
        """The bytes of responses that are kept, with one more of them and what it costs."""
        size += 100 + sum(part.size if isinstance(part, Body) else len(part) for part in parts)
        if size > GATHERED_CAP:
            raise self.wire.broken("too many responses")
        return size

    def _read(self) -> Parts:
        line = self.wire.readline(LINE_CAP)
        # Free text may end in braces, so only data responses are looked at for literals.
        if _STATUS.match(line):
            return [line]
        found = _LITERAL.search(line, max(0, len(line) - 24))
        if found is None:
            return [line]
        parts: list[bytes | Body] = [line]
        total, left = 0, LINE_CAP - len(line)
        while found is not None:
            if len(parts) > 2 * LITERALS_CAP:
                raise self.wire.broken("too many literals")
            total += int(found[1])
            if total > RESPONSE_CAP:
                raise self.wire.broken("response too long")
            parts.append(self._literal(int(found[1])))
            line = self.wire.readline(left)
            left -= len(line)
            parts.append(line)
            found = _LITERAL.search(line, max(0, len(line) - 24))
        return parts

    def _literal(self, size: int) -> Body:
        if size > LITERAL_CAP:
            raise self.wire.broken("literal too long")
        if size <= SPOOL_LIMIT:
            return Body.of(b"".join(self.wire.pieces(size)))
        return Body.gather(self.wire.pieces(size))

    def _finished(self, parts: Parts) -> Done | None:
        """The tagged answer this is, or None for an untagged response."""
        first = parts[0]
        if not isinstance(first, bytes) or not first.startswith(b"T"):
            return None
        return Done.read(first, self.wire.secret)
