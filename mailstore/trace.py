"""Whom a message was delivered to, as the servers that took it in wrote down.

Anybody can write ``Delivered-To`` into a message. What tells the sender's lines from those of the
receiving servers is where they stand: every server that takes a message in puts its lines above
what it got (RFC 5321 section 4.4), and the first thing it puts there is ``Received``. So all that
stands above the topmost ``Received`` was added after the last hand-over, by whoever put the
message into the mailbox; no sender gets a line up there.

One hand-over may lie between: the mail server gives the message to the store by LMTP, and the
store adds a ``Received`` of its own. LMTP is not spoken between strangers (RFC 2033 section 5),
and the word is written by who receives, so such a line does not end what is believed. Any other
does, even one from 127.0.0.1: behind a proxy every stranger comes from there.
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from mailstore.headers import Headers
from mailstore.text import decode, one_line
from protocols.idn import to_ascii

# As they were written by the sender first, as they ended up last.
DELIVERED = (
    "x-original-to", "delivered-to", "envelope-to", "x-delivered-to", "original-recipient",
    "x-forwarded-to",
)  # fmt: skip
RESULTS = "authentication-results"
MAX_DELIVERED = 8
MAX_RESULTS = 4000
_WATCHED = frozenset((*DELIVERED, RESULTS))
_ADDRESS = re.compile(rb"<?([^\s@<>()\[\]\\,;:\"]{1,64})@([^\s@<>()\[\]\\,;:\"]{1,253})>?")
# Comments hold what the other side said of itself; the rest has a fixed order.
_COMMENT = re.compile(rb"\([^()]*\)")
_BY_LMTP = re.compile(
    rb"from +[\w.:\[\]-]+ +by +[\w.:\[\]-]+ +(?:via +[\w-]+ +)?with +(?:utf8)?lmtps?a?(?= |;|\Z)",
    re.I,
)
_LOOKED_AT = 2000


@dataclass(frozen=True, slots=True)
class Trace:
    """What the receiving servers said. ``results`` is their ``Authentication-Results``."""

    delivered_to: tuple[str, ...] = ()
    results: str = ""


def read(fields: Headers, names: AbstractSet[str]) -> Trace:
    """The trace of a message; empty where no server wrote any, or none can be told apart.

    `names` are those of its fields.
    """
    if names.isdisjoint(_WATCHED) or "received" not in names:
        # A message that no server took in has nobody to be believed.
        return Trace()
    found: dict[str, list[str]] = {}
    results, is_below = "", False
    for name, value in fields.fields:
        if name == "received":
            if is_below:
                break
            is_below = not _is_inside(value)
        elif name == RESULTS:
            # Some write it under their own ``Received``: whoever reads it looks at its server.
            results = results or one_line(decode(value[:MAX_RESULTS]), MAX_RESULTS)
        elif not is_below and name in _WATCHED and (address := _address(value)):
            found.setdefault(name, []).append(address)
    ordered = dict.fromkeys(one for name in DELIVERED for one in found.get(name, ()))
    return Trace(tuple(ordered)[:MAX_DELIVERED], results)


def _is_inside(received: bytes) -> bool:
    """Whether a hand-over was one from a mail server to its own store."""
    said = received[:_LOOKED_AT]
    if b"lmtp" not in said.lower():
        return False
    plain = said
    while (shorter := _COMMENT.sub(b" ", plain)) != plain:
        plain = shorter
    words = plain.lower().split()
    # With one "by" it is the receiver's, and so is what follows it.
    return _BY_LMTP.match(b" ".join(words)) is not None and words.count(b"by") == 1


@lru_cache(maxsize=1024)
def _address(value: bytes) -> str:
    """The one address of a line; empty for anything else, as what mailing lists write."""
    kind, semicolon, rest = value.partition(b";")
    if semicolon and kind.strip().lower() in (b"rfc822", b"utf-8"):
        value = rest.strip()
    match = _ADDRESS.fullmatch(value)
    if match is None:
        return ""
    local, domain = one_line(decode(match[1]), 64), one_line(decode(match[2]), 253)
    try:
        domain = to_ascii(domain).lower()
    except UnicodeError:
        return ""
    # qmail writes the domain it serves for somebody else before the name, with a hyphen.
    local = local.removeprefix(f"{domain}-") or local
    return f"{local}@{domain}" if domain else ""
