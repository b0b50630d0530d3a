"""What a message says: the summary its row keeps and the full content its page shows.

Both are derived from the raw bytes and never raise: a message that makes no sense is shown as
the text it is. Limits: `headers`, `structure` and the figures below.
"""

from dataclasses import dataclass
from datetime import datetime

from mailstore import addresses, headers, html_text, structure
from mailstore.addresses import Address
from mailstore.headers import Headers
from mailstore.structure import Node, Tree
from mailstore.text import decode, one_line, tidy

SNIPPET = 240
MAX_TEXT = 2 * 1024 * 1024
MAX_HTML = 2 * 1024 * 1024
# Enough of a body to find 240 characters behind a mailing's style sheet.
_SNIPPET_BYTES = 64 * 1024
_SIGNATURES = (
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
)


@dataclass(frozen=True, slots=True)
class Summary:
    """The derived fields of a message row, cut to the size of their columns."""

    message_id: str = ""
    in_reply_to: str = ""
    references: str = ""
    from_name: str = ""
    from_address: str = ""
    to_text: str = ""
    subject: str = ""
    snippet: str = ""
    sent_at: datetime | None = None
    received_at: datetime | None = None
    has_attachments: bool = False
    # What the server before us decided (X-Spam-Flag), if anything.
    says_spam: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """An attachment. `size` is an estimate in bytes until it is decoded."""

    index: int
    filename: str
    content_type: str
    size: int
    content_id: str
    inline: bool


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A message ready to be shown. `html` is as the sender wrote it: sanitise before use.

    `defects` names what could not be shown: size, structure, parser, parts, text or html.
    """

    headers: Headers
    subject: str
    sender: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    sent_at: datetime | None
    text: str
    html: str
    attachments: tuple[Part, ...]
    defects: tuple[str, ...]


def summary(raw: bytes) -> Summary:
    """The derived fields of a message, or of the beginning of a large one."""
    fields = headers.parse(raw)
    sender = _people(fields, "from")[:1]
    tree = structure.parse(raw)
    found = structure.bodies(tree)
    return Summary(
        message_id=one_line(fields.text("message-id"), 998),
        in_reply_to=one_line(fields.text("in-reply-to"), 998),
        references=one_line(fields.text("references"), 10_000),
        from_name=sender[0].name if sender else "",
        from_address=sender[0].address if sender else "",
        to_text=_listed(fields),
        subject=subject(fields),
        snippet=_snippet(tree, found, raw),
        sent_at=headers.date(fields.raw("date")),
        received_at=headers.date(fields.raw("received").rpartition(b";")[2]),
        has_attachments=any(not _is_inline(node) for node in found.attachments),
        says_spam=fields.raw("x-spam-flag").strip().lower() == b"yes",
    )


def subject(fields: Headers) -> str:
    """The subject, on one line."""
    return one_line(fields.text("subject"), 1000)


def _listed(fields: Headers) -> str:
    people = [*_people(fields, "to"), *_people(fields, "cc")]
    return ", ".join(one.shown for one in people[:20])


def _snippet(tree: Tree, found: structure.Bodies, raw: bytes) -> str:
    for node in [*found.text, *found.html]:
        is_html = node.content_type == "text/html"
        limit = _SNIPPET_BYTES if is_html else 20 * SNIPPET
        text = structure.text(tree, node, raw, limit, guess=False)
        if is_html:
            text = html_text.words(text)
        line = one_line(text[: 20 * SNIPPET].lstrip(), SNIPPET)
        if line:
            return line
    return ""


def _is_inline(node: Node) -> bool:
    if node.content_type in _SIGNATURES:
        return True
    return (
        bool(node.content_id) and not node.is_attachment and node.content_type.startswith("image/")
    )


def parse(raw: bytes) -> ParsedMail:
    """The whole message for its page."""
    fields = headers.parse(raw)
    tree = structure.parse(raw)
    found = structure.bodies(tree)
    text, cut_text = _text(tree, found.text, raw)
    html, cut_html = _html(tree, found.html, raw)
    defects = [*tree.defects]
    defects += ["headers"] if fields.truncated else []
    defects += ["text"] if cut_text else []
    defects += ["html"] if cut_html else []
    return ParsedMail(
        headers=fields,
        subject=subject(fields),
        sender=_people(fields, "from"),
        to=_people(fields, "to"),
        cc=_people(fields, "cc"),
        reply_to=_people(fields, "reply-to"),
        sent_at=headers.date(fields.raw("date")),
        text=text,
        html=html,
        attachments=tuple(_part(node) for node in found.attachments),
        defects=tuple(defects),
    )


def _people(fields: Headers, name: str) -> tuple[Address, ...]:
    people = [one for raw in fields.all(name) for one in addresses.parse(raw, fields.charset)]
    return tuple(people[: addresses.MAX_ADDRESSES])


def _text(tree: Tree, nodes: list[Node], raw: bytes) -> tuple[str, bool]:
    pieces: list[str] = []
    room = MAX_TEXT
    for node in nodes:
        text = structure.text(tree, node, raw, room + 1)
        if node.content_type == "text/html":
            text = html_text.words(text).strip()
        pieces.append(tidy(text))
        room -= len(text)
        if room < 0:
            return "\n".join(pieces)[:MAX_TEXT], True
    return "\n".join(pieces), False


def _html(tree: Tree, nodes: list[Node], raw: bytes) -> tuple[str, bool]:
    """All shown parts as one HTML text, or nothing if none of them is HTML."""
    if not any(node.content_type == "text/html" for node in nodes):
        return "", False
    pieces: list[str] = []
    room = MAX_HTML
    for node in nodes:
        text = tidy(structure.text(tree, node, raw, room + 1))
        if node.content_type != "text/html":
            escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            text = f"<pre>{escaped}</pre>"
        room -= len(text)
        if room < 0:
            # Half an HTML text is shown as no HTML at all; the plain text and the original remain.
            return "", True
        pieces.append(text)
    return "\n".join(pieces), False


def _part(node: Node) -> Part:
    return Part(
        index=node.index,
        filename=node.filename,
        content_type=node.content_type,
        size=node.size,
        content_id=node.content_id,
        inline=_is_inline(node),
    )


def part_bytes(raw: bytes, index: int) -> bytes:
    """The decoded bytes of part `index` of a message. Raises IndexError where there is none."""
    tree = structure.parse(raw)
    if not 0 <= index < len(tree.leaves):
        raise IndexError(index)
    return structure.content(tree, tree.leaves[index], raw)


def source_text(raw: bytes, limit: int = MAX_TEXT) -> str:
    """The message as it is, for the source view: decoded, controls taken out, cut at `limit`."""
    return tidy(decode(raw[:limit]))


@dataclass(frozen=True, slots=True)
class IndexText:
    """The words by which a message is found."""

    sender: str = ""
    recipients: str = ""
    subject: str = ""
    body: str = ""
    files: str = ""


def index_text(raw: bytes) -> IndexText:
    """What the search index holds of a message: people, subject, body, names of files."""
    fields = headers.parse(raw)
    tree = structure.parse(raw)
    found = structure.bodies(tree)
    text, _ = _text(tree, found.text or found.html, raw)
    people = [_written(fields, name) for name in ("to", "cc", "bcc")]
    return IndexText(
        sender=_written(fields, "from"),
        recipients="\n".join(people),
        subject=subject(fields),
        body=text,
        files="\n".join(node.filename for node in found.attachments),
    )


def _written(fields: Headers, name: str) -> str:
    return "\n".join(f"{one.name} {one.address}" for one in _people(fields, name))
