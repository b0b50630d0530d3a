"""Parts within parts: a message that lies in a message, and the files of a winmail.dat.

A path names a part by the numbers on the way to it, outermost first: (3, 0) is the first leaf of
the message that the fourth leaf of the letter holds.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mailstore import mime
from mailstore.mime import ParsedMail, Part

#: How deep one may look: messages forwarded in messages.
MAX_DEPTH = 5
MESSAGE = "message/rfc822"
_MESSAGES = (MESSAGE, "message/global")
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_TNEF_SIGN = b"\x78\x9f\x3e\x22"

Path = tuple[int, ...]
# From the bytes of a winmail.dat to those of a message; raises `NotOpened`.
Unpack = Callable[[bytes], bytes]


class NotOpened(Exception):
    """There is no such part, or it holds nothing that can be looked into."""


@dataclass(frozen=True, slots=True)
class Found:
    """A part on a path: what its message says of it, and its bytes."""

    path: Path
    part: Part
    data: bytes


def parse_path(text: str) -> Path:
    """A path as it stands in an address ("3-0"). Raises `NotOpened`."""
    pieces = text.split("-")
    if len(pieces) > MAX_DEPTH or not all(one.isdecimal() and len(one) < 5 for one in pieces):
        raise NotOpened(text)
    return tuple(map(int, pieces))


def write_path(path: Path) -> str:
    """The reverse of `parse_path`."""
    return "-".join(map(str, path))


def is_winmail(part: Part) -> bool:
    """Whether a part is said to be a winmail.dat."""
    return part.content_type in _TNEF or part.filename.lower() == "winmail.dat"


def is_message(part: Part) -> bool:
    """Whether a part is said to be a message."""
    return part.content_type in _MESSAGES or part.filename.lower().endswith(".eml")


def find(raw: bytes, path: Path, unpack: Unpack) -> Found:
    """The part at the end of a path, starting in the message `raw`. Raises `NotOpened`."""
    return next(each(raw, [path], unpack))


def each(raw: bytes, paths: Iterable[Path], unpack: Unpack) -> Iterator[Found]:
    """The parts at the ends of paths; those that lie side by side cost one look at the message
    they are in. Raises `NotOpened`."""
    above: Path | None = None
    for path in paths:
        if above != path[:-1]:
            above = path[:-1]
            part = mime.taken_apart(inside(find(raw, above, unpack), unpack) if above else raw)
        try:
            yield Found(path, *part(path[-1]))
        except IndexError:
            raise NotOpened(write_path(path)) from None


def inside(found: Found, unpack: Unpack) -> bytes:
    """The message that a part holds. Raises `NotOpened`."""
    if found.data.startswith(_TNEF_SIGN):
        return unpack(found.data)
    if is_message(found.part) and len(found.path) < MAX_DEPTH:
        return found.data
    raise NotOpened(write_path(found.path))


def parts_of(mail: ParsedMail, path: Path = ()) -> list[tuple[Path, Part]]:
    """The attachments of a message, each with its path below `path`."""
    return [((*path, one.index), one) for one in mail.attachments]
