"""Bodies read by a thread of their own, so that the wire goes on while the caller stores."""

import threading
from collections.abc import Callable, Generator, Iterator
from queue import SimpleQueue

from protocols.imap.channel import Channel
from protocols.imap.orders import Orders
from protocols.imap.values import Arrived, Form, Wanted

Take = Callable[[], Wanted | None]


def bodies(
    channel: Channel, take: Take, *, depth: int, ahead: int
) -> Generator[Arrived, None, None]:
    """What arrives for each `Wanted` that `take` gives, in that order, until it gives None.

    `take` is called from the reading thread.  Any error but a refusal is raised after the batches
    that came before it.  Leaving early ends the connection.
    """
    reader = _Reader(channel, take, depth, ahead)
    reader.start()
    try:
        while (arrived := reader.next()) is not None:
            yield arrived
    finally:
        reader.stop()


class _Reader(threading.Thread):
    """Keeps `depth` batches on their way and at most `ahead` waiting to be handed over."""

    def __init__(self, channel: Channel, take: Take, depth: int, ahead: int) -> None:
        super().__init__(name="imap-bodies", daemon=True)
        self._channel = channel
        self._take = take
        self._depth = depth
        self._orders = Orders(channel, at_once=depth > 1)
        self._form = Form.WHOLE  # of the last order
        self._room = threading.Semaphore(ahead)
        self._ready: SimpleQueue[Arrived | BaseException | None] = SimpleQueue()
        self._ended = self._stopped = False

    def run(self) -> None:
        """Read until there is nothing more to take."""
        last: BaseException | None = None
        try:
            for arrived in self._arrivals():
                self._room.acquire()
                if self._stopped:
                    break
                self._ready.put(arrived)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            last = error
        # Said before the last word: from then on the connection belongs to the caller again.
        self._ended = True
        self._ready.put(last)

    def next(self) -> Arrived | None:
        """The next batch, waited for; None after the last.  Raises what ended the reading."""
        found = self._ready.get()
        if isinstance(found, BaseException):
            raise found
        self._room.release()
        return found

    def stop(self) -> None:
        """End the thread, whatever it waits for; the connection too if it was still at work."""
        if not self._ended:
            self._stopped = True
            self._channel.wire.shut()
            self._room.release()
        self.join()

    def _arrivals(self) -> Iterator[Arrived]:
        orders = self._orders
        held: Wanted | None = None
        while not self._stopped:
            while len(orders) < self._depth and not (orders and orders.crowded):
                held = held or self._take()
                # A body in pieces is a talk of its own: before it and after it the wire is free.
                if held is None or (orders and Form.PIECES in (held.form, self._form)):
                    break
                orders.place(held)
                self._form, held = held.form, None
            if not orders:
                break
            yield orders.receive()
        orders.finish()
