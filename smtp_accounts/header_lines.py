"""Header fields of a message being written, folded and encoded: RFC 5322, 2047, 2231, 6532.

The standard library's folding is not used: it loses the quotes around a long name with a comma
and folds inside message ids. Here a value is either carried exactly or refused, and every line
has at most 78 characters where its words allow it and never more than 998.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from protocols.quoting import quoted
from smtp_accounts.addresses import Mailbox

WIDTH = 78
MAX_LINE = 998

# C0 without the tab, DEL, C1, line and paragraph separators, halves of surrogate pairs.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@[A-Za-z0-9.-]{1,253}")
_TOKEN = re.compile(r"[A-Za-z0-9!#$&+.^_`{|}~-]+")
# What may stand for itself in an encoded word within a phrase (RFC 2047 section 5, rule 3).
_PLAIN_IN_Q = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
# Where a line may be folded without changing what it says.
_SPACE = re.compile(r"(?<=\S) (?=\S)")
# Quoted, these are read alike by every parser; quotes and semicolons are not.
_QUOTABLE = re.compile(r"[A-Za-z0-9 !#$&'()+,./=@^_`{}~-]+")
_SECTION = 60


class Unsafe(ValueError):
    """A value that may not stand in a header. `field` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} carries a control character")
        self.field = field


def safe(field: str, value: str) -> str:
    """The value itself. Raises `Unsafe`."""
    if _CONTROL.search(value):
        raise Unsafe(field)
    return value


def message_ids(text: str) -> tuple[str, ...]:
    """The message ids in a header, in order; anything else in it is left out."""
    return tuple(_MESSAGE_ID.findall(text[:65_536]))


def text(name: str, value: str) -> str:
    """A field of free text, such as Subject. Raises `Unsafe`."""
    value = safe(name, value).strip()
    plain = value.isascii() and "=?" not in value
    tokens = _SPACE.split(value) if plain else _encoded(name, value)
    if any(len(token) > MAX_LINE - len(name) - 2 for token in tokens):
        tokens = _encoded(name, value)
    return _folded(name, tokens)


def mailboxes(name: str, people: Sequence[Mailbox]) -> str:
    """A field of addresses. Addresses with other than ASCII letters stay as they are (RFC 6532).

    Raises `Unsafe`.
    """
    tokens: list[str] = []
    for place, person in enumerate(people, 1):
        address = safe(name, person.address)
        if not _ADDRESS.fullmatch(address):
            raise Unsafe(name)
        address = quoted(address)
        phrase = _phrase(name, safe(name, person.name).strip())
        end = "," if place < len(people) else ""
        tokens += [*phrase, f"<{address}>{end}"] if phrase else [f"{address}{end}"]
    return _folded(name, tokens)


def ids(name: str, values: Iterable[str]) -> str:
    """A field of message ids, one a line. Raises `Unsafe` for anything that is none."""
    values = list(values)
    if not all(map(_MESSAGE_ID.fullmatch, values)):
        raise Unsafe(name)
    return f"{name}: " + "\r\n ".join(values)


def parameters(name: str, value: str, given: dict[str, str]) -> str:
    """A field with parameters, such as Content-Disposition; long or odd ones as in RFC 2231.

    Raises `Unsafe`.
    """
    pieces = [piece for key, said in given.items() for piece in _parameter(key, safe(name, said))]
    return _folded(name, [f"{one};" for one in (value, *pieces)])[:-1]


def _folded(name: str, tokens: Sequence[str]) -> str:
    """The field with its tokens joined by one space each, or by a line end and a space."""
    lines = [f"{name}:"]
    for token in tokens:
        if len(lines[-1]) + 1 + len(token) > WIDTH and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {token}"
    return "\r\n".join(lines)


def _phrase(field: str, name: str) -> list[str]:
    """A display name as tokens: words, one quoted string, or encoded words."""
    if not name:
        return []
    if name.isascii() and "=?" not in name:
        if _ATOMS.fullmatch(name):
            return name.split(" ")
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        words = _SPACE.split(f'"{escaped}"')
        if all(len(word) <= WIDTH for word in words):
            return words
    return _encoded(field, name)


def _encoded(field: str, value: str) -> list[str]:
    """Encoded words (RFC 2047), each with whole characters and short enough for the first line."""
    if not value:
        return []
    room = WIDTH - 2 - len(field) - 2 - len("=?utf-8?q??=")
    mostly_plain = sum(byte in _PLAIN_IN_Q for byte in value.encode()) * 2 > len(value.encode())
    encode = _q if mostly_plain else _b
    kind = "q" if mostly_plain else "b"
    words, held = [], ""
    for char in value:
        if held and len(encode(held + char)) > room:
            words.append(held)
            held = ""
        held += char
    return [f"=?utf-8?{kind}?{encode(word)}?=" for word in (*words, held)]


def _q(value: str) -> str:
    return "".join(
        chr(byte) if byte in _PLAIN_IN_Q else "_" if byte == 0x20 else f"={byte:02X}"
        for byte in value.encode()
    )


def _b(value: str) -> str:
    return b64encode(value.encode()).decode("ascii")


def _parameter(key: str, value: str) -> list[str]:
    if value.isascii() and len(value) <= _SECTION:
        if _TOKEN.fullmatch(value):
            return [f"{key}={value}"]
        if _QUOTABLE.fullmatch(value):
            return [f'{key}="{value}"']
    sections = _sections(value)
    if len(sections) == 1:
        return [f"{key}*=utf-8''{sections[0]}"]
    sections[0] = f"utf-8''{sections[0]}"
    return [f"{key}*{number}*={section}" for number, section in enumerate(sections)]


def _sections(value: str) -> list[str]:
    """The value percent-encoded, in pieces of about `_SECTION`; none ends within a character."""
    sections = [""]
    for char in value:
        coded = quote(char, safe="!#$&+-.^_`|~")
        if len(sections[-1]) + len(coded) > _SECTION:
            sections.append("")
        sections[-1] += coded
    return sections
