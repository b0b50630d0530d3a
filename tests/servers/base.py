"""What both scriptable servers share: connections, rules that change answers, and a record.

A server answers decently from what it holds. A test adds rules with `on`: a pattern for the
command, and an act that does something else with the decent answer, such as cutting it short.
"""

from __future__ import annotations

import re
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from standin import ports
from standin.certs import Pair

CONNECT = "CONNECT"  # the event before anything is sent or encrypted
GREETING = "GREETING"  # the event of the first line
Answer = Callable[[], bytes]
Act = Callable[["Talk", Answer], None]


class Gone(Exception):
    """The conversation is over, on whichever side."""


@dataclass(slots=True)
class Rule:
    """An act for the commands a pattern matches; ``skip`` of them pass, then ``times`` do not."""

    pattern: re.Pattern[str]
    act: Act
    times: int | None
    skip: int = 0

    def applies(self, text: str) -> bool:
        """Whether this command is one of its own; counts it."""
        if self.times == 0 or not self.pattern.search(text):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Talk:
    """One connection."""

    def __init__(self, server: Server, sock: socket.socket, number: int) -> None:
        self.server = server
        self.sock = sock
        self.number = number
        self.tag = ""
        self.encrypted = False
        self.heard: list[str] = []
        self.flights = 0  # times the client had to wait for an answer before it went on
        self.clear = bytearray()  # what came unencrypted
        self._buffer = b""
        self._answered = True

    def readline(self) -> bytes:
        """One line without its ending."""
        while b"\n" not in self._buffer:
            self._receive()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        while len(self._buffer) < size:
            self._receive()
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def peek(self) -> bytes:
        """What the client sent and this server has not looked at yet; without waiting."""
        readable, _, _ = select.select([self.sock], [], [], 0)
        if readable:
            self._receive()
        return self._buffer

    def send(self, data: bytes) -> None:
        """Send, with the tag of the command at hand put in for `%TAG%`."""
        self._answered = True
        try:
            self.sock.sendall(self.filled(data))
        except (OSError, ValueError):
            raise Gone from None

    def filled(self, data: bytes) -> bytes:
        """The same with its tag."""
        return data.replace(b"%TAG%", self.tag.encode())

    def encrypt(self, pair: Pair) -> None:
        """Do a server's handshake."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.cert, pair.key)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = self.server.newest_tls
        try:
            self.sock = context.wrap_socket(self.sock, server_side=True)
        except OSError:
            raise Gone from None
        self.encrypted, self._buffer = True, b""

    def drop(self, *, hard: bool = False) -> None:
        """Close after what was sent, or with a reset that takes it back, and end the talk."""
        if hard:
            linger = struct.pack("ii", 1, 0)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.sock.close()
            raise Gone
        # A close with commands unread would be a reset, so those are read, and left at that.
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            raise Gone from None
        self.wait()

    def wait(self) -> None:
        """Say nothing more until the client leaves."""
        while True:
            self._receive()

    def _receive(self) -> None:
        try:
            data = self.sock.recv(65_536)
        except (OSError, ValueError):
            raise Gone from None
        if not data:
            raise Gone
        self.flights += self._answered
        self._answered = False
        self._buffer += data
        if not self.encrypted:
            self.clear += data


class Server:
    """Serves inside a ``with`` block on a free port of loopback; each connection has a thread.

    ``tls`` encrypts from the start, ``starttls`` when the client asks for it.
    """

    def __init__(self, *, tls: Pair | None = None, starttls: Pair | None = None) -> None:
        self.tls = tls
        self.starttls = starttls
        self.newest_tls = ssl.TLSVersion.TLSv1_3
        self.talks: list[Talk] = []
        self.heard: list[str] = []  # every command of every connection
        self.over = threading.Event()
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server((ports.HOST, 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, name="misbehaving", daemon=True)

    def on(self, pattern: str, act: Act, *, times: int | None = None, skip: int = 0) -> None:
        """Let ``act`` answer commands that match; earlier rules come first."""
        self._rules.append(Rule(re.compile(pattern, re.I), act, times, skip))

    def behave(self) -> None:
        """Forget every rule, and what was heard."""
        self._rules.clear()
        self.heard.clear()

    def count(self, pattern: str) -> int:
        """How many commands matched."""
        return sum(bool(re.search(pattern, text, re.I)) for text in list(self.heard))

    def serve(self, talk: Talk) -> None:
        """Hold one conversation; ends with `Gone`."""
        raise NotImplementedError

    def react(self, talk: Talk, text: str, answer: Answer) -> None:
        """Answer one command or event by the first rule for it, or decently."""
        with self._lock:
            rule = next((rule for rule in self._rules if rule.applies(text)), None)
        if rule is None:
            talk.send(answer())
        else:
            rule.act(talk, lambda: talk.filled(answer()))

    def note(self, talk: Talk, text: str) -> None:
        """Keep a command for the test to look at."""
        talk.heard.append(text)
        self.heard.append(text)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        # A connection of our own wakes accept(), which a close alone does not.
        socket.create_connection((ports.HOST, self.port)).close()
        self._thread.join(60)
        self._listener.close()
        for talk in self.talks:
            talk.sock.close()

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self.over.is_set():
                sock.close()
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            talk = Talk(self, sock, len(self.talks) + 1)
            self.talks.append(talk)
            threading.Thread(target=self._run, args=(talk,), daemon=True).start()

    def _run(self, talk: Talk) -> None:
        try:
            self.react(talk, CONNECT, lambda: b"")
            if self.tls is not None:
                talk.encrypt(self.tls)
            self.serve(talk)
        except Gone:
            pass  # the client left, or the script ended it
        finally:
            talk.sock.close()
