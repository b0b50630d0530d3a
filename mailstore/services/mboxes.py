"""A folder as one mbox file that is written while it is read, whatever its size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import Any, Final

from mailstore import archive
from mailstore.models import Folder, Message
from mailstore.services import blobs, returning
from mailstore.services.messages import flags_of

#: A message up to this size is held in memory, a larger one on disk meanwhile.
_HELD: Final = 4 * 1024 * 1024
_PIECE: Final = 1 << 18
_LONG: Final = 1 << 20
#: What is not in a line of an mbox: see `mailstore.archive`.
Entry = dict[str, Any]


def write(folder: Folder, out: Callable[[bytes], object], path: str) -> Iterator[Entry | None]:
    """Write the folder's messages, oldest first; of each what the format cannot hold.

    None stands for a message whose bytes are damaged, which is left out whole. The entries are
    those of `archive.MANIFEST`, so that what was written can be read back byte for byte; ``path``
    is the name of the file in them.
    """
    place = 0
    for one in _messages(folder):
        with SpooledTemporaryFile(_HELD) as held:
            try:
                ends_line = _quote(one, held.write)
            except blobs.BlobUnreadable:
                yield None
                continue
            heading = archive.separator(one.sort_at)
            length = held.tell()
            out(heading)
            held.seek(0)
            while piece := held.read(_PIECE):
                out(piece)
            # A blank line ends every message; the manifest knows where it really ended.
            end = b"\n" if ends_line else b"\n\n"
            out(end)
        start = place + len(heading)
        place = start + length + len(end)
        yield _entry(one, folder, path, start, length)


def _messages(folder: Folder) -> Iterator[Message]:
    found = Message.objects.filter(folder=folder).select_related("blob__segment")
    with_labels = found.prefetch_related("marks__label").order_by("pk")
    for one in with_labels.iterator(chunk_size=200):
        one.sort_at = returning.arrived_at(one)
        one.folder = folder
        yield one


def _quote(one: Message, put: Callable[[bytes], object]) -> bool:
    """Give out the lines of a message as an mbox holds them; whether the last one was whole."""
    rest, last, is_begun = b"", b"\n", False
    for piece in blobs.stream(one.blob):
        *whole, rest = archive.lines(rest + piece)
        for line in whole:
            put(line if is_begun else _quoted(line))
            is_begun = False
        if len(rest) > _LONG:
            # Of a line without an end only the beginning matters.
            put(rest if is_begun else _quoted(rest))
            rest, is_begun = b"", True
        last = piece[-1:] or last
    if rest:
        put(rest if is_begun else _quoted(rest))
    return last == b"\n"


def _quoted(line: bytes) -> bytes:
    return next(iter(archive.quoted([line])))


def _entry(one: Message, folder: Folder, path: str, start: int, length: int) -> Entry:
    return {
        "path": path,
        "folder": [folder.label],
        "role": folder.role,
        "sha256": bytes(one.blob.sha256).hex(),
        "size": one.size,
        "internal_date": one.sort_at.isoformat(),
        "flags": flags_of(one),
        "labels": sorted(mark.label.name for mark in one.marks.all()),
        "offset": start,
        "length": length,
    }
