"""POP3 (RFC 1939, 2449, 2595) as a source of mail, on our own wire.

poplib keeps every message as a list of lines, refuses lines above 2048 bytes and cannot pipeline,
so it is not used.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Self

from protocols import greet
from protocols.address import AddressPolicy
from protocols.body import Body
from protocols.errors import (
    EncryptionFailed,
    LoginLater,
    LoginMethod,
    LoginRefused,
    MailServerError,
    ProtocolBroken,
    Refused,
    Stage,
    redact,
)
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login, Security
from protocols.wire import Wire

STEP = 60.0
GROUP = 10  # commands on their way at a time
ENTRIES_CAP = 1_000_000
BODY_CAP = 200 << 20
UIDL_CAP = 128
_PIECE = 65_536
# A timestamp must have the shape of a message id: forged ones leak the password (CVE-2007-1558).
_TIMESTAMP = re.compile(rb"<[!-;=?A-~]{1,120}@[!-;=?A-~]{1,120}>")
_LATER = (b"[IN-USE]", b"[LOGIN-DELAY]", b"[SYS/TEMP]", b"LOCK", b"BUSY", b"WAIT ", b"TRY AGAIN")
_METHOD = (b"PLAINTEXT AUTHENTICATION DISALLOWED", b"[AUTH] PLAINTEXT", b"MUST ISSUE STLS")


@dataclass(frozen=True, slots=True)
class PopEntry:
    """One message of a maildrop; `number` holds for this session only, `uidl` may be missing."""

    number: int
    uidl: str | None
    size: int


class Pop3Source:
    """One signed-in POP3 session.  Leaving it as a context manager drops it without QUIT.

    Every method raises a `MailServerError`; after any other than `Refused` the connection is
    closed.
    """

    def __init__(self, wire: Wire, capabilities: frozenset[str]) -> None:
        """Use `open`."""
        self.capabilities = capabilities
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
            _enter(wire, login, endpoint.security, trust)
            source = cls(wire, _capabilities(wire))
        except BaseException:
            wire.close()
            raise
        if total is None:
            wire.release()
        return source

    def count(self) -> int:
        """How many messages the maildrop holds (STAT)."""
        self._wire.limit(STEP, Stage.FOLDERS)
        match = re.match(rb"\+OK +(\d{1,10})", _ask(self._wire, b"STAT"))
        if match is None:
            raise self._wire.broken("STAT not understood")
        return int(match[1])

    def listing(self) -> list[PopEntry]:
        """Every message of the maildrop, by number.

        `uidl` is None where the server knows none, repeats one, or sends an unusable one; the
        padding and case some servers change are left as they are, the padding apart.
        """
        self._wire.limit(STEP, Stage.FOLDERS)
        sizes = {
            int(match[1]): int(match[2])
            for line in self._multiline(b"LIST")
            if (match := re.match(rb" *(\d{1,10}) +(\d{1,19})", line))
        }
        try:
            found = [pair for pair in map(_uidl, self._multiline(b"UIDL")) if pair]
        except Refused:
            found = []
        times = Counter(uidl for _, uidl in found)
        names = {number: uidl for number, uidl in found if times[uidl] == 1}
        return [PopEntry(number, names.get(number), size) for number, size in sorted(sizes.items())]

    def retrieve(self, numbers: Sequence[int]) -> Iterator[tuple[int, Body]]:
        """The bodies of these messages in order, byte for byte, dots unstuffed.

        Stops with `Refused` at the first message the server will not give; when requests were
        already on their way behind it, the connection is closed. A message is handed over once
        the answer after it made sense: where a server forgot to stuff a dot, the message seems
        to end early and its rest comes in place of that answer.
        """
        at_once = GROUP if "PIPELINING" in self.capabilities else 1
        held: tuple[int, Body] | None = None
        for group in _groups(numbers, at_once):
            self._wire.limit(STEP, Stage.FETCH)
            self._wire.send(b"".join(b"RETR %d\r\n" % number for number in group))
            left = len(group)
            try:
                for number in group:
                    self._wire.limit(STEP, Stage.FETCH)
                    left -= 1
                    refused = self._refusal()
                    if held is not None:
                        yield held
                    if refused is not None:
                        raise refused
                    held = number, Body.gather(_message(self._wire))
            finally:
                if left:
                    self._wire.close()
        if held is not None:
            self._wire.limit(STEP, Stage.FETCH)
            self._wire.send(b"NOOP\r\n")
            self._refusal()
            yield held

    def _refusal(self) -> Refused | None:
        try:
            _answer(self._wire)
        except Refused as refused:
            return refused
        return None

    def delete(self, numbers: Sequence[int]) -> list[int]:
        """Mark messages to be removed, which happens when `quit` is answered, not before.

        Returns those the server accepted; raises `Refused` where it accepted none.
        """
        marked: list[int] = []
        refused = b""
        at_once = GROUP if "PIPELINING" in self.capabilities else 1
        for group in _groups(numbers, at_once):
            self._wire.limit(STEP, Stage.FETCH)
            self._wire.send(b"".join(b"DELE %d\r\n" % number for number in group))
            answers = [self._wire.readline() for _ in group]
            for number, line in zip(group, answers, strict=True):
                if line.startswith(b"+OK"):
                    marked.append(number)
                elif line.startswith(b"-ERR"):
                    refused = line
                else:
                    raise self._wire.broken("neither +OK nor -ERR")
        if numbers and not marked:
            raise Refused(Stage.FETCH, server_line=redact(refused[4:]))
        return marked

    def quit(self) -> bool:
        """End the session; True when the server confirmed it, so deletions took effect."""
        try:
            self._wire.limit(STEP, Stage.FETCH)
            _ask(self._wire, b"QUIT")
        except MailServerError:
            return False
        finally:
            self._wire.close()
        return True

    def drop(self) -> None:
        """Close the connection without QUIT: nothing is removed or marked at the server."""
        self._wire.close()

    def _multiline(self, command: bytes) -> list[bytes]:
        _ask(self._wire, command)
        lines: list[bytes] = []
        while (line := self._wire.readline()).rstrip(b"\r\n") != b".":
            lines.append(line)
            if len(lines) > ENTRIES_CAP:
                raise self._wire.broken("listing too long")
        return lines

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.drop()


def _groups(numbers: Sequence[int], count: int) -> Iterator[tuple[int, ...]]:
    rest = iter(numbers)
    while group := tuple(islice(rest, count)):
        yield group


def _enter(wire: Wire, login: Login, security: Security, trust: Trust) -> None:
    secrets = [each.encode() for each in (login.username, login.password)]
    if any(byte in each for each in secrets for byte in (b"\0", b"\r", b"\n")):
        raise ProtocolBroken(
            Stage.LOGIN, server_line="control character in an argument", temporary=False
        )
    welcome = greet.greeting(wire, "POP3")
    if security is Security.STARTTLS:
        wire.limit(STEP, Stage.ENCRYPTION)
        try:
            _ask(wire, b"STLS")
        except Refused:
            raise wire.fail(EncryptionFailed(Stage.ENCRYPTION, "tls-not-offered")) from None
        greet.upgrade(wire, trust)
    wire.limit(STEP, Stage.LOGIN)
    try:
        _sign_in(wire, login, welcome)
    except Refused as refusal:
        raise wire.fail(_login_error(refusal.server_line)) from None


def _sign_in(wire: Wire, login: Login, welcome: bytes) -> None:
    username, password = login.username.encode(), login.password.encode()
    if login.apop:
        stamp = _TIMESTAMP.search(welcome)
        if stamp is None:
            raise LoginMethod(Stage.LOGIN, server_line=redact(welcome))
        # MD5 is what RFC 1939 names; the password itself stays here.
        digest = hashlib.md5(stamp[0] + password, usedforsecurity=False).hexdigest()
        _ask(wire, b"APOP " + username + b" " + digest.encode(), login.password)
        return
    _ask(wire, b"USER " + username, login.password)
    _ask(wire, b"PASS " + password, login.password)


def _login_error(line: str) -> MailServerError:
    said = line.upper().encode()
    if any(word in said for word in _METHOD):
        return LoginMethod(Stage.LOGIN, server_line=line)
    if any(word in said for word in _LATER):
        return LoginLater(Stage.LOGIN, server_line=line)
    return LoginRefused(Stage.LOGIN, server_line=line)


def _capabilities(wire: Wire) -> frozenset[str]:
    """CAPA (RFC 2449); many old servers know no such command, which is no failure."""
    try:
        _ask(wire, b"CAPA")
    except Refused:
        return frozenset()
    names: list[str] = []
    while (line := wire.readline().strip()) != b"." and len(names) < 100:
        names.append(line.decode("ascii", "replace").upper().partition(" ")[0])
    return frozenset(names)


def _ask(wire: Wire, command: bytes, secret: str = "") -> bytes:
    """Send one command and read its first line; raises `Refused` for -ERR."""
    wire.send(command + b"\r\n")
    return _answer(wire, secret)


def _answer(wire: Wire, secret: str = "") -> bytes:
    line = wire.readline()
    if line.startswith(b"+OK"):
        return line
    if line.startswith(b"-ERR"):
        raise Refused(wire.stage, server_line=redact(line[4:], secret))
    raise wire.broken("neither +OK nor -ERR")


def _uidl(line: bytes) -> tuple[int, str] | None:
    match = re.match(rb" *(\d{1,10}) +([!-~]{1,%d}) *\r?\n$" % UIDL_CAP, line)
    return (int(match[1]), match[2].decode("ascii")) if match else None


def _message(wire: Wire) -> Iterator[bytes]:
    """A dot-stuffed message as it comes, up to the line with nothing but a dot.

    Lines may be of any length: a piece that does not end a line is handed on at once.
    """
    size, starts = 0, True
    while True:
        piece = wire.some(_PIECE)
        if starts and piece.startswith(b"."):
            if piece in (b".\r\n", b".\n"):
                return
            piece = piece[1:]
        starts = piece.endswith(b"\n")
        size += len(piece)
        if size > BODY_CAP:
            raise wire.broken("message too long")
        wire.extend(len(piece))
        yield piece
