"""What a receiving server found out about a message: Authentication-Results (RFC 8601). Pure.

Servers write this field in ways of their own, Exchange without saying who they are; what cannot
be read is left out, and nothing raises.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Final

MAX_LENGTH = 8192
MAX_METHODS = 30
PASSED: Final = "pass"

_METHOD = re.compile(r"\s*([a-z][a-z0-9-]{0,30})\s*(?:/\s*\d+\s*)?=\s*([a-z]{1,20})", re.I)
_PROPERTY = re.compile(
    r"\b(smtp\.mailfrom|smtp\.helo|header\.d|header\.i|header\.from)\s*=\s*(\S+)", re.I
)
_RESULTS = ("none", "pass", "fail", "softfail", "neutral", "policy", "temperror", "permerror")


@dataclass(frozen=True, slots=True)
class Results:
    """Results as one server wrote them. ``server`` is its authserv-id, empty where it has none;
    domains are those the results are about."""

    server: str
    spf: str = ""
    spf_domain: str = ""
    dkim: str = ""
    dkim_domain: str = ""
    dmarc: str = ""
    dmarc_domain: str = ""

    @property
    def as_facts(self) -> dict[str, str]:
        """As a row keeps it."""
        return asdict(self)


def read(value: str) -> Results | None:
    """The results of one field, or None where it names none."""
    pieces = _without_comments(value[:MAX_LENGTH]).split(";")[: MAX_METHODS + 1]
    server = "" if _METHOD.match(pieces[0]) else _server(pieces.pop(0))
    found: dict[str, tuple[str, str]] = {}
    for piece in pieces:
        method = _METHOD.match(piece)
        if method is None or method[2].lower() not in _RESULTS:
            continue
        name, result = method[1].lower(), method[2].lower()
        # Of several signatures, one that holds is enough.
        if name not in found or (found[name][0] != PASSED and result == PASSED):
            found[name] = (result, _domain(piece))
    spf, dkim, dmarc = (found.get(name, ("", "")) for name in ("spf", "dkim", "dmarc"))
    if not found:
        return None
    return Results(server, spf[0], spf[1], dkim[0], dkim[1], dmarc[0], dmarc[1])


def _server(piece: str) -> str:
    words = piece.split()
    return words[0].strip('"').lower()[:253] if words else ""


def _domain(piece: str) -> str:
    """The domain a result is about; that of a signature, of the envelope or, of DMARC, of From."""
    found = {one[1].lower(): str(one[2]) for one in list(_PROPERTY.finditer(piece))[:10]}
    for name in ("header.d", "header.i", "smtp.mailfrom", "smtp.helo", "header.from"):
        if name in found:
            text = found[name].strip("\"'<>").lower()
            return text.rpartition("@")[2].rstrip(".")[:253]
    return ""


def _without_comments(value: str) -> str:
    """The field without comments, which may stand in one another."""
    out: list[str] = []
    depth = 0
    for letter in value:
        depth += letter == "("
        if depth == 0:
            out.append(letter)
        elif letter == ")":
            depth -= 1
    return "".join(out)
