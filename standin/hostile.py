"""A TCP server that follows a script, for everything a decent server would never do.

A script is a list of steps, run afresh for each connection: `Send`, `Expect`, `Drip`, `Hang`,
`Drop`, `Tls`.  What clients sent is kept per connection, clear text apart from encrypted.
"""

import re
import socket
import ssl
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from standin import ports
from standin.certs import Pair


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes at once; `%TAG%` becomes the tag of the last IMAP command."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Expect:
    """Read lines until one matches; the connection ends where none comes.

    A line that is no `command` but the answer to a challenge brings no tag of its own.
    """

    pattern: bytes = rb""
    command: bool = True


@dataclass(frozen=True, slots=True)
class Drip:
    """Send one byte after another, so many seconds apart, for as long as anybody listens."""

    data: bytes
    seconds: float = 0.05


@dataclass(frozen=True, slots=True)
class Hang:
    """Say nothing more, but keep the connection."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection, with a reset when `hard`."""

    hard: bool = False


@dataclass(frozen=True, slots=True)
class Tls:
    """Do a server's handshake with this certificate."""

    pair: Pair
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3


Step = Send | Expect | Drip | Hang | Drop | Tls


@dataclass(slots=True)
class Heard:
    """What one client sent."""

    clear: bytearray = field(default_factory=bytearray)
    encrypted: bytearray = field(default_factory=bytearray)


class Hostile:
    """Runs its script for each connection on `port`."""

    def __init__(self, script: Sequence[Step], *, host: str = ports.HOST) -> None:
        """Listen at once; connections are served inside the `with` block."""
        self.script = list(script)
        self._host = host
        self.heard: list[Heard] = []
        self._over = threading.Event()
        self._listener = socket.create_server((host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="hostile", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        # A connection of our own wakes accept(), which a close alone does not.
        socket.create_connection((self._host, self.port)).close()
        self._thread.join(60)
        self._listener.close()

    @property
    def clear_text(self) -> bytes:
        """Everything any client sent unencrypted."""
        return b"".join(bytes(each.clear) for each in self.heard)

    def _serve(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self._over.is_set():
                sock.close()
                return
            heard = Heard()
            self.heard.append(heard)
            talk = _Talk(sock, heard, self._over)
            threading.Thread(target=talk.run, args=(self.script,), daemon=True).start()


class _Talk:
    """One connection."""

    def __init__(self, sock: socket.socket, heard: Heard, over: threading.Event) -> None:
        self.sock = sock
        self.heard = heard
        self.over = over
        self.encrypted = False
        self.tag = b""
        self.buffer = b""

    def run(self, script: Sequence[Step]) -> None:
        try:
            for step in script:
                self._do(step)
        except (OSError, EOFError):
            pass  # the client left, which is one way to end a script
        finally:
            self.sock.close()

    def _do(self, step: Step) -> None:
        if isinstance(step, Send):
            self.sock.sendall(step.data.replace(b"%TAG%", self.tag))
        elif isinstance(step, Expect):
            while not re.search(step.pattern, line := self._line(), re.I):
                pass
            self.tag = line.partition(b" ")[0] if step.command else self.tag
        elif isinstance(step, Drip):
            self._drip(step)
        elif isinstance(step, Tls):
            self._handshake(step)
        elif isinstance(step, Hang):
            self.over.wait(600)
        else:
            self._drop(step)

    def _line(self) -> bytes:
        while b"\n" not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError
            self.buffer += data
            (self.heard.encrypted if self.encrypted else self.heard.clear).extend(data)
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line

    def _drip(self, step: Drip) -> None:
        for byte in step.data:
            if self.over.wait(step.seconds):
                return
            self.sock.sendall(bytes([byte]))

    def _handshake(self, step: Tls) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(step.pair.cert, step.pair.key)
        context.maximum_version = step.newest
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.encrypted = True

    def _drop(self, step: Drop) -> None:
        if step.hard:
            linger = struct.pack("ii", 1, 0)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.sock.close()
        raise EOFError
