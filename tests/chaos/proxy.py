"""A TCP proxy that cuts connections after a given number of bytes, and changes nothing else."""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from standin import ports

PIECE = 65536


@dataclass(frozen=True)
class Cut:
    """End a connection once exactly ``after`` bytes went in one direction."""

    after: int
    to_client: bool = True
    reset: bool = True


class Proxy:
    """Passes connections on to a server inside a ``with`` block.

    ``plan`` is asked for every new connection, by its number, when to cut it; None: never. What
    was really cut is in ``cuts``.
    """

    def __init__(self, target: int, plan: Callable[[int], Cut | None]) -> None:
        self.cuts: list[Cut] = []
        self.connections = 0
        self._target = target
        self._plan = plan
        self._listener = socket.create_server((ports.HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._over = False
        self._thread = threading.Thread(target=self._accept, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        # A connection of our own wakes accept(), which a close alone does not.
        socket.create_connection((ports.HOST, self.port)).close()
        self._thread.join(60)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self._over:
                client.close()
                return
            self.connections += 1
            cut = self._plan(self.connections)
            server = socket.create_connection((ports.HOST, self._target))
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pass, args=(client, server, cut), daemon=True).start()

    def _pass(self, client: socket.socket, server: socket.socket, cut: Cut | None) -> None:
        """Carry bytes both ways until one side ends it, or the cut is due."""
        watched = selectors.DefaultSelector()
        watched.register(client, selectors.EVENT_READ, server)
        watched.register(server, selectors.EVENT_READ, client)
        left = cut.after if cut else 0
        with client, server, watched:
            try:
                while True:
                    for key, _ in watched.select():
                        source, sink = key.fileobj, key.data
                        assert isinstance(source, socket.socket)
                        data = source.recv(PIECE)
                        if cut is not None and cut.to_client == (source is server):
                            if len(data) >= left:
                                sink.sendall(data[:left])
                                self._end(cut, client, server)
                                return
                            left -= len(data)
                        if not data:
                            return
                        sink.sendall(data)
            except OSError:
                return  # one side left, which is its right

    def _end(self, cut: Cut, client: socket.socket, server: socket.socket) -> None:
        self.cuts.append(cut)
        if cut.reset:
            linger = struct.pack("ii", 1, 0)
            for each in (client, server):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
