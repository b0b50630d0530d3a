"""The bytes of one message, in memory while small and in an unlinked file when large."""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

SPOOL_LIMIT = 1 << 20


class Body:
    """One message's bytes, read-only and readable any number of times.

    Up to `SPOOL_LIMIT` bytes stay in memory; more go to a temporary file that has no name, so a
    killed process leaves nothing behind.
    """

    __slots__ = ("_data", "_file", "sha256", "size")

    def __init__(
        self, data: bytes | None, file: IO[bytes] | None, size: int, sha256: bytes
    ) -> None:
        """Use `Body.of` or `Body.gather`."""
        self._data = data
        self._file = file
        self.size = size
        self.sha256 = sha256

    @classmethod
    def of(cls, data: bytes) -> "Body":
        """A body of bytes already in memory."""
        return cls(data, None, len(data), hashlib.sha256(data).digest())

    @classmethod
    def gather(cls, pieces: Iterable[bytes]) -> "Body":
        """A body of pieces as they come, hashed on the way; large ones never lie in memory."""
        digest, size = hashlib.sha256(), 0
        held: list[bytes] = []
        file: IO[bytes] | None = None
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            if file is None and size > SPOOL_LIMIT:
                # Closed by `close` or with the body itself; it has no name to clean up.
                file = tempfile.TemporaryFile(prefix="tributary-")  # noqa: SIM115 - outlives this
                file.writelines(held)
                held.clear()
            if file is None:
                held.append(piece)
            else:
                file.write(piece)
        return cls(None if file else b"".join(held), file, size, digest.digest())

    def read(self) -> bytes:
        """All of it."""
        return b"".join(self.chunks(SPOOL_LIMIT))

    def chunks(self, n: int = 262_144) -> Iterator[bytes]:
        """All of it, in pieces of at most `n` bytes."""
        if self._file is None:
            data = self._data or b""
            yield from (data[start : start + n] for start in range(0, len(data), n))
            return
        at = 0
        while at < self.size:
            # Two readers may take turns, so each finds its own place again.
            self._file.seek(at)
            piece = self._file.read(n)
            at += len(piece)
            yield piece

    def close(self) -> None:
        """Give the file back early; the body is empty afterwards only if it was a large one."""
        if self._file is not None:
            self._file.close()

    def __len__(self) -> int:
        """Its size in bytes (imaplib asks)."""
        return self.size

    def __repr__(self) -> str:
        """Size and hash, never the words."""
        return f"<Body {self.size} bytes {self.sha256.hex()[:12]}>"
