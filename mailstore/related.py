"""Which messages belong together, by the Message-IDs they name (RFC 5322 section 3.6.4).

Two messages are of one conversation where a chain of names leads from one to the other: each
message ties together its own id and those it refers to, whether or not these are here. That
makes the order of arrival irrelevant, as a reply may come before what it answers, and it cannot
run in circles. Its price: whoever knows the Message-IDs of two conversations of a mailbox can
send a message that names both and so make one of them. That shows mail of the same person under
one line; it hides nothing, as the line counts all and opens all, reaches no other person's mail,
and gives a stranger's message no more standing than a reply has.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

#: Of a long list of references the beginning and the end are read: the roots and the parents.
FIRST = LAST = 20
DIGEST = 16
_ID = re.compile(r"<\s*([^<>\s]{1,998})\s*>")
_BARE = re.compile(r"[^<>\s@]{1,400}@[^<>\s@]{1,400}")


def digests(message_id: str, in_reply_to: str, references: str) -> tuple[bytes, ...]:
    """What stands for the ids a message names, each once, its own first if it has one."""
    own = _ID.findall(message_id)[:1] or message_id.split()[:1]
    return tuple(dict.fromkeys(_digest(one) for one in [*own, *named(in_reply_to, references)]))


def named(in_reply_to: str, references: str) -> list[str]:
    """The ids a message refers to, without brackets.

    What stands in In-Reply-To beside other words may be somebody's address (RFC 822 section
    4.6.2), by which all mail that mentions them would become one conversation; it is left out.
    """
    found = _ID.findall(references) or _BARE.findall(references)
    parents = _ID.findall(in_reply_to) or _BARE.findall(in_reply_to)
    rest = _BARE.sub("", _ID.sub("", in_reply_to))
    if rest.strip():
        parents = []
    return [*_ends(found), *_ends(parents)]


def _ends(found: Sequence[str]) -> Sequence[str]:
    return found if len(found) <= FIRST + LAST else [*found[:FIRST], *found[-LAST:]]


def _digest(name: str) -> bytes:
    return sha256(name.encode("utf-8", "surrogatepass")).digest()[:DIGEST]


@dataclass(slots=True)
class Group(Generic[K]):
    """Rows that are of one conversation: their positions, the threads they meet in, and the
    names that no thread has yet."""

    rows: list[int] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    new: set[K] = field(default_factory=set)


def gather(rows: Sequence[Iterable[K]], known: Mapping[K, int]) -> list[Group[K]]:
    """Put rows that share a name, or whose names are known of one thread, into one group.

    `rows` are the names of each; `known` says which thread a name belongs to.
    """
    ties = _Ties()
    first: dict[object, int] = {}
    for place, names in enumerate(rows):
        for name in names:
            thread = known.get(name)
            # A thread and a name never are the same key: one is an int in a tuple of its own.
            key = name if thread is None else (thread,)
            ties.tie(place, first.setdefault(key, place))
    groups: dict[int, Group[K]] = {}
    for place, names in enumerate(rows):
        group = groups.setdefault(ties.root(place), Group())
        group.rows.append(place)
        for name in names:
            thread = known.get(name)
            if thread is None:
                group.new.add(name)
            else:
                group.threads.add(thread)
    return list(groups.values())


class _Ties:
    """Sets of numbers that are joined two by two; the least of each stands for it."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}

    def root(self, one: int) -> int:
        above = self._above
        while (up := above.get(one, one)) != one:
            above[one] = one = above.get(up, up)
        return one

    def tie(self, one: int, other: int) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self._above[high] = low
