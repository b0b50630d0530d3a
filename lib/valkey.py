"""A line to the broker for telling and hearing: PUBLISH and SUBSCRIBE in RESP2, nothing else.

The client library takes longer to load than a whole pull of mail may take to start, and every
process that files mail tells of it.
"""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from protocols.closing import Closing

Reply = str | int | list["Reply"] | None
#: What we tell and hear is short; whatever is longer is no Valkey.
LONGEST = 1 << 16
PORT = 6379


class BrokerError(OSError):
    """The broker refused, or speaks something else."""


class Line(Closing):
    """One connection. Raises OSError whenever the broker is away, slow or refuses."""

    def __init__(self, url: str, *, seconds: float) -> None:
        """`url` is what BROKER_URL takes; `seconds` is the limit of each wait for the server."""
        parts = urlsplit(url)
        self._unread = b""
        if parts.scheme in ("redis+socket", "unix"):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(seconds)
            self._connect(unquote(parts.path))
        else:
            host = parts.hostname or "localhost"
            self._socket = socket.create_connection((host, parts.port or PORT), seconds)
            if parts.scheme == "rediss":
                trust = ssl.create_default_context()
                self._socket = trust.wrap_socket(self._socket, server_hostname=host)
        if parts.password:
            name = [unquote(parts.username)] if parts.username else []
            self.ask("AUTH", *name, unquote(parts.password))

    def _connect(self, path: str) -> None:
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise

    def close(self) -> None:
        """Hang up, also under a thread that waits for words."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def ask(self, *words: str) -> Reply:
        """Send a command and return its answer."""
        self.say(*words)
        return self.heard()

    def say(self, *words: str) -> None:
        """Send a command."""
        self._socket.sendall(_command(words))

    def waits(self, seconds: float) -> bool:
        """Whether something came within that time."""
        if self._unread or getattr(self._socket, "pending", int)():
            return True
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def heard(self) -> Reply:
        """What the broker says next."""
        kind, text = self._until_line_end()
        if kind == "+":
            return text
        if kind == ":":
            return int(text)
        if kind == "-":
            # Its words may repeat what was said to it, the password among them.
            raise BrokerError("the broker refused")
        length = int(text) if text.lstrip("-").isdecimal() else LONGEST
        if kind == "*" and length <= 8:
            return [self.heard() for _ in range(length)]
        if kind == "$" and length < LONGEST:
            return self._text(length) if length >= 0 else None
        raise BrokerError("the broker does not speak RESP2")

    def _text(self, length: int) -> str:
        while len(self._unread) < length + 2:
            self._read_more()
        text, self._unread = self._unread[:length], self._unread[length + 2 :]
        return text.decode("utf-8", "replace")

    def _until_line_end(self) -> tuple[str, str]:
        while b"\r\n" not in self._unread:
            self._read_more()
        line, _, self._unread = self._unread.partition(b"\r\n")
        text = line.decode("utf-8", "replace")
        return text[:1], text[1:]

    def _read_more(self) -> None:
        data = self._socket.recv(4096)
        if not data or len(self._unread) > LONGEST:
            raise BrokerError("the broker hung up")
        self._unread += data


def _command(words: Sequence[str]) -> bytes:
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(one), one) for one in parts)
