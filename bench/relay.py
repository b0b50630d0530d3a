"""A TCP relay that delays what passes and counts how often the client waited for the server.

    python -m bench.relay PORT MILLISECONDS

Passes connections on to PORT of this machine, each direction so many milliseconds late. Prints
its own port, and when its standard input ends the figures as JSON: ``connections`` and
``flights``, the times a client began to send after it had received.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
PIECE = 1 << 18
ROOT = Path(__file__).resolve().parent.parent


class Relay:
    """The relay itself; figures grow while it runs."""

    def __init__(self, target: int, delay: float) -> None:
        self.target = target
        self.delay = delay
        self.connections = 0
        self.flights = 0

    async def serve(self) -> None:
        """Run until standard input ends."""
        server = await asyncio.start_server(self._carry, HOST, 0)
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        figures = {"connections": self.connections, "flights": self.flights}
        sys.stdout.write(f"{json.dumps(figures)}\n")

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        # A connection costs one round trip before anything is said.
        await asyncio.sleep(2 * self.delay)
        there, back = await asyncio.open_connection(HOST, self.target)
        talk = _Talk(self)
        ways = self._pass(reader, back, talk, up=True), self._pass(there, writer, talk, up=False)
        # It ends with the process where a connection is still open then.
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, talk: _Talk, *, up: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(256)

        async def read() -> None:
            while data := await source.read(PIECE):
                talk.note(up=up)
                await queue.put((loop.time() + self.delay, data))
            await queue.put((loop.time() + self.delay, b""))

        reading = asyncio.create_task(read())
        try:
            while True:
                when, data = await queue.get()
                if (wait := when - loop.time()) > 0:
                    await asyncio.sleep(wait)
                if not data:
                    return
                sink.write(data)
                await sink.drain()
        finally:
            reading.cancel()
            sink.close()


class _Talk:
    """Who spoke last on one connection."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.client_spoke = False

    def note(self, *, up: bool) -> None:
        if up and not self.client_spoke:
            self.relay.flights += 1
        self.client_spoke = up


@dataclass
class Figures:
    """A relay that runs elsewhere; ``told`` is filled when it has ended."""

    port: int
    told: dict[str, Any] = field(default_factory=dict)


@contextmanager
def relay(target: int, milliseconds: float) -> Iterator[Figures]:
    """A relay in a process of its own, so that its work is not taken for ours."""
    command = [sys.executable, "-m", "bench.relay", str(target), str(milliseconds)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    if process.stdout is None:
        raise SystemExit("the relay has no output")
    figures = Figures(int(process.stdout.readline()))
    try:
        yield figures
    finally:
        told, _ = process.communicate(timeout=10)
        figures.told.update(json.loads(told.splitlines()[-1]))


if __name__ == "__main__":
    asyncio.run(Relay(int(sys.argv[1]), float(sys.argv[2]) / 1000).serve())
