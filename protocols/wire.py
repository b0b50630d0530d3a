"""Lines and bytes over one socket, with a deadline no slow drip of single bytes can stretch."""

import socket
import ssl
from collections.abc import Iterator

from protocols import tls
from protocols.errors import Dropped, Hung, MailServerError, ProtocolBroken, Stage
from protocols.tls import Trust
from protocols.types import Deadline

RECEIVE = 262_144
SLOWEST = 32_768  # bytes a second; a server slower than this is taken to hang


class Wire:
    """A connected socket.  Any error closes it: a stream that lost its place is of no more use.

    Every receive gets what is left of the current step's deadline as its timeout, so the step
    ends in time however the bytes come.
    """

    def __init__(self, sock: socket.socket, host: str, total: Deadline) -> None:
        """Take a connected socket.

        `host` is the name certificates are checked for; `total` bounds every step until `release`.
        """
        self.sock = sock
        self.host = host
        self.encrypted = False
        self.closed = False
        self._total: Deadline | None = total
        self._step = total
        self._buffer = bytearray()

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
        return bool(self._buffer)

    @property
    def seen(self) -> bytes:
        """The first bytes received and not yet read, for a diagnosis."""
        return bytes(self._buffer[:16])

    def send(self, data: bytes) -> None:
        """Send all of it; raises `Hung` or `Dropped`."""
        view = memoryview(data)
        while view:
            try:
                self.sock.settimeout(self._step.remaining())
                view = view[self.sock.send(view[:RECEIVE]) :]
            except (OSError, MailServerError) as error:
                raise self._lost(error) from None

    def readline(self, cap: int = 65_536) -> bytes:
        """One line with its ending; raises `Hung`, `Dropped`, or `ProtocolBroken` above `cap`."""
        looked = 0
        while (end := self._buffer.find(b"\n", looked)) < 0:
            looked = len(self._buffer)
            if looked > cap:
                raise self.broken("line too long")
            self._fill()
        if end >= cap:
            raise self.broken("line too long")
        return self._take(end + 1)

    def some(self, most: int) -> bytes:
        """Up to a line ending or `most` bytes, whichever comes first: for lines of any length."""
        while (end := self._buffer.find(b"\n", 0, most)) < 0 and len(self._buffer) < most:
            self._fill()
        return self._take(end + 1 if end >= 0 else most)

    def pieces(self, size: int) -> Iterator[bytes]:
        """Exactly `size` bytes, as they come."""
        while size > 0:
            if not self._buffer:
                self._fill()
            piece = self._take(min(size, len(self._buffer)))
            size -= len(piece)
            yield piece

    def unread(self, line: bytes) -> None:
        """Put a line back to be read again."""
        self._buffer[:0] = line

    def start_tls(self, trust: Trust) -> None:
        """Do the handshake; bytes that came before it are an attack (CVE-2011-0411 and kin)."""
        if self._buffer:
            raise self.fail(tls.tampered())
        self.sock = tls.wrap(self.sock, trust, self.host, self._step)
        self.encrypted = True

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

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _fill(self) -> None:
        try:
            self.sock.settimeout(self._step.remaining())
            data = self.sock.recv(RECEIVE)
        except TimeoutError:
            hung = Hung(self.stage)
            # A silent server is still to be asked whether it waits for TLS.
            raise hung if self.stage is Stage.GREETING else self.fail(hung)
        except (OSError, MailServerError) as error:
            raise self._lost(error) from None
        if not data:
            raise self.fail(Dropped(self.stage))
        self._buffer += data

    def _lost(self, error: Exception) -> MailServerError:
        if isinstance(error, MailServerError):
            return self.fail(error)
        # A TLS record that arrives late raises SSLWantReadError on some builds, not TimeoutError.
        timed_out = isinstance(error, TimeoutError | ssl.SSLWantReadError)
        return self.fail(Hung(self.stage) if timed_out else Dropped(self.stage))
