"""Address fields (RFC 5322 section 3.4): one pass, tolerant, structure before decoding.

Encoded words are decoded only after the addresses were told apart, so that a decoded name cannot
smuggle an address in.
"""

import re
import unicodedata
from dataclasses import dataclass

from mailstore.headers import words
from mailstore.text import decode, one_line
from protocols.idn import to_ascii

MAX_ADDRESSES = 1000
NAME = 320
ADDRESS = 320
# What may stand around an address that somebody wrote into a name.
_BETWEEN = re.compile(r"[\s<>()\[\]\"',;:]+")
# A mailbox up to its comma as most are written: no byte is looked at twice.
_ENTRY = re.compile(
    rb'(?:[ \t]*+"([^"\\]*+)"[ \t]*+|([^"\\()<>,;:]*+))(?:<([^"\\()<>,;:]*+)>[ \t]*+)?(?:,|\Z)'
)
# A run of ordinary bytes, an escaped byte, or one special byte.
_TOKEN = re.compile(rb'[^"\\()<>,;:]+|\\.|.', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox. Either half may be empty; both are fit for display."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name and self.address else self.shown

    @property
    def shown(self) -> str:
        """What stands in a list: the name, else the address."""
        return self.name or self.address

    @property
    def poses(self) -> bool:
        """Whether the name holds an address that is not this one, in any width of letters."""
        name = unicodedata.normalize("NFKC", self.name).casefold()
        words = _BETWEEN.split(name)
        return any("@" in word and word != self.address.casefold() for word in words)


class _Reader:
    """Takes a field token by token; each state knows what its special characters mean."""

    def __init__(self, charset: str) -> None:
        self.charset = charset
        self.found: list[Address] = []
        self.depth = 0
        self.state = self._outside
        self._clear()

    def _clear(self) -> None:
        self.plain = bytearray()
        self.comment = bytearray()
        self.angle: bytearray | None = None

    def _outside(self, token: bytes) -> None:
        if token == b'"':
            self.state = self._quoted
        elif token == b"(":
            self.depth, self.state = 1, self._commented
        elif token == b"<":
            self.angle, self.state = bytearray(), self._angled
        elif token in (b",", b";"):
            self.finish()
        elif token == b":" and b"@" not in self.plain:
            # The name of a group ends here; its members follow.
            self._clear()
        else:
            self.plain += token

    def _quoted(self, token: bytes) -> None:
        if token == b'"':
            self.state = self._outside
        else:
            self.plain += _unescaped(token)

    def _commented(self, token: bytes) -> None:
        self.depth += (token == b"(") - (token == b")")
        if self.depth == 0:
            self.state = self._outside
        else:
            self.comment += _unescaped(token)

    def _angled(self, token: bytes) -> None:
        if token == b">":
            self.state = self._outside
        elif self.angle is not None:
            self.angle += token

    def finish(self) -> None:
        """End the mailbox that was being read."""
        plain, comment = bytes(self.plain).strip(), bytes(self.comment).strip()
        if self.angle is not None:
            name, address = plain or comment, bytes(self.angle)
        elif b"@" in plain:
            name, address = comment, plain
        else:
            name, address = plain or comment, b""
        self._clear()
        # A route (RFC 5322 section 4.4) may precede the address.
        address = address.rpartition(b":")[2] if address.startswith(b"@") else address
        self.add(name, address)

    def add(self, name: bytes, address: bytes) -> None:
        """Note a mailbox, unless nothing is left of it that can be shown."""
        entry = Address(
            one_line(words(name, self.charset), NAME),
            _spelt_out("".join(one_line(decode(address), ADDRESS).split())),
        )
        if entry.name or entry.address:
            self.found.append(entry)


def _spelt_out(address: str) -> str:
    """The address with its domain in A-label form (RFC 5890): as letters of other alphabets can
    look like any name, what stands here is what the name is registered under."""
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}{at}{to_ascii(domain)}"
    except UnicodeError:
        return address


def _unescaped(token: bytes) -> bytes:
    return token[1:] if token.startswith(b"\\") else token


def parse(value: bytes, charset: str = "") -> list[Address]:
    """The mailboxes of a raw field value, groups flattened, at most MAX_ADDRESSES of them.

    `charset` is for names in raw 8-bit that are not UTF-8.
    """
    if (found := _common(value, charset)) is not None:
        return found
    reader = _Reader(charset)
    for token in _TOKEN.findall(value):
        reader.state(token)
        if len(reader.found) >= MAX_ADDRESSES:
            return reader.found
    reader.finish()
    return reader.found


def _common(value: bytes, charset: str) -> list[Address] | None:
    """The mailboxes of a field as most are written; None: this one needs a closer look."""
    reader = _Reader(charset)
    at = 0
    # Every entry but the last ends with its comma, so this goes on; an empty last one is none.
    while (at < len(value) or at == 0) and len(reader.found) < MAX_ADDRESSES:
        entry = _ENTRY.match(value, at)
        if entry is None or (entry[1] is not None and entry[3] is None):
            return None
        plain = (entry[1] or entry[2] or b"").strip()
        if entry[3] is not None:
            reader.add(plain, entry[3])
        elif b"@" in plain:
            reader.add(b"", plain)
        else:
            reader.add(plain, b"")
        at = entry.end() or 1
    return reader.found
