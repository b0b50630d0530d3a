"""What can be made again, kept on disk for the next time.

Each entry is one file below ``DATA_DIR/cache``, written whole or not at all, readable by this
account alone, and sealed: what somebody else put there, or what a disk damaged, is not used.
Nothing here raises for a disk that is full or broken; the thing is made again.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from django.conf import settings

HOUR: Final = 3600.0
#: Seconds an entry stays that nobody asks for.
KEEP: Final = 3 * 24 * HOUR
#: Bytes of each cache; what was not asked for longest goes first.
CAP: Final = 256 * 1024 * 1024
_SEAL: Final = 32


@dataclass(frozen=True, slots=True)
class DiskCache:
    """One kind of thing that is kept, by name."""

    name: str

    def get(self, key: bytes) -> bytes | None:
        """What was kept under the key; None where there is nothing, or nothing to be trusted."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                sealed, written = file.read(), os.fstat(file.fileno()).st_mtime
        except OSError:
            return None
        seal, value = sealed[:_SEAL], sealed[_SEAL:]
        if not hmac.compare_digest(seal, self._seal(key, value)):
            return None
        if time.time() - written > HOUR:
            # The time of the file is when it was last asked for, to the hour.
            with suppress(OSError):
                os.utime(path)
        return value

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value, unless the disk does not take it."""
        path = self._path(key)
        partial = path.with_name(f".{uuid4().hex}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(partial, "xb", opener=_private) as file:
                file.write(self._seal(key, value) + value)
            partial.replace(path)
        except OSError:
            with suppress(OSError):
                partial.unlink()

    def _path(self, key: bytes) -> Path:
        name = hashlib.sha256(key).hexdigest()
        return root() / self.name / name[:2] / name

    def _seal(self, key: bytes, value: bytes) -> bytes:
        made = hmac.new(settings.SECRET_KEY.encode(), digestmod=hashlib.sha256)
        for one in (b"cache", self.name.encode(), key, value):
            made.update(len(one).to_bytes(8) + one)
        return made.digest()


def root() -> Path:
    """The folder of all caches; to delete it costs nothing but time."""
    return Path(settings.DATA_DIR) / "cache"


def sweep(*, now: float, cap: int = CAP, keep: float = KEEP) -> int:
    """Make room: what is older than `keep` seconds, then the oldest until `cap` bytes are left
    of each cache. Returns the number of files removed."""
    gone = 0
    for folder in root().glob("*/"):
        found = sorted(_files(folder), reverse=True)
        size = 0
        for written, length, path in found:
            size += length
            if size > cap or now - written > keep:
                with suppress(OSError):
                    path.unlink()
                    gone += 1
    return gone


def _files(folder: Path) -> list[tuple[float, int, Path]]:
    found: list[tuple[float, int, Path]] = []
    for path in folder.glob("??/*"):
        with suppress(OSError):
            said = path.stat()
            found.append((said.st_mtime, said.st_size, path))
    return found


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
