"""What a message says of the list it came by (RFC 2369, RFC 2919). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailstore import mime
from mailstore.headers import Headers
from mailstore.text import decode, one_line

_URL = re.compile(rb"<(https?://[!-;=?-~]{1,1000})>", re.I)
_NAME = re.compile(r"\s*\"?([^<\"]{1,100}?)\"?\s*<")


@dataclass(frozen=True, slots=True)
class MailingList:
    """A list: what it is called, where one writes to it, and its pages; each may be empty."""

    name: str
    post: str = ""
    archive: str = ""
    help: str = ""


def read(fields: Headers) -> MailingList | None:
    """The list a message came by; None for one that came by none."""
    address = mime.list_address(fields)
    if not address:
        return None
    called = _NAME.match(one_line(fields.text("list-id"), 400))
    post = address if fields.raw("list-post") and "@" in address else ""
    return MailingList(
        called[1] if called and called[1].strip() else address,
        post,
        _page(fields, "list-archive"),
        _page(fields, "list-help"),
    )


def _page(fields: Headers, name: str) -> str:
    found = _URL.search(fields.raw(name))
    return one_line(decode(found[1]), 1000) if found else ""
