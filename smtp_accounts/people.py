"""Who is meant by a few letters, and which addresses nobody reads. Pure, over frozen values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

#: After this long without a message, somebody counts half.
HALF_LIFE = timedelta(days=45)
#: One message written says as much about whom one writes to as this many received.
WRITTEN = 4.0
_NOBODY = re.compile(
    r"(do[-_.]?not|no|dont)[-_.]?(reply|antwort|response)|mailer[-_.]?daemon|postmaster|bounces?"
    r"|(auto|notifications?|newsletters?|news|alerts?|mailings?)",
)
_WORDS = re.compile(r"[\s.@_+\-<>()\"',]+")


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody met before: how often and when last. ``address`` is folded."""

    name: str
    address: str
    sent: int = 0
    sent_at: datetime | None = None
    received: int = 0
    received_at: datetime | None = None


def ranked(known: Iterable[Known], words: Sequence[str], now: datetime) -> list[Known]:
    """The likeliest first.

    Before all else: whoever reads their mail, and was written to or begins with what was typed.
    Then by how often and how lately, written counting more than received.
    """
    return sorted(
        known,
        key=lambda one: (
            is_nobody(one.address) and not one.sent,
            not _begins(one, words),
            -_weight(one, now),
            one.address,
        ),
    )


def is_nobody(address: str) -> bool:
    """Whether an address by its name is one that nobody reads, or that writes to everybody."""
    local = address.partition("@")[0].casefold()
    return any(_NOBODY.fullmatch(part) for part in (local, *re.split(r"[+=]", local)))


def _begins(one: Known, words: Sequence[str]) -> bool:
    """Whether every word typed begins a word of the name or address."""
    known = [*_WORDS.split(one.name.casefold()), *_WORDS.split(one.address), one.address]
    return all(any(part.startswith(word) for part in known) for word in words)


def _weight(one: Known, now: datetime) -> float:
    return WRITTEN * _faded(one.sent, one.sent_at, now) + _faded(one.received, one.received_at, now)


def _faded(count: int, at: datetime | None, now: datetime) -> float:
    if not count or at is None:
        return 0.0
    age = max((now - at) / HALF_LIFE, 0.0)
    return math.log2(1 + count) * float(0.5 ** min(age, 60.0))
