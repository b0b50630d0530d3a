"""Reading by a thread of its own, so that the wire goes on while the caller stores."""

import threading
from collections.abc import Generator, Iterator
from queue import SimpleQueue
from typing import Generic, TypeVar

from protocols.wire import Wire

T = TypeVar("T")


def read_ahead(found: Iterator[T], wire: Wire, ahead: int) -> Generator[T, None, None]:
    """What `found` reads from `wire`, in order, with up to `ahead` items waiting.

    `found` is iterated in the thread.  An error of it is raised after everything that came before
    it.  Leaving early ends the connection.
    """
    reader = _Reader(found, wire, ahead)
    reader.start()
    try:
        while (one := reader.next()) is not None:
            yield one
    finally:
        reader.stop()


class _Reader(threading.Thread, Generic[T]):
    """Reads until everything came, something failed, or nobody wants more."""

    def __init__(self, found: Iterator[T], wire: Wire, ahead: int) -> None:
        super().__init__(name="reads-ahead", daemon=True)
        self._found = found
        self._wire = wire
        self._room = threading.Semaphore(ahead)
        self._ready: SimpleQueue[T | BaseException | None] = SimpleQueue()
        self._ended = self._stopped = False

    def run(self) -> None:
        """Hand over what is read, as far as there is room."""
        last: BaseException | None = None
        try:
            for one in self._found:
                self._room.acquire()
                if self._stopped:
                    return
                self._ready.put(one)
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            last = error
        # Said before the last word: from then on the connection belongs to the caller again.
        self._ended = True
        self._ready.put(last)

    def next(self) -> T | None:
        """The next item, waited for; None after the last.  Raises what ended the reading."""
        one = self._ready.get()
        if isinstance(one, BaseException):
            raise one
        self._room.release()
        return one

    def stop(self) -> None:
        """End the thread, whatever it waits for; the connection too if it was still at work."""
        if not self._ended:
            self._stopped = True
            self._wire.shut()
            self._room.release()
        self.join()
