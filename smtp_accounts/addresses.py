"""Recipient fields as people type them: taken apart, judged entry by entry, never guessed at.

The grammar is the part of RFC 5322 section 3.4 that people write: ``Name <a@b>`` and ``a@b``,
separated by commas, semicolons or line ends. Groups and comments are refused. Dots may stand
where RFC 5321 section 4.1.2 wants quotes around them, as people have such addresses; the quotes
come when one is sent (`protocols.quoting`). The standard library's parser is not asked: it
accepts nonsense and takes seconds over a field of quotes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from protocols.idn import to_ascii

MAX_FIELD = 65_536
MAX_RECIPIENTS = 500

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_LOCAL = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One recipient. ``address`` has its domain in lower-case A-label form (RFC 5891)."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    def __str__(self) -> str:
        if not self.name:
            return self.address
        quoted = self.name.replace("\\", "\\\\").replace('"', '\\"')
        name = self.name if re.fullmatch(r"[\w .'-]+", self.name) else f'"{quoted}"'
        return f"{name} <{self.address}>"


@dataclass(frozen=True, slots=True)
class Field:
    """A field taken apart: what is good, and the entries that are no address, as typed."""

    mailboxes: tuple[Mailbox, ...]
    wrong: tuple[str, ...]


def parse(text: str) -> Field:
    """Take a recipient field apart. Never raises; a field over the cap is one wrong entry."""
    if len(text) > MAX_FIELD:
        return Field((), (text[:60] + "…",))
    good: list[Mailbox] = []
    wrong: list[str] = []
    for entry in _entries(text):
        mailbox = parse_one(entry)
        if mailbox is None:
            wrong.append(entry[:200])
        else:
            good.append(mailbox)
    return Field(tuple(good), tuple(wrong))


def parse_one(entry: str) -> Mailbox | None:
    """One ``Name <a@b>`` or ``a@b``; None when it is neither."""
    entry = entry.strip()
    if _CONTROL.search(entry) or "\r" in entry or "\n" in entry:
        return None
    name, bracket, rest = entry.rpartition("<")
    if bracket:
        if not rest.endswith(">"):
            return None
        address = normal(rest[:-1])
    else:
        name, address = "", normal(entry)
    return Mailbox(_unquoted(name), address) if address else None


def normal(address: str) -> str:
    """The address with its domain in lower-case A-label form; empty when it is no address."""
    local, _at, domain = address.strip().rpartition("@")
    local = _without_quotes(local)
    if not _LOCAL.fullmatch(local) or not local.strip("."):
        return ""
    host = _ascii_domain(domain)
    return f"{local}@{host}" if host else ""


def same(one: str, other: str) -> bool:
    """Whether two addresses reach the same mailbox as far as anybody outside can tell.

    Case in the local part is the receiving server's business (RFC 5321 section 2.4), but no
    server in use tells people apart by it.
    """
    return key(one) == key(other)


def key(address: str) -> str:
    """What addresses are compared by: case folded, the domain in A-labels (RFC 5890).

    Never raises; what is no address is only folded.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at:
        return domain.casefold()
    local = _without_quotes(local)
    if not local.isascii():
        local = unicodedata.normalize("NFC", local)
    try:
        host = domain if domain.isascii() else to_ascii(domain)
    except UnicodeError:
        host = domain
    return f"{local.casefold()}@{host.rstrip('.').casefold()}"


def text(mailboxes: Iterable[Mailbox]) -> str:
    """A recipient field of these mailboxes, as a person would type it."""
    return ", ".join(map(str, mailboxes))


def _without_quotes(local: str) -> str:
    """A local part as it is kept: without the quotes it is written in, where it is clear so."""
    bare = local[1:-1]
    return bare if local == f'"{bare}"' and _LOCAL.fullmatch(bare) else local


def _ascii_domain(domain: str) -> str:
    try:
        host = to_ascii(domain.rstrip(".")).lower()
    except UnicodeError:
        return ""
    labels = host.split(".")
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        return ""
    # A bare word is a slip of the keyboard, not a host; all digits at the end is an IP address.
    return "" if len(labels) < 2 or labels[-1].isdigit() else host


def _unquoted(name: str) -> str:
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return " ".join(name.split())[:200]


def _entries(text: str) -> list[str]:
    """Split at commas, semicolons and line ends outside quotes and angle brackets."""
    entries: list[str] = []
    start, quoted, angle, escaped = 0, False, False, False
    for at, char in enumerate(text):
        if escaped and char not in "\r\n":
            escaped = False
        elif char == "\\" and quoted:
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char in "<>" and not quoted:
            angle = char == "<"
        elif char in "\r\n" or (char in ",;" and not quoted and not angle):
            # A line end closes an open quote too: one missing mark must not eat the whole field.
            entries.append(text[start:at])
            start, quoted, angle, escaped = at + 1, False, False, False
    entries.append(text[start:])
    return [entry.strip() for entry in entries if entry.strip()]
