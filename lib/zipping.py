"""Zip archives written while they are sent."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath


class _Sink(io.RawIOBase):
    """A file that forgets what was read out of it; zipfile needs no more than this."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override] # narrower than Buffer
        self._waiting += data
        return len(data)

    def take(self) -> bytes:
        data = bytes(self._waiting)
        self._waiting.clear()
        return data


def zipped(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """A zip archive of files, flat, never two with one name. At most one file is in memory."""
    sink = _Sink()
    used: set[str] = set()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(_unused(name, used), data)
            yield sink.take()
    yield sink.take()


def _unused(name: str, used: set[str]) -> str:
    path, number, tried = PurePosixPath(name), 1, name
    while tried.casefold() in used:
        number += 1
        tried = f"{path.stem} ({number}){path.suffix}"
    used.add(tried.casefold())
    return tried
