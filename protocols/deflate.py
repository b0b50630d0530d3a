"""The two streams of COMPRESS=DEFLATE (RFC 4978): raw deflate, inflated in small pieces."""

import zlib

PIECE = 262_144  # at most so much comes out of one call, however small the bytes that went in
_RAW = -15  # no header, the largest window (RFC 4978 section 4)
_LEVEL = 6


class Deflate:
    """What one connection sends and receives once both sides agreed to compress.

    A few compressed bytes may stand for gigabytes, so `inflate` hands out at most `PIECE` bytes a
    call; while `pending`, more comes without anything being received.
    """

    def __init__(self) -> None:
        """Begin both streams."""
        self._out = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
        self._in = zlib.decompressobj(_RAW)
        self._full = False

    def deflate(self, data: bytes) -> bytes:
        """The bytes to send, complete: the other side can read all of `data` from them."""
        return self._out.compress(data) + self._out.flush(zlib.Z_SYNC_FLUSH)

    def inflate(self, data: bytes = b"") -> bytes:
        """The next bytes, perhaps none yet; raises ValueError for what is no deflate stream."""
        try:
            plain = self._in.decompress(self._in.unconsumed_tail + data, PIECE)
        except zlib.error:
            raise ValueError("not a deflate stream") from None
        # zlib may hold a few bytes back although it has taken all of its input.
        self._full = len(plain) == PIECE
        return plain

    @property
    def pending(self) -> bool:
        """Whether `inflate()` has more to hand out of what it was given."""
        return self._full or bool(self._in.unconsumed_tail)

    @property
    def ended(self) -> bool:
        """Whether the other side closed its stream: nothing more can follow."""
        return self._in.eof and not self.pending
