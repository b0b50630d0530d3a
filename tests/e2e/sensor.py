"""A trap for connections: every name and port of the browser leads here, and nowhere else."""

from __future__ import annotations

import socket
import threading
import time

#: Hosts a browser talks to by itself.
OWN = ("google", "gstatic", "googleapis", "gvt1", "chromium")


class Sensor:
    """Accepts connections on loopback and remembers which host each one was meant for.

    TLS is recognised by the server name in its first message (RFC 6066 section 3), so that a
    preconnect which never becomes a request is counted as well.
    """

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._seen: list[str] = []
        self._closing = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    @property
    def rules(self) -> str:
        """The browser flag that leads every name here, except the site under test."""
        return f"--host-resolver-rules=MAP * 127.0.0.1:{self.port}, EXCLUDE localhost"

    def foreign(self) -> list[str]:
        """The hosts connected to, without those of the browser's maker."""
        time.sleep(0.5)
        return [one for one in self._seen if not any(own in one for own in OWN)]

    def close(self) -> None:
        self._closing = True
        self._socket.close()

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._look, args=(connection,), daemon=True).start()

    def _look(self, connection: socket.socket) -> None:
        connection.settimeout(3)
        with connection:
            try:
                data = connection.recv(4096)
            except OSError:
                data = b""
            self._seen.append(_host(data))


def _host(data: bytes) -> str:
    if data[:1] == b"\x16":
        return _server_name(data)
    for line in data.split(b"\r\n"):
        if line.lower().startswith(b"host:"):
            return line[5:].strip().decode("latin-1")
    return "silent" if not data else f"other {data[:20]!r}"


def _server_name(hello: bytes) -> str:
    """The first host name in a ClientHello: type 0, two lengths, letters."""
    marker = hello.find(b"\x00\x00", 60)
    while marker >= 0:
        size = int.from_bytes(hello[marker + 7 : marker + 9])
        name = hello[marker + 9 : marker + 9 + size]
        if hello[marker + 6 : marker + 7] == b"\x00" and size > 2 and len(name) == size:
            text = name.decode("latin-1")
            if "." in text and text.isascii() and text.replace(".", "").replace("-", "").isalnum():
                return text
        marker = hello.find(b"\x00\x00", marker + 1)
    return "tls without a name"
