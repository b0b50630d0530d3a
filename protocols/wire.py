"""Lines and bytes over one socket, with a deadline no slow drip of single bytes can stretch."""

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Iterator

from protocols import tls
from protocols.deflate import Deflate
from protocols.errors import Dropped, Hung, MailServerError, ProtocolBroken, Stage
from protocols.tls import Trust
from protocols.types import Deadline

RECEIVE = 262_144
SLOWEST = 32_768  # bytes a second; a server slower than this is taken to hang
GATHERED_CAP = 1 << 20  # bytes nobody asked for that may lie here
SILENCE = 60.0  # seconds; no longer silence is borne, however much time a step has earned


class Wire:
    """A connected socket.  Any error closes it: a stream that lost its place is of no more use.

    Every receive gets what is left of the current step's deadline as its timeout, so the step
    ends in time however the bytes come.  Once open, a step earns time by what it receives: its
    seconds, and one more for each `SLOWEST` bytes.

    `round_trip` is the shortest time in seconds an answer took until `release`, when one command
    waits for the answer to the one before; 0 where nothing was asked yet.  `secret` is what the
    server was told to sign in with: it may say it again at any time, and then it is blotted out.
    `silence` is how many seconds without a byte are borne.
    """

    def __init__(self, sock: socket.socket, host: str, total: Deadline) -> None:
        """Take a connected socket.

        `host` is the name certificates are checked for; `total` bounds every step until `release`.
        """
        self.sock = sock
        self.host = host
        self.encrypted = False
        self.closed = False
        self.round_trip = 0.0
        self.secret = ""
        self.silence = SILENCE
        self._asked = 0.0
        self._total: Deadline | None = total
        self._step = total
        self._timeout = -1.0
        self._deflate: Deflate | None = None
        self._unsent = b""
        # Received and not yet read: what lies in the buffer from `_at` on.
        self._buffer = bytearray()
        self._at = 0

    def limit(self, seconds: float, stage: Stage, *, share: float = 1.0) -> None:
        """Begin a step that may take so many seconds, and at most that share of what is left."""
        if self._total is None:
            self._step = Deadline(seconds, stage)
        else:
            self._step = self._total.within(min(seconds, self._total.left() * share), stage)

    def release(self) -> None:
        """From now on every step has its own deadline alone: the opening is over."""
        self._total = None

    def extend(self, size: int) -> None:
        """Allow the current step the time a slow server needs for `size` more bytes."""
        if self._total is None:
            self._step.extend(size / SLOWEST)

    @property
    def stage(self) -> Stage:
        """What is going on, for errors."""
        return self._step.stage

    @property
    def buffered(self) -> bool:
        """Whether bytes were received that nobody has read yet."""
        return self._at < len(self._buffer)

    @property
    def held(self) -> int:
        """How many bytes were received that nobody has read yet."""
        return len(self._buffer) - self._at

    @property
    def seen(self) -> bytes:
        """The first bytes received and not yet read, for a diagnosis."""
        return bytes(self._buffer[self._at : self._at + 16])

    def send(self, data: bytes, *, more: bool = False) -> None:
        """Send all of it; raises `Hung` or `Dropped`.

        With `more` it may wait for what is sent next, at the latest until something is received.
        """
        self._unsent += data
        if not more:
            self.flush()

    def flush(self) -> None:
        """Send what was held back; raises `Hung` or `Dropped`."""
        data, self._unsent = self._unsent, b""
        if not data:
            return
        view = memoryview(self._deflate.deflate(data) if self._deflate else data)
        while view:
            try:
                self._be_patient()
                view = view[self.sock.send(view[:RECEIVE]) :]
            except (OSError, MailServerError) as error:
                raise self._lost(error) from None
        self._asked = time.monotonic()

    def readline(self, cap: int = 65_536) -> bytes:
        """One line with its ending; raises `Hung`, `Dropped`, or `ProtocolBroken` above `cap`."""
        looked = self._at
        while (end := self._buffer.find(b"\n", looked)) < 0:
            held = len(self._buffer) - self._at
            if held > cap:
                raise self.broken("line too long")
            self._fill()
            looked = held
        if end - self._at >= cap:
            raise self.broken("line too long")
        return self._take(end + 1 - self._at)

    def match(self, pattern: re.Pattern[bytes]) -> tuple[bytes, ...] | None:
        """The groups of a pattern where the bytes already received begin with it; else None.

        What matched counts as read.  Nothing is waited for.
        """
        found = pattern.match(self._buffer, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found.groups()

    def some(self, most: int) -> bytes:
        """Up to a line ending or `most` bytes, whichever comes first: for lines of any length."""
        while (end := self._buffer.find(b"\n", self._at, self._at + most)) < 0:
            if len(self._buffer) - self._at >= most:
                return self._take(most)
            self._fill()
        return self._take(end + 1 - self._at)

    def until(self, end: bytes, most: int) -> tuple[bytes, bool]:
        """The bytes before `end`, which is read too, and True; or some of them and False.

        Not much more than `most` bytes at a time, and never a part of what may become `end`.
        """
        looked, tail = self._at, self._buffer.endswith
        while (found := self._buffer.find(end, looked)) < 0:
            held = len(self._buffer) - self._at
            if held >= most + len(end):
                over = next(n for n in range(len(end) - 1, -1, -1) if tail(end[:n]))
                return self._take(held - over), False
            self._fill()
            looked = max(held - len(end) + 1, 0)
        data = self._take(found - self._at)
        self._at += len(end)
        return data, True

    def gather(self) -> None:
        """Take in everything that has arrived, without waiting; raises `Dropped` at the end.

        What a TLS layer holds back is taken in too, so that the next byte makes `sock` readable.
        """
        self._forget()
        self._timeout, before = 0.0, len(self._buffer)
        try:
            self.sock.settimeout(0.0)
            while data := self.sock.recv(RECEIVE):
                self._buffer += data
                if len(self._buffer) - self._at > GATHERED_CAP:
                    raise self.broken("more than anybody asked for")
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            pass  # dropped as well
        if len(self._buffer) == before:
            raise self.fail(Dropped(self.stage))
        # Its last words are read first; `sock` stays readable, and the next time there are none.

    def pieces(self, size: int) -> Iterator[bytes]:
        """Exactly `size` bytes, as they come."""
        while size > 0:
            if not self.buffered:
                self._fill()
            piece = self._take(min(size, len(self._buffer) - self._at))
            size -= len(piece)
            yield piece

    def unread(self, line: bytes) -> None:
        """Put a line back to be read again."""
        self._buffer[: self._at] = line
        self._at = 0

    def start_tls(self, trust: Trust) -> None:
        """Do the handshake; bytes that came before it are an attack (CVE-2011-0411 and kin)."""
        if self.buffered:
            raise self.fail(tls.tampered())
        self.sock = tls.wrap(self.sock, trust, self.host, self._step)
        self._timeout = -1.0
        self.encrypted = True
        if self._total is not None:
            tls.describe(self.sock, self._total)

    def compress(self) -> None:
        """From here on both directions are compressed (RFC 4978).

        Bytes that came before are refused: nobody could say whether they were compressed.
        """
        if self.buffered:
            raise self.broken("bytes before compression began")
        self._deflate = Deflate()

    def waits_for_tls(self) -> bool:
        """Whether a silent server speaks TLS; uses the connection up."""
        left = self._total.left() if self._total else 3.0
        return tls.speaks_tls(self.sock, Deadline(min(3.0, left), Stage.ENCRYPTION))

    def broken(self, what: str) -> ProtocolBroken:
        """Close, and an error to raise: the server's answer makes no sense."""
        self.close()
        return ProtocolBroken(self.stage, server_line=what)

    def fail(self, error: MailServerError) -> MailServerError:
        """Close, and give the error back to raise."""
        self.close()
        return error

    def close(self) -> None:
        """Close the socket; nothing is said to the server."""
        self.closed = True
        self.sock.close()

    def shut(self) -> None:
        """End the connection from another thread: one that waits for bytes here gets `Dropped`."""
        self.closed = True
        with contextlib.suppress(OSError):  # closed already
            # The plain one: that of a TLS socket takes the encryption away from the other thread.
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def _take(self, size: int) -> bytes:
        start = self._at
        self._at = end = start + size
        with memoryview(self._buffer) as view:
            return bytes(view[start:end])

    def _fill(self) -> None:
        """At least one more byte into the buffer; what was read leaves it."""
        self._forget()
        data = self._receive() if self._deflate is None else self._inflated(self._deflate)
        self._buffer += data

    def _forget(self) -> None:
        if self._at:
            del self._buffer[: self._at]
            self._at = 0

    def _inflated(self, deflate: Deflate) -> bytes:
        barren = 0
        while barren <= GATHERED_CAP:
            received = b"" if deflate.pending else self._receive()
            barren += len(received)
            try:
                data = deflate.inflate(received)
            except ValueError:
                raise self.broken("compressed stream broken") from None
            if data:
                self._in_time()
                return data
            if deflate.ended:
                raise self.fail(Dropped(self.stage))
        # Each of its bytes earned time, and nothing that counts lines saw any.
        raise self.broken("compressed stream of nothing")

    def _receive(self) -> bytes:
        self.flush()
        try:
            self._be_patient()
            data = self.sock.recv(RECEIVE)
        except TimeoutError:
            hung = Hung(self.stage)
            # A silent server is still to be asked whether it waits for TLS.
            raise hung if self.stage is Stage.GREETING else self.fail(hung)
        except (OSError, MailServerError) as error:
            raise self._lost(error) from None
        if not data:
            raise self.fail(Dropped(self.stage))
        self.extend(len(data))
        if self._total is not None and self._asked:
            took, self._asked = time.monotonic() - self._asked, 0.0
            self.round_trip = min(took, self.round_trip or took)
        return data

    def _be_patient(self) -> None:
        """Give the socket the step's time as its timeout; a system call, so only on a change."""
        timeout = min(self._step.remaining(), self.silence)
        if timeout != self._timeout:
            self._timeout = timeout
            self.sock.settimeout(timeout)

    def _in_time(self) -> None:
        """Inflating waits for nothing, so it has to look at the clock by itself."""
        try:
            self._step.remaining()
        except Hung as hung:
            raise self.fail(hung) from None

    def _lost(self, error: Exception) -> MailServerError:
        if isinstance(error, MailServerError):
            return self.fail(error)
        # A TLS record that arrives late raises SSLWantReadError on some builds, not TimeoutError.
        timed_out = isinstance(error, TimeoutError | ssl.SSLWantReadError)
        return self.fail(Hung(self.stage) if timed_out else Dropped(self.stage))
