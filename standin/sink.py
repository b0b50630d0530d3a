"""An SMTP server in a process of its own that takes everything and writes down what it took.

    python -m standin.sink CERT KEY JOURNAL

It speaks TLS from the start, wants a sign-in (any will do) and offers what submission servers
offer, PIPELINING above all. Each message it takes is a line in the journal, written before it says
so: the Message-ID and the recipients. It is fast, as it parses nothing else.
"""

import re
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from standin import ports
from standin.certs import Pair

_EHLO = (
    b"250-sink\r\n250-PIPELINING\r\n250-SIZE 50000000\r\n250-8BITMIME\r\n250-DSN\r\n"
    b"250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN\r\n"
)
_ID = re.compile(rb"^message-id:\s*(\S+)", re.I | re.M)
_ADDRESS = re.compile(rb"<([^>]*)>")


class Sink:
    """The server, from the outside. `port` is for TLS; the journal lies beside the certificate."""

    def __init__(self, tls: Pair) -> None:
        self.journal = tls.cert.parent / "sink.journal"
        files = (tls.cert, tls.key, self.journal)
        self._command = [sys.executable, "-m", "standin.sink", *map(str, files)]
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def taken(self) -> int:
        """How many messages it has taken."""
        return len(self.lines())

    def lines(self) -> list[str]:
        """What it has taken, in order: a Message-ID and recipients each."""
        return self.journal.read_text().splitlines() if self.journal.exists() else []

    def __enter__(self) -> Self:
        root = Path(__file__).resolve().parent.parent
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
        )
        said = self._process.stdout
        self.port = int(said.readline()) if said else 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.communicate(timeout=10)


def _serve(sock: socket.socket, context: ssl.SSLContext, journal: BinaryIO) -> None:
    try:
        with context.wrap_socket(sock, server_side=True) as secure, secure.makefile("rwb") as wire:
            _talk(wire, journal)  # type: ignore[arg-type]  # a pair of buffers is read and written alike
    except (OSError, EOFError):
        pass  # the client left


def _talk(wire: BinaryIO, journal: BinaryIO) -> None:
    recipients: list[bytes] = []
    wire.write(b"220 sink\r\n")
    while True:
        wire.flush()
        line = wire.readline()
        if not line:
            return
        verb = line[:4].upper()
        if verb == b"EHLO":
            wire.write(_EHLO)
        elif verb == b"AUTH":
            wire.write(b"235 in\r\n")
        elif verb == b"RCPT":
            recipients += _ADDRESS.findall(line)
            wire.write(b"250 recipient\r\n")
        elif verb == b"DATA":
            wire.write(b"354 go\r\n")
            wire.flush()
            _take(wire, recipients, journal)
            recipients = []
        elif verb == b"QUIT":
            wire.write(b"221 bye\r\n")
            wire.flush()
            return
        else:
            recipients = []
            wire.write(b"250 fine\r\n")


def _take(wire: BinaryIO, recipients: list[bytes], journal: BinaryIO) -> None:
    lines: list[bytes] = []
    while (line := wire.readline()) != b".\r\n":
        if not line:
            raise EOFError
        lines.append(line)
    found = _ID.search(b"".join(lines[:50]))
    journal.write(b" ".join([found[1] if found else b"-", *recipients]) + b"\n")
    journal.flush()
    wire.write(b"250 taken\r\n")


def main() -> None:
    cert, key, journal = sys.argv[1:]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    listener = socket.create_server((ports.HOST, 0), backlog=64)
    file = Path(journal).open("ab")  # noqa: SIM115 - for as long as the process lives

    def accept() -> None:
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_serve, args=(sock, context, file), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
