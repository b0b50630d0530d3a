"""Mail in files: maildir, mbox and single messages, written and read back byte for byte.

An export carries a manifest, one JSON object a line, with what the formats cannot hold: the exact
folder names, flags, dates, sizes and hashes. Reading uses it where it is there.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from protocols.body import Body

MANIFEST = "manifest.jsonl"
CHUNK = 1 << 18

_QUOTABLE = re.compile(rb"^>*From ")
_QUOTED = re.compile(rb"^>+From ")
_SEPARATOR = re.compile(
    rb"From .*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? .*\b(?:19|20)\d\d\b|From \S+ *\r?\n\Z"
)
_UNSAFE = re.compile(r"[%/\\.\x00-\x1f\x7f]|[. ]\Z")
_LETTERS = {"S": "\\Seen", "R": "\\Answered", "F": "\\Flagged", "D": "\\Draft", "P": "$Forwarded"}
_STATUS = {b"R": "\\Seen", b"A": "\\Answered", b"F": "\\Flagged", b"T": "\\Draft"}
MAX_FILE_NAME = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A message in a file. `folder` is its path below the root of what was read."""

    body: Body
    path: str
    folder: tuple[str, ...] = ()
    role: str = ""
    internal_at: datetime | None = None
    flags: frozenset[str] = frozenset()


def escaped(name: str) -> str:
    """A folder name as a file name: no separators, no dots, never empty, at most 200 bytes."""
    safe = _UNSAFE.sub(lambda found: f"%{ord(found[0]):02x}", name) or "%"
    return safe.encode()[:MAX_FILE_NAME].decode("utf-8", "ignore")


def maildir_name(moment: datetime, number: int, size: int, flags: Iterable[str]) -> str:
    """A name in `cur`: arrival, number, size, and the letters of its flags in order."""
    held = set(flags)
    letters = "".join(sorted(key for key, flag in _LETTERS.items() if flag in held))
    return f"{int(moment.timestamp())}.M{number}.tributary,S={size}:2,{letters}"


def quoted(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines of a message with every "From " that could end it quoted (mboxrd)."""
    return (b">" + line if _QUOTABLE.match(line) else line for line in lines)


def separator(moment: datetime) -> bytes:
    """The line before a message in an mbox (RFC 4155), its date in UTC."""
    stamp = moment.astimezone(UTC).ctime()
    return f"From MAILER-DAEMON {stamp}\n".encode("ascii")


def read(path: Path) -> Iterator[Found]:
    """Every message in a file or folder. Raises OSError."""
    if path.is_dir() and (path / MANIFEST).is_file():
        yield from _from_manifest(path)
    elif path.is_dir() and ((path / "cur").is_dir() or (path / "new").is_dir()):
        yield from _from_maildir(path)
    elif path.is_dir():
        for inner in sorted(path.iterdir()):
            yield from read(inner)
    elif is_mbox(path):
        yield from _from_mbox(path)
    else:
        yield Found(_single(path), path.name)


def _file_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def _single(path: Path) -> Body:
    """One message; an mbox line above it is no part of it."""
    with path.open("rb") as file:
        first = file.readline(4096)
    skip = len(first) if first.startswith(b"From ") and first.endswith(b"\n") else 0

    def pieces() -> Iterator[bytes]:
        with path.open("rb") as file:
            file.seek(skip)
            while piece := file.read(CHUNK):
                yield piece

    return Body.gather(pieces())


def is_mbox(path: Path) -> bool:
    """True for a file named so, or with more than one "From " line that begins a message."""
    if path.suffix.lower() in (".mbox", ".mbx"):
        return True
    with path.open("rb") as file:
        if file.read(5) != b"From ":
            return False
        if path.suffix.lower() == ".eml":
            return False
        file.seek(0)
        return sum(1 for _ in _starts(file)) > 1


def _starts(lines: Iterable[bytes]) -> Iterator[int]:
    blank = True
    for number, line in enumerate(lines):
        if blank and line.startswith(b"From ") and _SEPARATOR.match(line):
            yield number
        blank = line in (b"\n", b"\r\n")


def _from_mbox(path: Path) -> Iterator[Found]:
    """Messages of an mbox; `>From` becomes `From` and the blank line before a `From` goes."""
    held: list[bytes] = []
    heading = b""
    blank = True
    with path.open("rb") as file:
        for line in file:
            if blank and line.startswith(b"From ") and _SEPARATOR.match(line):
                if heading:
                    yield _mbox_message(held, heading, path)
                held, heading = [], line
            elif heading:
                held.append(line[1:] if _QUOTED.match(line) else line)
            blank = line in (b"\n", b"\r\n")
    if heading:
        yield _mbox_message(held, heading, path)


def _mbox_message(lines: list[bytes], heading: bytes, path: Path) -> Found:
    if lines and lines[-1] in (b"\n", b"\r\n"):
        lines = lines[:-1]
    status = b"".join(
        line.partition(b":")[2].strip()
        for line in lines[:200]
        if line.lower().startswith((b"status:", b"x-status:"))
    )
    flags = frozenset(flag for key, flag in _STATUS.items() if key in status)
    return Found(
        Body.of(b"".join(lines)), path.name, internal_at=_heading_date(heading), flags=flags
    )


def _heading_date(heading: bytes) -> datetime | None:
    words = heading.decode("latin-1").split()[-5:]
    try:
        return datetime.strptime(" ".join(words), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


def _from_maildir(path: Path, folder: tuple[str, ...] = ()) -> Iterator[Found]:
    for part in ("cur", "new"):
        for file in sorted((path / part).iterdir()) if (path / part).is_dir() else ():
            letters = file.name.rpartition(":2,")[2] if ":2," in file.name else ""
            moment = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            flags = frozenset(_LETTERS[one] for one in letters if one in _LETTERS)
            yield Found(Body.gather(_file_chunks(file)), file.name, folder, "", moment, flags)
    if not folder:
        for inner in sorted(path.glob(".*")):
            if (inner / "cur").is_dir():
                yield from _from_maildir(inner, tuple(inner.name.lstrip(".").split(".")))


def _from_manifest(root: Path) -> Iterator[Found]:
    with (root / MANIFEST).open(encoding="utf-8") as manifest:
        for line in manifest:
            entry: Mapping[str, Any] = json.loads(line)
            file = (root / entry["path"]).resolve()
            if not file.is_relative_to(root.resolve()):
                # A manifest may come from anywhere; it reads nothing outside its own folder.
                continue
            yield Found(
                body=_manifest_body(file, entry),
                path=entry["path"],
                folder=tuple(entry["folder"]),
                role=entry.get("role", ""),
                internal_at=datetime.fromisoformat(entry["internal_date"]),
                flags=frozenset(entry["flags"]),
            )


def _manifest_body(file: Path, entry: Mapping[str, Any]) -> Body:
    if "offset" not in entry:
        return Body.gather(_file_chunks(file))
    with file.open("rb") as mbox:
        mbox.seek(entry["offset"])
        data = mbox.read(entry["length"])
    return Body.of(b"".join(line[1:] if _QUOTED.match(line) else line for line in lines(data)))


def lines(data: bytes) -> list[bytes]:
    """Lines with their ends; a lone carriage return is no line end here."""
    *whole, rest = data.split(b"\n")
    return [*(line + b"\n" for line in whole), rest]
