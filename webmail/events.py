"""Who listens for changes, and how the web process hears of them from the others.

A stream says only that something changed; the page then asks for it as any other request. Where
the broker is away streams stay open and say nothing, and pages look every half minute by
themselves.
"""

from __future__ import annotations

import random
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from django.conf import settings

from lib import live
from lib.valkey import Line

#: Streams of one person; a browser needs one for all of its tabs.
OF_ONE_PERSON = 6
#: Seconds without a word of the broker after which it is asked whether it is there.
SILENCE = 30.0
LONGEST_PAUSE = 30.0
#: Seconds over which all pages look after the broker was away.
SPREAD = 10.0


@dataclass(eq=False)
class Stream:
    """One open page. ``wake`` is set when there is something to do."""

    user_id: int
    wake: threading.Event = field(default_factory=threading.Event)
    #: Moment (time.monotonic) from which on there is news; 0: none.
    news_at: float = 0.0
    #: Whether it ends because its owner has a newer one.
    gives_way: bool = False
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def is_over(self) -> bool:
        """Whether it is to end."""
        return self._over.is_set()

    def tell(self, *, after: float = 0.0) -> None:
        """Something changed, to be told in so many seconds."""
        self.news_at = time.monotonic() + after
        self.wake.set()

    def end(self) -> None:
        """Stop soon."""
        self._over.set()
        self.wake.set()


class Hub:
    """All streams of this process, and the one subscription they share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: dict[int, list[Stream]] = {}
        self._count = 0
        self._is_over = threading.Event()
        self._listener: threading.Thread | None = None

    def open(self, user_id: int, *, most: int) -> Stream | None:
        """A new stream; None where there are `most` already, or all are to end.

        Where this person has too many the oldest ends: nobody may be there any more, which shows
        only when something is written to it.
        """
        with self._lock:
            if self._is_over.is_set() or self._count >= most:
                return None
            if self._listener is None:
                self._listener = threading.Thread(target=self._listen, name="events", daemon=True)
                self._listener.start()
            mine = self._streams.setdefault(user_id, [])
            if len(mine) >= OF_ONE_PERSON:
                oldest = mine.pop(0)
                oldest.gives_way = True
                oldest.end()
            stream = Stream(user_id)
            mine.append(stream)
            self._count += 1
            return stream

    def close(self, stream: Stream) -> None:
        """Forget a stream; to be called once for each that was opened."""
        with self._lock:
            self._count -= 1
            mine = self._streams.get(stream.user_id, [])
            if stream in mine:
                mine.remove(stream)
            if not mine:
                self._streams.pop(stream.user_id, None)

    def stop(self) -> None:
        """End every stream, and take no more."""
        self._is_over.set()
        for stream in self._all():
            stream.end()

    def told(self, words: str) -> None:
        """Mailboxes changed: their numbers, as `lib.live` names them."""
        with self._lock:
            ids = [int(word) for word in words.split() if word.isdecimal()]
            found = [stream for user_id in ids for stream in self._streams.get(user_id, ())]
        for stream in found:
            stream.tell()

    def _all(self) -> list[Stream]:
        with self._lock:
            return [stream for streams in self._streams.values() for stream in streams]

    def _listen(self) -> None:
        """In a thread of its own: hold the subscription, and take it up again when it breaks."""
        pause, has_heard = 1.0, False
        while not self._is_over.is_set():
            began = time.monotonic()
            with suppress(OSError), Line(settings.BROKER_URL, seconds=SILENCE) as line:
                line.ask("SUBSCRIBE", live.channel())
                # What was told while nobody listened is lost, so everybody looks, one by one.
                for stream in self._all() if has_heard else ():
                    stream.tell(after=random.uniform(0, SPREAD))  # noqa: S311  # no secret
                has_heard = True
                self._hear(line)
            long = time.monotonic() - began > LONGEST_PAUSE
            pause = 1.0 if long else min(pause * 2, LONGEST_PAUSE)
            self._is_over.wait(pause)

    def _hear(self, line: Line) -> None:
        while not self._is_over.is_set():
            if not line.waits(SILENCE):
                line.say("PING")
                if not line.waits(SILENCE):
                    return
            match line.heard():
                case ["message", _, str(words)]:
                    self.told(words)
