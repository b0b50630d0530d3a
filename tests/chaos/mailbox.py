"""A mailbox on a real server whose every message is known, and the comparison with ours.

What counts is bytes: messages are compared as multisets of SHA-256 by folder, so a lost one, a
doubled one and a changed one all show.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from django.core.management import call_command

from accounts.models import User
from mailstore.models import Blob, Folder, Message
from mailstore.services import blobs
from retrieval.models import PopMessage, RemoteMessage, RetrievalTask
from standin.maildir import SampleMessage
from tests.retrieval.conftest import Remote

#: Remote folders with their share of the messages, and what they are called here.
FOLDERS = {"INBOX": 55, "Archive": 20, "Sent": 15, "Projekte/Ümläut": 10}
ROLES = {"inbox": "INBOX", "archive": "Archive", "sent": "Sent"}
START = datetime(2026, 1, 1, tzinfo=UTC)

Content = dict[str, Counter[bytes]]


def sample(rng: random.Random, number: int, folders: dict[str, int]) -> SampleMessage:
    """A message of random size, mostly small, seldom of a megabyte; its bytes do not compress."""
    size = min(int(rng.lognormvariate(8.0, 1.3)), 1_500_000)
    words = rng.randbytes(size * 3 // 4).hex()[:size]
    lines = "\r\n".join(words[at : at + 76] for at in range(0, len(words), 76))
    raw = (
        f"From: Jonas Ekdahl <jonas@harbourline.test>\r\nTo: mara@remote.test\r\n"
        f"Subject: Letter {number}\r\nMessage-ID: <{number}.{size}@harbourline.test>\r\n"
        f"MIME-Version: 1.0\r\n\r\n.{lines}\r\n"
    )
    folder = rng.choices(list(folders), list(folders.values()))[0]
    flags = frozenset({"\\Seen"}) if rng.random() < 0.5 else frozenset[str]()
    return SampleMessage(raw.encode(), folder, flags, START + timedelta(minutes=number))


@dataclass
class Mailbox:
    """The remote mailbox, filled step by step; ``put`` is everything that was ever in it."""

    remote: Remote
    rng: random.Random
    folders: dict[str, int] = field(default_factory=lambda: dict(FOLDERS))
    put: Content = field(default_factory=dict)
    number: int = 0
    #: What left the server and was read back here once; at the end all of it is read again.
    proved: set[bytes] = field(default_factory=set)
    _last: SampleMessage | None = None
    _known: dict[str, bytes] = field(default_factory=dict)

    def fill(self, count: int) -> None:
        """Add so many messages; every twentieth is there twice, in its folder or in another."""
        for _ in range(count):
            self.number += 1
            if self.number % 20 == 0 and self._last is not None:
                place = self.rng.choice(list(self.folders))
                one = SampleMessage(self._last.raw, place, frozenset(), self._last.date)
            else:
                one = sample(self.rng, self.number, self.folders)
            self._last = one
            self.put.setdefault(one.folder, Counter())[sha256(one.raw).digest()] += 1
            self.remote.server.deliver_maildir(self.remote.name, [one])

    @property
    def total(self) -> int:
        return sum(sum(counted.values()) for counted in self.put.values())

    def on_server(self) -> Content:
        """What lies there now, read from the server's own files."""
        read = {folder: self._read(folder) for folder in self.folders}
        return {folder: found for folder, found in read.items() if found}

    def _read(self, folder: str) -> Counter[bytes]:
        place = self.remote.server.maildir(self.remote.name).folder(folder)
        found: Counter[bytes] = Counter()
        for file in (file for part in ("cur", "new") for file in (place / part).glob("*")):
            found[self._hash(file)] += 1
        return found

    def _hash(self, file: Path) -> bytes:
        # A file keeps its bytes for ever and its name up to the flags.
        name = f"{file.parent.parent}{file.name.partition(':')[0]}"
        if name not in self._known:
            self._known[name] = sha256(file.read_bytes()).digest()
        return self._known[name]


def here(user: User) -> Content:
    """What the rows say is here, by the remote folders' names."""
    names = {folder.pk: _name(folder) for folder in Folder.objects.filter(user=user)}
    found: Content = {}
    rows = Message.objects.filter(user=user).values_list("folder_id", "blob__sha256")
    for folder_id, digest in rows.iterator():
        found.setdefault(names[folder_id], Counter())[bytes(digest)] += 1
    return found


def _name(folder: Folder) -> str:
    if folder.role:
        return ROLES.get(folder.role, folder.role)
    return f"{_name(folder.parent)}/{folder.name}" if folder.parent else folder.name


def check_at_death(user: User, mailbox: Mailbox) -> None:
    """What has to hold at any moment: nothing doubled, nothing unknown, nothing gone.

    The server is looked at first: what leaves it meanwhile has to be here already.
    """
    there = mailbox.on_server()
    gone = compare_at_death(there, here(user), mailbox.put)
    read_back(gone - mailbox.proved)
    mailbox.proved |= gone


def compare_at_death(there: Content, ours: Content, put: Content) -> set[bytes]:
    """The same, of contents that were gathered; what is gone from the server."""
    for folder, counted in ours.items():
        surplus = counted - put.get(folder, Counter())
        assert not surplus, f"{folder}: {surplus.total()} doubled or unknown"
    gone = {
        digest
        for folder, counted in put.items()
        for digest in counted - there.get(folder, Counter())
    }
    for folder, counted in put.items():
        lost = counted - there.get(folder, Counter()) - ours.get(folder, Counter())
        assert not lost, f"{folder}: {lost.total()} gone from the server and not here"
    return gone


def check_complete(user: User, mailbox: Mailbox, task: RetrievalTask) -> None:
    """Everything is here exactly once, byte for byte, and every book is right."""
    compare(here(user), mailbox.put)
    read_back({digest for counted in mailbox.put.values() for digest in counted})
    if task.type == "imap":
        assert mailbox.on_server() == mailbox.put, "an IMAP pull changed the server"
    check_verdicts(verdicts(task), mailbox.total)
    call_command("check_store")


def compare(ours: Content, put: Content) -> None:
    """The contents of two sides, which have to be the same."""
    for folder, counted in put.items():
        lost, extra = counted - ours.get(folder, Counter()), ours.get(folder, Counter()) - counted
        assert not lost, f"{folder}: {lost.total()} of {counted.total()} lost"
        assert not extra, f"{folder}: {extra.total()} doubled"
    assert set(ours) == set(put)


def check_verdicts(told: list[str], total: int) -> None:
    """Exactly one verdict for every message, and every message here (once removed there too)."""
    here = Counter(state for state in told if state in {"stored", "linked", "deleted"})
    assert Counter(told) == here
    assert len(told) == total


def verdicts(task: RetrievalTask) -> list[str]:
    """What the ledger says of every remote message there ever was."""
    if task.type == "imap":
        rows = RemoteMessage.objects.filter(folder__task=task)
        return list(rows.values_list("state", flat=True))
    return list(PopMessage.objects.filter(task=task).values_list("state", flat=True))


def read_back(digests: set[bytes]) -> None:
    """Read these bodies from the disk and hash them."""
    wanted = sorted(digests)
    for at in range(0, len(wanted), 500):
        chunk = wanted[at : at + 500]
        found = list(Blob.objects.filter(sha256__in=chunk).select_related("segment"))
        assert len(found) == len(chunk)
        for blob in found:
            assert sha256(blobs.read(blob)).digest() == bytes(blob.sha256)
