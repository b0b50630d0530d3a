"""Reading by a thread of its own, so that the wire goes on while the caller stores."""

import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Generic, Self, TypeVar

from protocols.wire import Wire

T = TypeVar("T")


class ReadAhead(Iterator[T]):
    """What `found` reads from `wire`, in order, with up to `ahead` items waiting.

    `found` is iterated in the thread, which starts with the first item asked for.  An error of it
    is raised after everything that came before it.  Leaving early, by `close`, ends the connection.
    """

    def __init__(self, found: Iterator[T], wire: Wire, ahead: int) -> None:
        self._reader: _Reader[T] | None = _Reader(found, wire, ahead)
        self._started = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        """The next item, waited for; raises what ended the reading."""
        if self._reader is None:
            raise StopIteration
        if not self._started:
            self._started = True
            self._reader.start()
        try:
            one = self._reader.next()
        except BaseException:
            self.close()
            raise
        if one is None:
            self.close()
            raise StopIteration
        return one

    @property
    def waiting(self) -> int:
        """How many more items there are that need not be waited for; at least so many."""
        return self._reader.waiting if self._reader is not None else 0

    def close(self) -> None:
        """End the thread, and the connection too if it was still at work."""
        reader, self._reader = self._reader, None
        if reader is not None and self._started:
            reader.stop()

    def __del__(self) -> None:
        # Whoever lets go of it leaves early, too.
        self.close()


class _Reader(threading.Thread, Generic[T]):
    """Reads until everything came, something failed, or nobody wants more."""

    def __init__(self, found: Iterator[T], wire: Wire, ahead: int) -> None:
        super().__init__(name="reads-ahead", daemon=True)
        self._found = found
        self._wire = wire
        self._room = threading.Semaphore(ahead)
        self._ready: SimpleQueue[T | BaseException | None] = SimpleQueue()
        self._ended = self._stopped = False
        self._came = self._taken = 0  # each counted by one thread alone

    def run(self) -> None:
        """Hand over what is read, as far as there is room."""
        last: BaseException | None = None
        try:
            for one in self._found:
                self._room.acquire()
                if self._stopped:
                    return
                self._ready.put(one)
                self._came += 1
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
        if one is not None:
            self._taken += 1
        self._room.release()
        return one

    @property
    def waiting(self) -> int:
        """How many items lie here at least."""
        return max(0, self._came - self._taken)

    def stop(self) -> None:
        """End the thread, whatever it waits for; the connection too if it was still at work."""
        if not self._ended:
            self._stopped = True
            self._wire.shut()
            self._room.release()
        self.join()
