"""What a file is by its first bytes; the sender's word does not count. Only formats that hold no
script and that browsers show by themselves are known here, and PDF, which we draw ourselves."""

from __future__ import annotations

from typing import Final

from lib.pictures import picture_type

#: How many bytes are enough to tell.
HEAD: Final = 64
PDF: Final = "application/pdf"
_AT: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"%PDF-", PDF),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"\x1a\x45\xdf\xa3", "video/webm"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp3g", "video/3gpp"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
)
# Pictures in the container of MP4: browsers differ on them, and none is a video.
_STILL: Final = (b"ftypheic", b"ftypheif", b"ftypmif1", b"ftypavif", b"ftypmsf1", b"ftypheix")


def kind_of_bytes(head: bytes) -> str:
    """The media type told by the first `HEAD` bytes; empty for everything else."""
    picture = picture_type(head)
    if picture:
        return picture
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav"
    if head[4:12] in _STILL:
        return ""
    return next((kind for at, sign, kind in _AT if head.startswith(sign, at)), "")


def is_played(kind: str) -> bool:
    """Whether it is sound or moving pictures."""
    return kind.startswith(("audio/", "video/"))
