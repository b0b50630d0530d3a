"""How to leave the list a message came by (RFC 2369 section 3.2, RFC 8058). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from mailstore.addresses import ADDRESS
from mailstore.headers import Headers
from mailstore.text import decode, one_line

MAX_URL = 2000
MOST = 5
_ENTRY = re.compile(rb"<([^<>]{1,2000})>")
_BLANKS = re.compile(rb"\s+")
_LIST_ID = re.compile(rb"<([^<>\s]{1,255})>")
_ADDRESS = re.compile(r"[^\s@<>\",;:()]{1,64}@[A-Za-z0-9.-]{1,253}")
_SAFE = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Leaving:
    """The ways to leave a list. ``one_click``: its server takes a POST without asking back.

    ``name`` tells the list from others: its id, else the sender's address.
    """

    name: str
    url: str = ""
    address: str = ""
    subject: str = ""
    one_click: bool = False

    @property
    def host(self) -> str:
        """The host that the address of the page names."""
        return urlsplit(self.url).hostname or ""


def read(fields: Headers, sender: str, *, is_covered: bool) -> Leaving | None:
    """How to leave; None where the message does not say. `is_covered`: a signature that holds
    covers both fields, so that nobody else wrote them (RFC 8058 section 4)."""
    lines = fields.all("list-unsubscribe")
    if len(lines) != 1:
        return None
    named = _LIST_ID.search(fields.raw("list-id"))
    name = one_line(decode(named[1]), 255).lower() if named else sender.lower()[:255]
    url = address = subject = ""
    for entry in [_BLANKS.sub(b"", one) for one in _ENTRY.findall(lines[0])[:MOST]]:
        text = decode(entry)
        if text.lower().startswith("https://") and not url:
            url = text if _is_plain(text) else ""
        elif text.lower().startswith("mailto:") and not address:
            address, subject = _mailto(text[7:])
    if not name or not (url or address):
        return None
    posts = fields.all("list-unsubscribe-post")
    is_post = len(posts) == 1 and posts[0].strip().lower() == b"list-unsubscribe=one-click"
    return Leaving(name, url, address, subject, bool(url) and is_post and is_covered)


def _is_plain(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and "@" not in parts.netloc and bool(_SAFE.fullmatch(url))
    except ValueError:
        return False


def _mailto(rest: str) -> tuple[str, str]:
    """The one address of a mailto address, and its subject (RFC 6068)."""
    to, _mark, query = rest.partition("?")
    address = unquote(to)
    if len(address) > ADDRESS or not _ADDRESS.fullmatch(address):
        return "", ""
    said = {key.lower(): value for key, value in parse_qs(query, max_num_fields=10).items()}
    return address, one_line(said.get("subject", [""])[0], 200)
