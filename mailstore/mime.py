"""What a message says: the summary its row keeps and the full content its page shows.

Both are derived from the raw bytes and never raise: a message that makes no sense is shown as
the text it is. Limits: `headers`, `structure` and the figures below.
"""

import re
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from mailstore import addresses, headers, html_text, structure, trace
from mailstore.addresses import Address
from mailstore.headers import Headers
from mailstore.structure import Node, Tree
from mailstore.text import decode, one_line, tidy

SNIPPET = 240
MAX_TEXT = 2 * 1024 * 1024
MAX_HTML = 2 * 1024 * 1024
# Enough of a body to find 240 characters behind a mailing's style sheet.
_SNIPPET_BYTES = 64 * 1024
# Of To and of Cc, for finding out whom a message came for.
MAX_PEOPLE = 200
# Where else one may stand whom a message is for.
OTHERS = frozenset(("resent-to", "resent-cc", "bcc", "apparently-to"))
_LISTED = frozenset(("list-post", "list-id"))
_LIST_POST = re.compile(rb"<mailto:([^?<>\s]{1,320})", re.I)
_LIST_ID = re.compile(rb"<([^<>\s]{1,255})>")
_REPORT_TYPE = re.compile(rb"report-type[ \t]*=[ \t]*\"?([a-z-]{1,40})")
_REPORTS = {b"delivery-status": "dsn", b"disposition-notification": "mdn"}
_TO_MANY = frozenset(("list-id", "list-unsubscribe", "list-post", "feedback-id"))
_PRECEDENCES = (b"bulk", b"list", b"junk")
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
    to_addresses: tuple[str, ...] = ()
    cc_addresses: tuple[str, ...] = ()
    # The names beside them.
    to_names: tuple[str, ...] = ()
    cc_names: tuple[str, ...] = ()
    # Of Resent-To, Resent-Cc, Bcc and the like.
    other_addresses: tuple[str, ...] = ()
    # Whom its servers say it came for; only what stands above the trusted hop: `trace`.
    delivered_to: tuple[str, ...] = ()
    authentication_results: str = ""
    # Where one writes to the list (RFC 2369), else what names it (RFC 2919).
    list_address: str = ""
    # A report about a message sent earlier: "dsn" (RFC 3464) or "mdn" (RFC 8098).
    report_type: str = ""
    # Written to many, or by no person (RFC 3834).
    is_bulk: bool = False


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
    sender, to, cc = (people(fields, name) for name in ("from", "to", "cc"))
    names = fields.names
    traced = trace.read(fields, names)
    tree = structure.parse(raw)
    found = structure.bodies(tree)
    return Summary(
        message_id=one_line(fields.text("message-id"), 998),
        in_reply_to=one_line(fields.text("in-reply-to"), 998),
        references=one_line(fields.text("references"), 10_000),
        from_name=sender[0].name if sender else "",
        from_address=sender[0].address if sender else "",
        to_text=", ".join(one.shown for one in (*to, *cc)[:20]),
        subject=subject(fields),
        snippet=_snippet(tree, found, raw),
        sent_at=headers.date(fields.raw("date")),
        received_at=headers.date(fields.raw("received").rpartition(b";")[2]),
        has_attachments=any(not _is_inline(node) for node in found.attachments),
        says_spam=fields.raw("x-spam-flag").strip().lower() == b"yes",
        to_addresses=_addresses(to),
        cc_addresses=_addresses(cc),
        to_names=_names(to),
        cc_names=_names(cc),
        other_addresses=addresses_of(fields, OTHERS & names),
        delivered_to=traced.delivered_to,
        authentication_results=traced.results,
        list_address=list_address(fields) if names & _LISTED else "",
        report_type=_report_type(fields),
        is_bulk=_is_bulk(fields, names),
    )


def subject(fields: Headers) -> str:
    """The subject, on one line."""
    return one_line(fields.text("subject"), 1000)


def _addresses(found: tuple[Address, ...]) -> tuple[str, ...]:
    return tuple(one.address for one in found[:MAX_PEOPLE] if one.address)


def _names(found: tuple[Address, ...]) -> tuple[str, ...]:
    return tuple(one.name for one in found[:MAX_PEOPLE] if one.name)


def addresses_of(fields: Headers, names: Iterable[str]) -> tuple[str, ...]:
    """The addresses of some fields, in the order of their names."""
    return tuple(one for name in sorted(names) for one in _addresses(people(fields, name)))


def list_address(fields: Headers) -> str:
    """Where one writes to the list a message came by (RFC 2369), else the list's id (RFC 2919).

    Empty for mail that came by none, or by one that nobody may write to.
    """
    post = _LIST_POST.search(fields.raw("list-post"))
    named = post or _LIST_ID.search(fields.raw("list-id"))
    return one_line(decode(named[1]), addresses.ADDRESS) if named else ""


def _report_type(fields: Headers) -> str:
    said = fields.raw("content-type").lower()
    if not said.startswith(b"multipart/report"):
        return ""
    found = _REPORT_TYPE.search(said)
    return _REPORTS.get(found[1], "") if found else ""


def _is_bulk(fields: Headers, names: AbstractSet[str]) -> bool:
    if not names.isdisjoint(_TO_MANY):
        return True
    said = fields.raw("auto-submitted").lower() or b"no"
    return not said.startswith(b"no") or fields.raw("precedence").lower() in _PRECEDENCES


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
    text, cut_text = plain(tree, found.text, raw)
    html, cut_html = _html(tree, found.html, raw)
    defects = [*tree.defects]
    defects += ["headers"] if fields.truncated else []
    defects += ["text"] if cut_text else []
    defects += ["html"] if cut_html else []
    return ParsedMail(
        headers=fields,
        subject=subject(fields),
        sender=people(fields, "from"),
        to=people(fields, "to"),
        cc=people(fields, "cc"),
        reply_to=people(fields, "reply-to"),
        sent_at=headers.date(fields.raw("date")),
        text=text,
        html=html,
        attachments=tuple(part_of(node) for node in found.attachments),
        defects=tuple(defects),
    )


def people(fields: Headers, name: str) -> tuple[Address, ...]:
    """The mailboxes of a field, however often it is there."""
    found = [one for raw in fields.all(name) for one in addresses.parse(raw, fields.charset)]
    return tuple(found[: addresses.MAX_ADDRESSES])


def plain(tree: Tree, nodes: list[Node], raw: bytes) -> tuple[str, bool]:
    """The words of some parts as one text, and whether it was cut."""
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


def part_of(node: Node) -> Part:
    """A leaf as an attachment."""
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
    return part(raw, index)[1]


def part(raw: bytes, index: int) -> tuple[Part, bytes]:
    """What is said of part `index` of a message, and its decoded bytes. Raises IndexError."""
    return taken_apart(raw)(index)


def taken_apart(raw: bytes) -> Callable[[int], tuple[Part, bytes]]:
    """`part` for several parts of one message, which is read once."""
    tree = structure.parse(raw)

    def part(index: int) -> tuple[Part, bytes]:
        if not 0 <= index < len(tree.leaves):
            raise IndexError(index)
        node = tree.leaves[index]
        return part_of(node), structure.content(tree, node, raw)

    return part


def source_text(raw: bytes, limit: int = MAX_TEXT) -> str:
    """The message as it is, for the source view: decoded, controls taken out, cut at `limit`."""
    return tidy(decode(raw[:limit]))
