"""By which words a message is found: derived from its bytes, never raising. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mailstore import headers, mime, structure
from mailstore.file_kinds import kind_of
from mailstore.headers import Headers
from mailstore.mime import Part
from mailstore.text import decode

#: What marks mail of a list or a newsletter (RFC 2919, RFC 2369).
LISTED: Final = frozenset(("list-id", "list-unsubscribe", "list-post"))


@dataclass(frozen=True, slots=True)
class IndexText:
    """What a message says, by where it says so. `kind` names what is attached, see file_kinds;
    "list" among them is mail of a list or a newsletter."""

    sender: str = ""
    to: str = ""
    cc: str = ""
    subject: str = ""
    body: str = ""
    files: str = ""
    list: str = ""
    kind: str = ""
    parts: tuple[Part, ...] = ()


def index_text(raw: bytes) -> IndexText:
    """What the search index holds of a message."""
    fields = headers.parse(raw)
    tree = structure.parse(raw)
    found = structure.bodies(tree)
    text, _ = mime.plain(tree, found.text or found.html, raw)
    listed = not LISTED.isdisjoint(fields.names)
    parts = tuple(mime.part_of(node) for node in found.attachments)
    # A logo in a signature is no picture that came along.
    kinds = {kind_of(one.content_type, one.filename) for one in parts if not one.inline}
    return IndexText(
        sender=_written(fields, "from", "sender", "reply-to"),
        to=_written(fields, "to", "bcc", "resent-to"),
        cc=_written(fields, "cc", "resent-cc"),
        subject=mime.subject(fields),
        body=text,
        files="\n".join(node.filename for node in found.attachments),
        list=decode(fields.raw("list-id")) + "\n" + mime.list_address(fields),
        kind=" ".join(sorted(kinds | ({"list"} if listed else set()))),
        parts=parts,
    )


def _written(fields: Headers, *names: str) -> str:
    people = (one for name in names for one in mime.people(fields, name))
    return "\n".join(f"{one.name} {one.address}" for one in people)
