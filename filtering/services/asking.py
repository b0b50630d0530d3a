"""Asking DNS what domains say of the mail in their name: keys (RFC 6376), policies (RFC 7489).

Mail may wait for it, so all questions of one who asks have one deadline, and where one name after
the other is not answered nobody is asked for a while.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Final

from connectivity.services import network
from lib.suffixes import organisation
from mailstore.dkim_check import UnansweredError
from protocols import dns
from protocols.dns import Answers, Nameserver
from protocols.errors import MailServerError
from protocols.types import Deadline

#: Seconds for one question: one domain whose servers are silent costs no more than that.
PATIENCE: Final = 2.0
#: So many domains without an answer, one after the other, are more than a few bad ones.
MOST_UNANSWERED: Final = 8
#: Seconds.
PAUSE: Final = 60.0
MOST_ANSWERS: Final = 5000


class Asking:
    """Questions to DNS with one deadline for all of them; for several threads at once."""

    def __init__(self, seconds: float) -> None:
        self._deadline = Deadline(seconds)
        self._servers = network.nameservers()

    def __call__(self, name: str) -> Sequence[str]:
        """The TXT records of a name. Raises `UnansweredError`."""
        try:
            return dns.texts(name, deadline=self._deadline, nameservers=self._servers)
        except MailServerError:
            raise UnansweredError from None


class Remembering(Asking):
    """The same for many messages one after the other: answers are kept as long as they hold, and
    questions are given up in an outage."""

    def __call__(self, name: str) -> Sequence[str]:
        """The TXT records of a name. Raises `UnansweredError`."""
        left = min(self._deadline.left(), PATIENCE)
        if left <= 0 or not outage.allows():
            raise UnansweredError
        cache = outage.answers(self._servers)
        try:
            found = dns.texts(name, deadline=Deadline(left), nameservers=self._servers, cache=cache)
        except MailServerError:
            outage.failed(name)
            raise UnansweredError from None
        outage.worked()
        return found


class Outage:
    """What a process knows of DNS: what was answered lately, and whether it answers at all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Begin as a process does."""
        self._unanswered: set[str] = set()
        self._until = 0.0
        self._answers: dict[tuple[Nameserver, ...], Answers] = {}

    def answers(self, servers: tuple[Nameserver, ...]) -> Answers:
        """What these servers answered."""
        with self._lock:
            return self._answers.setdefault(servers, Answers(MOST_ANSWERS))

    def allows(self) -> bool:
        """Whether a question is worth its time now."""
        return time.monotonic() >= self._until

    def failed(self, name: str) -> None:
        """A name was not answered. All names of one domain count once: whoever owns it can have
        any number of them unanswered, and is to keep nobody else from being asked about."""
        with self._lock:
            self._unanswered.add(organisation(name))
            if len(self._unanswered) >= MOST_UNANSWERED:
                self._unanswered.clear()
                self._until = time.monotonic() + PAUSE

    def worked(self) -> None:
        """One was."""
        with self._lock:
            self._unanswered.clear()


outage = Outage()
