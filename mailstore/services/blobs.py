"""Message bodies on disk: written in batches, durable before anyone refers to them."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import uuid4

from django.conf import settings
from django.db import connection

from lib.checkpoints import checkpoint
from mailstore import segment
from mailstore.models import Blob, Segment
from mailstore.segment import DamagedRecord, Record
from protocols.body import Body

# A larger body gets a segment of its own, so that compaction never copies it for another's sake.
ALONE = 8 * 1024 * 1024
PARTIAL = ".part"


class BlobUnreadable(Exception):
    """The bytes of a message are missing or damaged on disk."""


@dataclass(frozen=True, slots=True)
class StoredSegment:
    """One sealed file; `name` is relative to the blob folder."""

    name: str
    size: int
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """What `write` made durable; `order` has one SHA-256 per body given."""

    segments: tuple[StoredSegment, ...]
    order: tuple[bytes, ...]


def write(bodies: Sequence[Body]) -> StoredBatch:
    """Make bodies durable: on return file and folder are synced. Raises OSError, leaving nothing.

    Nothing refers to the bytes until `adopt`; a crash in between leaves files that `sweep` takes.
    """
    distinct = {body.sha256: body for body in bodies}
    together = [body for body in distinct.values() if body.size <= ALONE]
    batches = [together] if together else []
    batches += [[body] for body in distinct.values() if body.size > ALONE]
    return StoredBatch(
        segments=tuple(_seal(batch) for batch in batches),
        order=tuple(body.sha256 for body in bodies),
    )


def _seal(bodies: Sequence[Body]) -> StoredSegment:
    with SegmentWriter() as writer:
        for body in bodies:
            writer.add(body.sha256, body.size, body.chunks())
        return writer.seal()


class SegmentWriter:
    """One new segment. Its final name appears only when it is whole and synced."""

    def __init__(self) -> None:
        unique = uuid4().hex
        self.name = f"{unique[:2]}/{unique}.seg"
        self._path = root() / self.name
        self._partial = self._path.with_suffix(PARTIAL)
        _make_folder(self._path.parent)
        # Unbuffered would make a system call of every header; the buffer is flushed in `seal`.
        self._file = self._partial.open("xb", buffering=1 << 20)
        self._records: list[Record] = []
        segment.start(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._partial.unlink(missing_ok=True)

    def add(self, sha256: bytes, size: int, chunks: Iterator[bytes]) -> None:
        """Append one body. Raises OSError and DamagedRecord."""
        self._records.append(segment.append(self._file, sha256, size, chunks))

    def seal(self) -> StoredSegment:
        """Sync the file, give it its name, sync the folder."""
        checkpoint("blobs: bodies written")
        self._file.flush()
        os.fsync(self._file.fileno())
        size = self._file.tell()
        checkpoint("blobs: file synced")
        self._partial.rename(self._path)
        checkpoint("blobs: file named")
        _sync_folder(self._path.parent)
        checkpoint("blobs: folder synced")
        return StoredSegment(self.name, size, tuple(self._records))


def root() -> Path:
    """The folder that holds every segment."""
    return Path(settings.BLOB_DIR)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def adopt(batch: StoredBatch) -> list[Blob]:
    """Enter a durable batch into the index; one Blob per body, in order.

    Runs inside the caller's transaction. Bytes that are already stored keep their old place.
    """
    hashes = sorted(set(batch.order))
    known = _locked(hashes)
    fresh: list[Blob] = []
    for stored in batch.segments:
        wanted = [record for record in stored.records if record.sha256 not in known]
        if not wanted:
            continue
        row = Segment.objects.create(name=stored.name, size=stored.size)
        fresh += [
            Blob(
                sha256=record.sha256,
                size=record.size,
                segment=row,
                offset=record.offset,
                stored_size=record.stored_size,
            )
            for record in wanted
        ]
    if fresh:
        # Sorted, so that two transactions adopting the same bytes cannot deadlock.
        fresh.sort(key=lambda blob: bytes(blob.sha256))
        Blob.objects.bulk_create(fresh, ignore_conflicts=True)
        known |= _locked([bytes(blob.sha256) for blob in fresh])
    return [known[sha256] for sha256 in batch.order]


def _locked(hashes: Sequence[bytes]) -> dict[bytes, Blob]:
    """Blobs that no sweep can remove between here and our commit."""
    if not hashes:
        return {}
    rows: Iterable[Blob] = Blob.objects.filter(sha256__in=hashes)
    if connection.vendor == "postgresql":
        # A share: deliveries of the same bytes must not wait for each other, as they could do so
        # in a circle. Django has no word for it.
        query, values = Blob.objects.filter(sha256__in=hashes).query.sql_with_params()
        rows = Blob.objects.raw(f"{query} FOR KEY SHARE", values)
    return {bytes(blob.sha256): blob for blob in rows}


def stream(blob: Blob) -> Iterator[bytes]:
    """The body in pieces, verified against its hash. Raises BlobUnreadable, perhaps half way."""
    try:
        yield from _stream(blob)
    except (FileNotFoundError, Segment.DoesNotExist):
        # Compaction may have moved it since the row was read.
        moved = Blob.objects.select_related("segment").get(pk=blob.pk)
        try:
            yield from _stream(moved)
        except (OSError, DamagedRecord) as error:
            raise BlobUnreadable(f"blob {blob}: {error}") from error
    except (OSError, DamagedRecord) as error:
        raise BlobUnreadable(f"blob {blob}: {error}") from error


def _stream(blob: Blob) -> Iterator[bytes]:
    with (root() / blob.segment.name).open("rb") as file:
        yield from segment.stream(file, blob.offset, bytes(blob.sha256))


def read(blob: Blob) -> bytes:
    """The whole body, verified. Raises BlobUnreadable."""
    return b"".join(stream(blob))


def body(blob: Blob) -> Body:
    """The body as the wire wants it; large ones do not lie in memory. Raises BlobUnreadable."""
    return Body.gather(stream(blob))
