"""Files on their way into a draft, in pieces: each may be lost and sent again.

The bytes lie in a file of their own under ``uploads/`` in the data folder until all of them are
there. The row says how many are good; whatever the file has beyond that was on its way when a
process died, and is cut off. One writer at a time has the file's lock, whatever the process.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import transaction

from lib.checkpoints import checkpoint
from lib.pictures import picture_type
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts.build import content_type as fit_type
from smtp_accounts.build import new_content_id, safe_filename
from smtp_accounts.models import Draft, DraftAttachment, DraftUpload
from smtp_accounts.services import drafts

KEEP = timedelta(hours=24)
_PIECE = 262_144


class OffsetError(Exception):
    """The piece does not begin where the last one ended. `received`: go on from there."""

    def __init__(self, received: int) -> None:
        super().__init__(f"{received} bytes are here")
        self.received = received


class BusyError(Exception):
    """Another request is writing this very file."""


class GoneError(Exception):
    """The upload is over: all of it is here, or it was given up. The draft's files tell which."""


class TooLongError(Exception):
    """More bytes came than the file was said to have. It is given up."""


def begin(
    draft: Draft,
    filename: str,
    content_type: str,
    size: int,
    is_inline: bool,
    now: datetime,
) -> DraftUpload:
    """Make room for a file of `size` bytes. Raises `TooLargeError` or `TooManyFilesError`."""
    if size < 0:
        raise ValueError("a file cannot have less than nothing")
    drafts.check_room(draft, [size])
    return DraftUpload.objects.create(
        draft=draft,
        filename=safe_filename(filename),
        content_type=fit_type(content_type),
        size=size,
        is_inline=is_inline,
        changed_at=now,
    )


def append(
    upload: DraftUpload, offset: int, chunks: Iterable[bytes], now: datetime
) -> DraftAttachment | None:
    """Add the bytes from `offset` on; the finished file once the last of them is here, else None.

    A cut connection keeps what came before the cut. Raises `OffsetError`, `BusyError`,
    `GoneError`, `TooLongError`, `drafts.SubmittedError`, OSError, and whatever `chunks` raises.
    """
    with _held(upload) as file:
        row = DraftUpload.objects.select_related("draft").filter(pk=upload.pk).first()
        if row is None:
            _path(upload).unlink(missing_ok=True)
            raise GoneError
        good = min(row.received, file.seek(0, os.SEEK_END))
        if offset != good:
            raise OffsetError(good)
        file.truncate(good)
        try:
            _write(file, chunks, row.size)
        except TooLongError:
            cancel(row)
            raise
        finally:
            # The row must not promise what a power cut could take back.
            file.flush()
            os.fsync(file.fileno())
            good = file.tell()
            checkpoint("upload: piece on disk")
            DraftUpload.objects.filter(pk=row.pk).update(received=good, changed_at=now)
            checkpoint("upload: piece vouched for")
        return _finished(row, file, now) if good == row.size else None


def received(upload: DraftUpload) -> int:
    """How many bytes are here: where to go on after a cut."""
    try:
        return min(upload.received, _path(upload).stat().st_size)
    except FileNotFoundError:
        return 0


def cancel(upload: DraftUpload) -> None:
    """Give a file up; one that is over is no error."""
    DraftUpload.objects.filter(pk=upload.pk).delete()
    _path(upload).unlink(missing_ok=True)


def sweep(*, now: datetime) -> int:
    """Forget uploads nobody went on with for `KEEP`, and files without a row; how many."""
    before = now - KEEP
    old = list(DraftUpload.objects.filter(changed_at__lt=before)[:500])
    for upload in old:
        cancel(upload)
    strays = [path for path in _folder().glob("*") if _age(path) < before.timestamp()]
    known = {
        str(key)
        for key in DraftUpload.objects.filter(
            key__in=[path.name for path in strays if len(path.name) == 36]
        ).values_list("key", flat=True)
    }
    strays = [path for path in strays if path.name not in known]
    for path in strays:
        path.unlink(missing_ok=True)
    return len(old) + len(strays)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "uploads"


def _path(upload: DraftUpload) -> Path:
    return _folder() / str(upload.key)


@contextmanager
def _held(upload: DraftUpload) -> Iterator[BinaryIO]:
    """The upload's file, which no other process writes meanwhile."""
    _folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(_path(upload), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError from None
        yield file


def _write(file: BinaryIO, chunks: Iterable[bytes], size: int) -> None:
    at = file.seek(0, os.SEEK_END)
    for chunk in chunks:
        at += len(chunk)
        if at > size:
            raise TooLongError
        file.write(chunk)


def _finished(row: DraftUpload, file: BinaryIO, now: datetime) -> DraftAttachment:
    """The file among the draft's own, and nothing left of the upload."""
    file.seek(0)
    kind = picture_type(file.read(16)) if row.is_inline else ""
    file.seek(0)
    body = Body.gather(iter(lambda: file.read(_PIECE), b""))
    batch = blobs.write([body])
    body.close()
    with transaction.atomic():
        if not Draft.objects.filter(pk=row.draft_id, submitted_at=None).update(changed_at=now):
            raise drafts.SubmittedError
        if not DraftUpload.objects.filter(pk=row.pk).delete()[0]:
            # Taken out while its last piece came.
            raise GoneError
        attachment = DraftAttachment.objects.create(
            draft=row.draft,
            blob=blobs.adopt(batch)[0],
            filename=row.filename,
            # A picture that stands in the text is what its bytes say, or else a file like others.
            content_type=kind or row.content_type,
            size=row.size,
            content_id=new_content_id() if kind else "",
        )
        checkpoint("upload: entered, not committed")
    checkpoint("upload: committed")
    _path(row).unlink(missing_ok=True)
    return attachment
