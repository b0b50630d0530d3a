"""Putting mail straight into a Maildir++ tree, and looking at what lies there."""

import itertools
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from protocols.imap.parse import wire_name

_LETTERS = {"\\Draft": "D", "\\Flagged": "F", "\\Answered": "R", "\\Seen": "S", "\\Deleted": "T"}
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class SampleMessage:
    """One message for a stand-in mailbox; `date` becomes its INTERNALDATE."""

    raw: bytes
    folder: str = "INBOX"
    flags: frozenset[str] = field(default_factory=frozenset)
    date: datetime | None = None


@dataclass(frozen=True, slots=True)
class Maildir:
    """One user's Maildir++ tree; `owner` is the uid and gid files are given to, if any."""

    root: Path
    owner: tuple[int, int] | None = None

    def deliver(self, messages: Iterable[SampleMessage]) -> int:
        """Add messages; how many.  Lines end with CRLF here and at the server alike."""
        count = 0
        for count, message in enumerate(messages, 1):  # noqa: B007 - the count is the result
            self._add(message)
        return count

    def read(self, folder: str = "INBOX") -> list[bytes]:
        """Every message of a folder, in order of arrival."""
        place = self.folder(folder)
        files = [file for part in ("cur", "new") for file in (place / part).glob("*")]
        return [file.read_bytes() for file in sorted(files, key=lambda file: file.name)]

    def folder(self, name: str) -> Path:
        """Where a folder lies; "/" separates levels."""
        if name.upper() == "INBOX":
            return self.root
        return self.root / os.fsdecode(b"." + wire_name(name.replace("/", ".")))

    def make(self, name: str) -> Path:
        """Create a folder where it is missing."""
        place = self.folder(name)
        for part in (self.root, place, *(place / each for each in ("cur", "new", "tmp"))):
            if not part.is_dir():
                part.mkdir(parents=True)
                self._own(part)
        return place

    def _add(self, message: SampleMessage) -> None:
        place = self.make(message.folder)
        number = next(_numbers)
        when = message.date.timestamp() if message.date else None
        letters = "".join(sorted(_LETTERS[flag] for flag in message.flags if flag in _LETTERS))
        # Names sort by arrival, whatever process wrote them.
        second, rest = divmod(time.time_ns(), 10**9)
        name = f"{second}.M{rest // 1000:06d}P{os.getpid()}Q{number:07d}.standin:2,{letters}"
        file = place / "tmp" / name
        file.write_bytes(message.raw)
        if when is not None:
            os.utime(file, (when, when))
        self._own(file)
        file.rename(place / "cur" / name)

    def _own(self, path: Path) -> None:
        if self.owner is not None:
            os.chown(path, *self.owner)
