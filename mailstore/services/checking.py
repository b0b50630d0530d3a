"""Proof that the store is whole: every row has its bytes, every body its hash, counters true."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, Sum

from mailstore import segment
from mailstore.models import Blob, Folder, Message, Segment
from mailstore.segment import DamagedRecord, Record
from mailstore.services import blobs, locks, rethreading


@dataclass(slots=True)
class Findings:
    """What a check saw. `damaged`, `counters` and `conversations` are what is still wrong after
    it."""

    messages: int = 0
    blobs: int = 0
    bytes: int = 0
    damaged: list[str] = field(default_factory=list)
    counters: list[str] = field(default_factory=list)
    conversations: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """True if nothing is wrong (any more)."""
        return not (self.damaged or self.counters or self.conversations)


def check(*, repair: bool = False) -> Findings:
    """Read and verify everything. With `repair`, find lost records and set counters right."""
    found = Findings(messages=Message.objects.count())
    _check_blobs(found, repair)
    for folder in Folder.objects.select_related("user").order_by("pk").iterator():
        _check_folder(found, folder, repair)
    astray = rethreading.wrong(repair=repair)
    (found.repaired if repair else found.conversations).extend(astray)
    return found


def _check_blobs(found: Findings, repair: bool) -> None:
    elsewhere: dict[bytes, tuple[str, Record]] | None = None
    for blob in Blob.objects.select_related("segment").order_by("segment_id", "offset").iterator():
        found.blobs += 1
        try:
            found.bytes += sum(len(piece) for piece in blobs.stream(blob))
            continue
        except blobs.BlobUnreadable as error:
            trouble = str(error)
        if repair:
            elsewhere = _records() if elsewhere is None else elsewhere
            if _repoint(blob, elsewhere):
                found.repaired.append(f"blob {blob}: found in another place")
                continue
        used = Message.objects.filter(blob=blob).count()
        found.damaged.append(f"{trouble} ({used} messages)")


def _records() -> dict[bytes, tuple[str, Record]]:
    """Every sound record in the files, by hash."""
    return {record.sha256: (name, record) for name, record in _scanned()}


def _scanned() -> Iterator[tuple[str, Record]]:
    for path in sorted(blobs.root().glob("??/*.seg")):
        name = f"{path.parent.name}/{path.name}"
        for record in _sound(path):
            yield name, record


def _sound(path: Path) -> list[Record]:
    sound: list[Record] = []
    with path.open("rb") as file:
        try:
            for record in list(segment.scan(file)):
                for _ in segment.stream(file, record.offset, record.sha256):
                    pass
                sound.append(record)
        except DamagedRecord:
            # What comes after a torn record cannot be told apart; what came before is good.
            pass
    return sound


def _repoint(blob: Blob, elsewhere: dict[bytes, tuple[str, Record]]) -> bool:
    place = elsewhere.get(bytes(blob.sha256))
    if place is None:
        return False
    name, record = place
    with transaction.atomic():
        row, _ = Segment.objects.get_or_create(
            name=name, defaults={"size": (blobs.root() / name).stat().st_size}
        )
        Blob.objects.filter(pk=blob.pk).update(
            segment=row, offset=record.offset, stored_size=record.stored_size, size=record.size
        )
    return True


def _check_folder(found: Findings, folder: Folder, repair: bool) -> None:
    with transaction.atomic():
        # Held while counting, so that arriving mail cannot make a true counter look false.
        locks.hold(folder.user_id)
        counted = Message.objects.filter(folder=folder).aggregate(
            total=Count("pk"), unread=Count("pk", filter=Q(is_seen=False)), size=Sum("size")
        )
        true = {name: value or 0 for name, value in counted.items()}
        row = Folder.objects.filter(pk=folder.pk).values("total", "unread", "size").first()
        if row is None or row == true:
            return
        says = f"{folder.user} {folder}: counts {row}, has {true}"
        if repair:
            Folder.objects.filter(pk=folder.pk).update(**true)
            locks.advance(folder.pk)
            found.repaired.append(says)
        else:
            found.counters.append(says)


def orphans() -> int:
    """Blobs that no message needs (they wait for the sweep)."""
    return Blob.objects.filter(~Exists(Message.objects.filter(blob=OuterRef("pk")))).count()
