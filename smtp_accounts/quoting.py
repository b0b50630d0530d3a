"""Plain text: quoting what is answered, and lines that flow (RFC 3676)."""

from __future__ import annotations

import re

WIDTH = 72
SIGNATURE_MARK = "-- "
MAX_QUOTE = 200_000

_DEPTH = re.compile(r"(?:> ?)*")
_NAME_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def quoted(text: str) -> str:
    """Every line one quoting level deeper (RFC 3676 section 4.5), without its signature."""
    lines = without_signature(text[:MAX_QUOTE]).splitlines()
    return "\n".join(f">{line}" if line.startswith(">") else f"> {line}".rstrip() for line in lines)


def answer(text: str, intro: str) -> str:
    """The body a reply starts with: room to write, then who wrote what."""
    quote = quoted(text.strip("\n"))
    return f"\n\n{intro}\n{quote}\n" if quote else "\n"


def forwarded(text: str, heading: str, fields: list[tuple[str, str]]) -> str:
    """The body a forward starts with: room to write, then the message with its own headers."""
    head = "\n".join(f"{name}: {one_line(value)}" for name, value in fields if value)
    return f"\n\n---------- {heading} ----------\n{head}\n\n{text[:MAX_QUOTE].strip()}\n"


def signed(body: str, signature: str) -> str:
    """The body with a signature in front of what is quoted; unchanged when there is none."""
    if not signature.strip():
        return body
    return f"\n\n{SIGNATURE_MARK}\n{signature.strip()}\n{body}"


def flowed(text: str) -> str:
    """Text as format=flowed lines: soft ends carry a space, so no reader sees our width.

    Lines end with LF here; the transport makes CRLF of it.
    """
    return "\n".join(
        piece for line in text.replace("\r\n", "\n").split("\n") for piece in _flow_line(line)
    )


def unflowed(text: str, *, delsp: bool = False) -> str:
    """The text a format=flowed body stands for (RFC 3676 section 4), quotes kept."""
    out: list[list[str]] = []
    open_depth = -1
    for raw in text.replace("\r\n", "\n").split("\n"):
        depth = len(raw) - len(raw.lstrip(">"))
        line = raw[depth:].removeprefix(" ")
        soft = line.endswith(" ") and line != SIGNATURE_MARK
        kept = line[:-1] if soft and delsp else line
        if open_depth == depth and line != SIGNATURE_MARK:
            out[-1].append(kept)
        else:
            out.append([f"{'>' * depth} {kept}" if depth else kept])
        open_depth = depth if soft else -1
    lines = map("".join, out)
    return "\n".join(line if line == SIGNATURE_MARK else line.rstrip(" ") for line in lines)


def _flow_line(line: str) -> list[str]:
    if line == SIGNATURE_MARK:
        return [line]
    line = line.rstrip(" ")
    depth = _DEPTH.match(line)
    marks = depth.group() if depth else ""
    level = marks.count(">")
    words = line[len(marks) :] if level else line
    prefix = ">" * level + (" " if level else "")
    pieces = _wrapped(words, WIDTH - len(prefix))
    return [prefix + (_stuffed(piece) if not level else piece) for piece in pieces]


def _wrapped(text: str, width: int) -> list[str]:
    """Pieces no wider than `width` where words allow it; all but the last end with a space."""
    pieces: list[str] = []
    start = 0
    while len(text) - start > width:
        at = text.rfind(" ", start + 1, start + width)
        at = text.find(" ", start + width) if at < 0 else at
        # A run of spaces stays in one piece, or the next line would look space-stuffed.
        while 0 <= at < len(text) - 1 and text[at + 1] == " ":
            at += 1
        if at < 0 or at == len(text) - 1:
            break
        pieces.append(text[start : at + 1])
        start = at + 1
    return [*pieces, text[start:]]


def _stuffed(line: str) -> str:
    """Space-stuffing (RFC 3676 section 4.4): no line may look quoted or like an mbox divider."""
    return f" {line}" if line.startswith((" ", ">", "From ")) else line


def without_signature(text: str) -> str:
    """The text up to the line that begins a signature."""
    lines = text.splitlines()
    return "\n".join(lines[: lines.index(SIGNATURE_MARK)]) if SIGNATURE_MARK in lines else text


def one_line(value: str) -> str:
    """A value for one line of a quoted header: no line ends, no controls, nothing deceiving."""
    return _NAME_CONTROLS.sub(" ", value).strip()[:998]
