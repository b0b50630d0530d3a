"""Building IMAP command arguments so that nothing typed can become a command of its own."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from protocols.errors import ProtocolBroken, Stage

SET_LIMIT = 960  # bytes; longer lines are refused by some servers
_FORBIDDEN = (b"\x00", b"\r", b"\n")


def refuse_controls(value: bytes, stage: Stage) -> bytes:
    """The value itself; raises `ProtocolBroken` when it holds NUL, CR or LF."""
    if any(each in value for each in _FORBIDDEN):
        raise ProtocolBroken(stage, server_line="control character in an argument", temporary=False)
    return value


def quoted(value: bytes) -> bytes | None:
    """A quoted string, or None where only a literal can carry the value."""
    if any(byte < 32 or byte > 126 for byte in value):
        return None
    return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def uid_sets(uids: Sequence[int], limit: int = SET_LIMIT) -> Iterator[tuple[bytes, list[int]]]:
    """UIDs as sequence sets with ranges, each at most `limit` bytes, and what each stands for."""
    text, members = b"", list[int]()
    for first, last in _runs(sorted(set(uids))):
        piece = b"%d" % first if first == last else b"%d:%d" % (first, last)
        if text and len(text) + 1 + len(piece) > limit:
            yield text, members
            text, members = b"", []
        text = text + b"," + piece if text else piece
        members.extend(range(first, last + 1))
    if text:
        yield text, members


def _runs(uids: Sequence[int]) -> Iterator[tuple[int, int]]:
    for _, run in groupby(enumerate(uids), key=lambda pair: pair[1] - pair[0]):
        found = [uid for _, uid in run]
        yield found[0], found[-1]
