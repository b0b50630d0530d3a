"""Giving disk space back: bytes nobody needs, files nobody knows, segments mostly dead."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from lib.checkpoints import checkpoint
from mailstore.models import Blob, Message, Segment
from mailstore.segment import RECORD
from mailstore.services import blobs
from mailstore.services.blobs import BlobUnreadable, SegmentWriter, StoredSegment

# Rows: mail removed by mistake can be put back from a backup of the database alone so long.
GRACE = timedelta(hours=24)
# Files: between writing bytes and entering them into the index lies at most one transaction.
FILE_GRACE = timedelta(hours=24)
BATCH = 500
# A segment is copied when less than this part of it is needed, or when it is small and many are.
DEAD = 0.5
SMALL = 256 * 1024
TARGET = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep gave back."""

    blobs: int
    segments: int
    files: int
    compacted: int


def sweep(*, now: datetime, grace: timedelta = GRACE, file_grace: timedelta = FILE_GRACE) -> Swept:
    """Reclaim what has been unneeded for longer than `grace`. Safe beside everything else.

    `file_grace` must be longer than any delivery takes: younger files that no row names may be
    on their way into the index.
    """
    before = now - grace
    gone = _blobs(before)
    compacted = _compact(before)
    segments = _segments(before)
    return Swept(gone, segments, _files(now - file_grace), compacted)


def _unneeded(before: datetime) -> QuerySet[Blob]:
    needed = Message.objects.filter(blob=OuterRef("pk"))
    return Blob.objects.filter(~Exists(needed), *_kept_elsewhere(), created_at__lt=before)


def _kept_elsewhere() -> list[Q]:
    """Blobs that other rooms point at (drafts, the outbox) are theirs to release.

    Their foreign keys are asked, as this room does not know them.
    """
    return [
        Q(**{f"{relation.name}__isnull": True})
        for relation in Blob._meta.related_objects
        if relation.related_model is not Message
    ]


def _blobs(before: datetime) -> int:
    count = 0
    while True:
        # Searched outside the transaction: it may take long, and SQLite has one writer.
        ids = list(_unneeded(before).order_by("pk").values_list("pk", flat=True)[:BATCH])
        with transaction.atomic():
            # Locked first and asked again after: a delivery may be taking one up right now.
            locked = Blob.objects.filter(pk__in=ids).select_for_update(
                skip_locked=connection.features.has_select_for_update_skip_locked
            )
            free = [blob.pk for blob in locked.order_by("pk")]
            gone, _ = _unneeded(before).filter(pk__in=free).delete()
        count += gone
        if len(ids) < BATCH or not gone:
            return count


def _segments(before: datetime) -> int:
    """Remove segments without blobs from the index, then their files."""
    names: list[str] = []
    with transaction.atomic():
        empty = Segment.objects.filter(blobs=None, created_at__lt=before)
        names = list(empty.values_list("name", flat=True))
        Segment.objects.filter(name__in=names, blobs=None).delete()
        left = set(Segment.objects.filter(name__in=names).values_list("name", flat=True))
    checkpoint("sweep: segments forgotten")
    for name in set(names) - left:
        (blobs.root() / name).unlink(missing_ok=True)
    return len(names) - len(left)


def _files(before: datetime) -> int:
    """Remove files that no segment row names: left by a crash, or by compaction."""
    count = 0
    for folder in blobs.root().glob("??"):
        found = {f"{path.parent.name}/{path.name}": path for path in folder.iterdir()}
        known = set(Segment.objects.filter(name__in=found).values_list("name", flat=True))
        for name in found.keys() - known:
            if _written(found[name]) < before.timestamp():
                found[name].unlink(missing_ok=True)
                count += 1
    return count


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _compact(before: datetime) -> int:
    """Copy what is alive in mostly dead or very small segments into new ones."""
    count = 0
    for group in _groups(_worth_copying(before)):
        count += _merge(group)
    return count


def _worth_copying(before: datetime) -> list[Segment]:
    rows = (
        Segment.objects.filter(created_at__lt=before)
        .annotate(alive=Sum(F("blobs__stored_size") + RECORD.size))
        .filter(alive__gt=0)
    )
    dead = rows.filter(alive__lt=F("size") * DEAD)
    small = list(rows.filter(size__lt=SMALL).order_by("pk")[:BATCH])
    chosen = {segment.pk: segment for segment in dead.order_by("pk")[:BATCH]}
    if len(small) > 1:
        chosen |= {segment.pk: segment for segment in small}
    return [chosen[key] for key in sorted(chosen)]


def _groups(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    group: list[Segment] = []
    size = 0
    for segment in segments:
        group.append(segment)
        size += segment.size
        if size >= TARGET:
            yield group
            group, size = [], 0
    if group:
        yield group


def _merge(old: Sequence[Segment]) -> int:
    """Move the living blobs of some segments into a new one; the old files become orphans."""
    alive = list(Blob.objects.filter(segment__in=old).select_related("segment").order_by("pk"))
    try:
        stored = _copied(alive)
    except BlobUnreadable:
        # Damaged bytes stay where they are, for check_store to report.
        return 0
    checkpoint("compact: copied")
    with transaction.atomic():
        segment = Segment.objects.create(name=stored.name, size=stored.size)
        for blob, record in zip(alive, stored.records, strict=True):
            # The condition keeps two compactions from undoing each other.
            Blob.objects.filter(pk=blob.pk, segment=blob.segment).update(
                segment=segment, offset=record.offset, stored_size=record.stored_size
            )
    checkpoint("compact: moved")
    # The emptied segments are old enough, so the same sweep takes them next.
    return len(old)


def _copied(alive: Sequence[Blob]) -> StoredSegment:
    with SegmentWriter() as writer:
        for blob in alive:
            writer.add(bytes(blob.sha256), blob.size, blobs.stream(blob))
        return writer.seal()
