"""A proxy that counts how often a client had to wait for the server."""

import contextlib
import selectors
import socket
import threading
from types import TracebackType
from typing import Self

from standin import ports


class CountingProxy:
    """Passes one connection on.  `flights` holds what the client sent between two answers."""

    def __init__(self, port: int) -> None:
        self.flights: list[bytes] = []
        self._target = port
        self._listener = socket.create_server((ports.HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="counting", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        server = socket.create_connection((ports.HOST, self._target))
        # Either side may leave first, with words of the other still on their way.
        with client, server, contextlib.suppress(OSError):
            self._pass_on(client, server)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        answered = True
        with selectors.DefaultSelector() as waiting:
            waiting.register(client, selectors.EVENT_READ)
            waiting.register(server, selectors.EVENT_READ)
            while True:
                for key, _ in waiting.select():
                    data = (client if key.fileobj is client else server).recv(1 << 16)
                    if not data:
                        return
                    if key.fileobj is server:
                        client.sendall(data)
                        answered = True
                        continue
                    if answered:
                        self.flights.append(b"")
                        answered = False
                    self.flights[-1] += data
                    server.sendall(data)
