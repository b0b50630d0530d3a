"""Delivery reports that are text alone, as Exim, qmail (QSBMF), Yahoo and others write them.

Such a text is taken for a report only from a sender that is a mail system; an address counts
where it stands as these systems write it. Linear and capped; never raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mailstore.headers import Headers
from mailstore.text import one_line

FAILED: Final = "failed"
DELAYED: Final = "delayed"
MAX_LINES = 2000
MAX_ADDRESS = 320
_MAX_WORDS = 500

_ADDRESS = re.compile(r"[^\s<>\"(),:;@]{1,128}@[^\s<>\"(),:;@]{1,253}")
# "<bob@example.org>: host mx.example.org said: 550 ..." and the same on a line of its own.
_LED = re.compile(r"\s{0,8}<([^\s<>]{3,320})>\s{0,3}(?::|$)\s{0,3}(.*)")
# Exim indents the address, and the reason further below it.
_INDENTED = re.compile(r"\s{1,8}<?([^\s<>:;()]{1,128}@[^\s<>:;()]{1,253})>?\s*$")
_BACK = re.compile(
    r"(?:-{2,}+.{0,60}(?:copy of|original|returned|unsent|below this line|transcript))"
    r"|Original message follows|Return-Path:",
    re.I,
)
_ID = re.compile(r"^[>\s]{0,8}Message-ID:\s{0,8}(<[!-;=?-~]{1,900}>)", re.I | re.M)
_STILL_TRYING = re.compile(
    r"not yet been delivered|delivery will (?:continue|be retried)|still being retried"
    r"|will keep trying|warning message only|do not need to resend",
    re.I,
)
_SYSTEMS = ("mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "maildaemon")


@dataclass(frozen=True, slots=True)
class Told:
    """An address a text names, what became of it, and the words beside it."""

    address: str
    action: str
    words: str


def bare(value: str) -> str:
    """An address without brackets, empty where it is none."""
    text = one_line(value, MAX_ADDRESS).strip().strip("<>").strip()
    return text if "@" in text and " " not in text else ""


def is_from_a_system(address: str) -> bool:
    """Whether a sender is a mail system by its name."""
    local = address.partition("@")[0].strip().lower()
    return local in _SYSTEMS


def read(fields: Headers, text: str) -> list[Told]:
    """The addresses a text says something about; none where it is no report."""
    failed = [bare(one) for one in fields.text("x-failed-recipients").split(",")][:100]
    named = [one for one in failed if one]
    sender = _ADDRESS.search(fields.text("from"))
    path = fields.raw("return-path").strip()
    is_system = is_from_a_system(sender[0]) if sender else False
    # People write as postmaster as well: then the answer to it goes to them.
    if not (named or path == b"<>" or (is_system and not _is_person(path))):
        return []
    action = DELAYED if _STILL_TRYING.search(text[:20_000]) and not named else FAILED
    found = {one.address.casefold(): one for one in _lines(text, action)}
    for address in named:
        found.setdefault(address.casefold(), Told(address, FAILED, ""))
    return list(found.values())


def _is_person(return_path: bytes) -> bool:
    """Whether somebody can be answered there: nobody can be who reports (RFC 3464 section 2)."""
    local, at, _domain = return_path.strip(b"<> ").lower().partition(b"@")
    return bool(at) and not local.endswith(b"daemon")


def ids(text: str) -> list[str]:
    """Message-IDs in header lines that a text brings back."""
    return [found[1] for found in list(_ID.finditer(text))[:5]]


def _lines(text: str, action: str) -> list[Told]:
    """The addresses at the beginnings of paragraphs, each with the words that follow it."""
    lines = text.split("\n")[:MAX_LINES]
    told: list[Told] = []
    for at, line in enumerate(lines):
        if _BACK.match(line[:1000].strip()):
            break
        found = _LED.match(line[:1000]) or _INDENTED.match(line[:1000])
        address = bare(found[1]) if found else ""
        if found and address and _ADDRESS.fullmatch(address):
            words = found[2] if found.re is _LED else ""
            told.append(Told(address, action, _words(words, lines[at + 1 :])))
    return told[:100]


def _words(first: str, following: list[str]) -> str:
    """The rest of the line and those up to the next address or, after some, an empty one."""
    pieces = [first.strip()] if first.strip() else []
    for line in following[:12]:
        if (
            _LED.match(line[:1000])
            or _INDENTED.match(line[:1000])
            or _BACK.match(line[:1000].strip())
        ):
            break
        if line.strip():
            pieces.append(line)
        elif pieces:
            break
    return one_line(" ".join(pieces), _MAX_WORDS)
