"""Message bodies on disk: written in batches, durable before anyone refers to them."""

import os
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from uuid import uuid4

from django.conf import settings
from django.db import connection

from lib import bulk
from lib.checkpoints import checkpoint
from mailstore import segment
from mailstore.models import Blob, Segment
from mailstore.segment import DamagedRecord, Record
from protocols.body import Body

# A larger body gets a segment of its own, so that compaction never copies it for another's sake.
ALONE = 8 * 1024 * 1024
PARTIAL = ".part"
_PLACE = ("sha256", "size", "segment_id", "offset", "stored_size")


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
    """What `write` made durable; `order` has one SHA-256 per body given.

    `damaged` are those of them that were stored before and cannot be read any more.
    """

    segments: tuple[StoredSegment, ...]
    order: tuple[bytes, ...]
    damaged: frozenset[bytes] = frozenset()


def write(bodies: Sequence[Body]) -> StoredBatch:
    """Make bodies durable: on return file and folder are synced. Raises OSError, leaving nothing.

    Nothing refers to the bytes until `adopt`; a crash in between leaves files that `sweep` takes.
    """
    with writing(bodies) as durable:
        return durable.result()


@contextmanager
def writing(bodies: Sequence[Body]) -> Iterator["Future[StoredBatch]"]:
    """As `write`, but gives out a promise while the disk syncs in a thread of its own.

    The bodies are written when the block begins and synced or gone when it ends. What `write`
    raises is raised here or by the promise.
    """
    distinct = {body.sha256: body for body in bodies}
    damaged = _damaged(distinct)
    together = [body for body in distinct.values() if body.size <= ALONE]
    groups = [together] if together else []
    groups += [[body] for body in distinct.values() if body.size > ALONE]
    with ExitStack() as open_files:
        writers = [open_files.enter_context(SegmentWriter()) for _ in groups]
        for writer, group in zip(writers, groups, strict=True):
            for body in group:
                writer.add(body.sha256, body.size, body.chunks())

        def seal() -> StoredBatch:
            segments = tuple(writer.seal() for writer in writers)
            return StoredBatch(segments, tuple(body.sha256 for body in bodies), damaged)

        # Leaving waits for the thread first and closes the files after.
        with ThreadPoolExecutor(max_workers=1) as pool:
            yield pool.submit(seal)


def _damaged(hashes: Collection[bytes]) -> frozenset[bytes]:
    """Those of these bytes that are here but cannot be read; nearly all are new or intact."""
    here = Blob.objects.filter(sha256__in=list(hashes)).select_related("segment")
    return frozenset(bytes(blob.sha256) for blob in here if not is_intact(blob))


def is_intact(blob: Blob) -> bool:
    """Whether the bytes can be read and are those that were stored."""
    try:
        # Reading verifies the hash; pieces, because a message may be large.
        deque(stream(blob), maxlen=0)
    except (BlobUnreadable, Blob.DoesNotExist):
        # Or swept since its row was read.
        return False
    return True


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
    """Enter a durable batch into the index; one Blob per body, in order. See `adopt_ids`."""
    ids = adopt_ids(batch)
    rows = Blob.objects.in_bulk(set(ids))
    return [rows[one] for one in ids]


def adopt_ids(batch: StoredBatch) -> list[int]:
    """Enter a durable batch into the index; the primary key of one Blob per body, in order.

    Runs inside the caller's transaction. Bytes that are already stored keep their old place,
    unless they are damaged there, and no sweep can remove what is returned before the transaction
    ends.
    """
    known = _locked(set(batch.order))
    old = known.keys() - batch.damaged
    fresh: list[tuple[bytes, int, int, int, int]] = []
    for stored in batch.segments:
        wanted = [record for record in stored.records if record.sha256 not in old]
        if wanted:
            [(segment_id,)] = bulk.insert(
                Segment, ("name", "size"), [(stored.name, stored.size)], returning=("id",)
            )
            fresh += [
                (one.sha256, one.size, segment_id, one.offset, one.stored_size) for one in wanted
            ]
    # Sorted, so that two transactions adopting the same bytes cannot deadlock.
    fresh.sort()
    for sha256, _, segment_id, offset, stored_size in fresh:
        if sha256 in known:
            Blob.objects.filter(pk=known[sha256]).update(
                segment_id=segment_id, offset=offset, stored_size=stored_size
            )
    fresh = [row for row in fresh if row[0] not in known]
    while fresh:
        known |= dict(
            bulk.insert(Blob, _PLACE, fresh, ignore_conflicts=True, returning=("sha256", "id"))
        )
        # Another transaction entered these at the same time; if they were swept since, again.
        lost = {row[0] for row in fresh if row[0] not in known}
        known |= _locked(lost)
        fresh = [row for row in fresh if row[0] not in known]
    return [known[sha256] for sha256 in batch.order]


def held(ids: Iterable[int]) -> set[int]:
    """Which of these blobs there are; no sweep can remove them before the transaction ends."""
    return set(_there("id", set(ids)).values())


def _locked(hashes: Collection[bytes]) -> dict[bytes, int]:
    """Keys of the blobs there are, which no sweep can remove between here and our commit."""
    return _there("sha256", hashes)


def _there(column: str, values: Collection[bytes | int]) -> dict[bytes, int]:
    if not values:
        return {}
    places = ", ".join(["%s"] * len(values))
    # A share: deliveries of the same bytes must not wait for each other, as they could do so in
    # a circle. Django has no word for it.
    share = " FOR KEY SHARE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT sha256, id FROM mailstore_blob WHERE {column} IN ({places}){share}",  # noqa: S608 - made of constants
            list(values),
        )
        return {bytes(sha256): int(pk) for sha256, pk in cursor.fetchall()}


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
