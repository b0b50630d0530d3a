"""How bodies are asked for: the size of batches as learnt, and the search for what fails.

Pure decisions. A batch that fails is divided until single messages are left; those are asked for
in other forms, and only what fails in every form is held against a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from protocols.imap import Form

FLOOR = 25
FLOOR_BYTES = 4 << 20
SLOW = 10
# Asked for singly, so that the memory and time of one answer stay bounded.
CAREFUL = 5
CAREFUL_FOR = 400
MAX_ATTEMPTS = 3
_WAITS = (timedelta(0), timedelta(hours=1), timedelta(hours=24))
# From here on failures say more about the folder or the account than about messages.
SINGLES_IN_A_ROW = 10
SIZE_TO_JUDGE = 20
TOLERATED = 0.2
BREAKS_IN_A_ROW = 3
MOST_BREAKS = 60


@dataclass(frozen=True, slots=True)
class Open:
    """A message to be fetched: its ledger row in short."""

    pk: int
    uid: int
    size: int | None = None
    server_id: str = ""
    internal_at: datetime | None = None
    attempts: int = 0
    sha256: bytes | None = None


class Pace:
    """How many messages and bytes are asked for at a time; learns from how it goes."""

    def __init__(self, *, most: int, most_bytes: int, learnt: int | None = None) -> None:
        """Begin with what was ``learnt`` before, within ``most`` messages and bytes."""
        self.most = most
        self.most_bytes = most_bytes
        self.floor = min(FLOOR, most)
        self.count = most if learnt is None else max(1, min(learnt, most))
        self.slowed = False

    @property
    def bytes(self) -> int:
        """Bytes asked for at a time; in proportion, with a floor."""
        return max(min(FLOOR_BYTES, self.most_bytes), self.most_bytes * self.count // self.most)

    def clean(self) -> None:
        """A batch came whole: a quarter more from now on."""
        if not self.slowed and self.count < self.most:
            self.count = min(self.most, self.count + max(1, self.count // 4))

    def failed(self) -> None:
        """A batch failed: half as many from now on."""
        self.count = min(self.count, max(self.floor, self.count // 2))

    def slow(self) -> None:
        """The server asked for patience: small batches until told otherwise."""
        self.slowed = True
        self.count = min(self.count, SLOW)


@dataclass(slots=True, eq=False)
class Search:
    """The search for what fails in one batch of ``size``; ``left`` messages have no verdict yet."""

    size: int
    left: int
    failed: list[tuple[Open, str]] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether every message of the batch has its verdict."""
        return self.left <= 0

    @property
    def blames_folder(self) -> bool:
        """Whether so much of the batch failed that single messages cannot be the reason."""
        return self.size >= SIZE_TO_JUDGE and len(self.failed) > TOLERATED * self.size


@dataclass(slots=True, eq=False)
class Batch:
    """Messages of one folder that are asked for together."""

    folder: int
    rows: list[Open]
    search: Search
    form: Form = Form.WHOLE

    @classmethod
    def of(cls, folder: int, rows: list[Open]) -> Batch:
        """A batch nothing is known against."""
        return cls(folder, rows, Search(len(rows), len(rows)))

    def divided(self, missing: Sequence[Open]) -> list[Batch]:
        """How to ask for what is missing after a failure; nothing where every form failed."""
        if len(missing) > 1:
            middle = (len(missing) + 1) // 2
            halves = (list(missing[:middle]), list(missing[middle:]))
            return [Batch(self.folder, half, self.search) for half in halves]
        if len(self.rows) > 1:
            return [Batch(self.folder, list(missing), self.search)]
        forms = list(Form)
        later = forms[forms.index(self.form) + 1 :]
        return [Batch(self.folder, list(missing), self.search, later[0])] if later else []


class Blame:
    """Counts failures in a row and tells when they are not the messages' fault."""

    def __init__(self) -> None:
        self.singles = 0
        self.breaks = 0
        self.all_breaks = 0
        self._last: frozenset[int] = frozenset()

    def arrived(self) -> None:
        """A body came: what fails next is about messages again."""
        self.singles = 0
        self.breaks = 0
        self._last = frozenset()

    def single(self) -> bool:
        """One message failed in every form; True where it is the folder that fails."""
        self.singles += 1
        return self.singles >= SINGLES_IN_A_ROW

    def broke(self, guilty: Iterable[Open]) -> bool:
        """The connection broke at these messages; True where it is the account that fails.

        A break at part of what broke it before is a step of the search, not news.
        """
        here = frozenset(row.pk for row in guilty)
        self.all_breaks += 1
        if not here or not here <= self._last:
            self.breaks += 1
        self._last = here
        return self.breaks >= BREAKS_IN_A_ROW or self.all_breaks >= MOST_BREAKS


def cut(
    rows: Iterable[Open], *, count: int, size: int, single_from: int = 0
) -> Iterator[list[Open]]:
    """Rows in batches of at most ``count`` messages and ``size`` bytes; a larger one goes alone.

    With ``single_from``, messages with that many attempts go alone as well.
    """
    batch: list[Open] = []
    total = 0
    for row in rows:
        alone = 0 < single_from <= row.attempts
        weight = row.size or 0
        if batch and (alone or len(batch) >= count or total + weight > size):
            yield batch
            batch, total = [], 0
        batch.append(row)
        total += weight
        if alone:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


def next_try(attempts: int, *, now: datetime) -> datetime | None:
    """When a message is asked for again after so many attempts; None: nobody but a person asks."""
    return now + _WAITS[attempts] if attempts < MAX_ATTEMPTS else None
