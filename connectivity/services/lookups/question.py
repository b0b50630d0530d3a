"""What is asked when servers are looked up, and asking several at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeVar

from connectivity.discovery import Finding, Ports
from lib.suffixes import registered
from protocols.address import AddressPolicy
from protocols.errors import Hung, MailServerError, Stage
from protocols.tls import Trust
from protocols.types import Deadline

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Question:
    """Whose servers are looked for, and by which rules; ``domain`` is in the letters of DNS."""

    address: str
    domain: str
    policy: AddressPolicy
    trust: Trust
    ports: Ports
    deadline: Deadline

    @property
    def base(self) -> str:
        """The part of the domain somebody registered."""
        return registrable(self.domain)


def registrable(name: str) -> str:
    """The part of a name that somebody registered; the name itself where it is a suffix."""
    return registered(name) or name


def at_once(
    jobs: Sequence[Callable[[], Result]], deadline: Deadline
) -> list[Result | MailServerError]:
    """Run all jobs at the same time; what they found or what failed, `Hung` when time is up."""
    done: SimpleQueue[tuple[int, Result | MailServerError]] = SimpleQueue()

    def run(index: int, job: Callable[[], Result]) -> None:
        try:
            done.put((index, job()))
        except MailServerError as error:
            done.put((index, error))

    results: list[Result | MailServerError] = [Hung(Stage.NAME) for _ in jobs]
    for index, job in enumerate(jobs):
        threading.Thread(target=run, args=(index, job), name="look up", daemon=True).start()
    try:
        for _ in jobs:
            index, result = done.get(timeout=max(0.0, deadline.left()))
            results[index] = result
    except Empty:
        pass
    return results


def first(results: Iterable[Finding | MailServerError | None]) -> Finding | None:
    """The first finding; if there is none, the first failure is raised."""
    failure: MailServerError | None = None
    for result in results:
        if isinstance(result, MailServerError):
            failure = failure or result
        elif result is not None:
            return result
    if failure is not None:
        raise failure
    return None
