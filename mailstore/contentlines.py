"""Content lines: what calendars (RFC 5545 section 3.1) and cards (RFC 6350 section 3.2) are
written in. Linear, capped, never raising: a line that is none is passed over."""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailstore.text import decode, tidy

#: Bytes of a calendar or card that are looked at.
MAX_SIZE = 1024 * 1024
MAX_LINES = 20_000
MAX_PARAMS = 20
_NAME = re.compile(r"(?:[A-Za-z0-9-]{1,60}\.)?([A-Za-z0-9-]{1,60})")
_PARAM = re.compile(r";([A-Za-z0-9-]{1,60})(?:=([^;:\"]*(?:\"[^\"]*\"[^;:\"]*)*))?")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_CARET = re.compile(r"\^([n'^])")
_ENDS = re.compile(r"\r\n|\n|\r")
_CARETS = {"n": "\n", "'": '"', "^": "^"}


@dataclass(frozen=True, slots=True)
class Line:
    """One property: its name in capitals, its parameters by their names, its value as written."""

    name: str
    value: str
    params: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The value as words: escapes undone (RFC 5545 section 3.3.11)."""
        return unescaped(self.value)

    @property
    def data(self) -> bytes:
        """The value as bytes, where it is in base64; empty where it is not, or broken."""
        if self.params.get("ENCODING", "").lower() not in ("b", "base64"):
            return b""
        try:
            return binascii.a2b_base64(self.value)
        except (binascii.Error, ValueError):
            return b""


def unescaped(value: str) -> str:
    """Text without its backslashes; tidy, as everything from outside."""
    plain = _ESCAPED.sub(lambda one: "\n" if one[1] in "nN" else one[1], value)
    return tidy(plain)


def parts(value: str) -> list[str]:
    """The components of a structured value (RFC 6350 section 3.4), each without its escapes."""
    found, held, escape = [], "", False
    for char in value:
        if char == ";" and not escape:
            found.append(unescaped(held))
            held = ""
            continue
        held += char
        escape = char == "\\" and not escape
    return [*found, unescaped(held)]


def read(data: bytes, charset: str = "") -> Iterator[Line]:
    """The lines of a file, unfolded, as far as the limits go."""
    for text in _unfolded(decode(data[:MAX_SIZE], charset or None, guess=True)):
        line = _line(text)
        if line is not None:
            yield line


def _unfolded(text: str) -> Iterator[str]:
    held: list[str] = []
    lines = _ENDS.split(text.removeprefix("\ufeff"), maxsplit=MAX_LINES)
    for line in lines[:MAX_LINES]:
        if not line:
            # Some programs leave one within a line that goes on.
            continue
        if line[:1] in (" ", "\t"):
            held.append(line[1:])
        elif held and held[-1].endswith("=") and "QUOTED-PRINTABLE" in held[0][:200].upper():
            # A soft line end of vCard 2.1.
            held.append("\n" + line)
        else:
            if held:
                yield "".join(held)
            held = [line]
    if held:
        yield "".join(held)


def _line(text: str) -> Line | None:
    name = _NAME.match(text)
    if name is None:
        return None
    at, params = name.end(), dict[str, str]()
    while len(params) < MAX_PARAMS and (found := _PARAM.match(text, at)):
        at = found.end()
        key, value = found[1].upper(), found[2]
        if value is None:
            # vCard 2.1 writes the bare value of TYPE or ENCODING.
            value = key
            key = "ENCODING" if key in ("QUOTED-PRINTABLE", "BASE64") else "TYPE"
        said = _CARET.sub(lambda one: _CARETS[one[1]], value.replace('"', ""))
        params[key] = f"{params[key]},{said}" if key in params else said
    if text[at : at + 1] != ":":
        return None
    value = text[at + 1 :]
    if params.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
        raw = quopri.decodestring(value.encode("utf-8", "replace"))
        value = decode(raw, params.get("CHARSET"))
    return Line(name[1].upper(), value, params)
