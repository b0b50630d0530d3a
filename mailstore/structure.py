"""The parts of a message (RFC 2045, 2046), and which of them are its text (RFC 8621, 4.1.4)."""

import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message as StdMessage
from itertools import pairwise

import fast_mail_parser as fast

from mailstore import headers
from mailstore.text import decode, one_line

MAX_DEPTH = 50
MAX_PARTS = 1000
# The parser refuses more; what is cut off is in the original, which can be downloaded.
MAX_PARSED = 99 * 1024 * 1024
# What the quick parser loses is looked for by the slow one in messages up to this size, in bytes,
# with so many containers: it compares each line with the boundaries of all that are open.
MAX_AGAIN = 2 * 1024 * 1024
MAX_CONTAINERS = 30
MAX_NAME = 255
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([^\s\"';]{1,60})", re.IGNORECASE)
_ENCODING = re.compile(r"[\s\"']*(base64|quoted-printable)\b", re.IGNORECASE)
_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]*)|([^\s;]*))", re.IGNORECASE)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)


@dataclass(slots=True)
class Node:
    """One part. `index` counts leaves from 0 in the order of the message; containers have -1.

    `size` is an estimate in bytes of what the part decodes to, good to two percent.
    """

    content_type: str
    filename: str
    content_id: str
    disposition: str
    charset: str
    size: int
    source: "fast.PyLazyMimePart | StdMessage[str, str] | bytes"
    # The transfer encoding, and once more where the parser passed it by for the way it is written.
    encoding: str = ""
    undone: str = ""
    boundary: str = ""
    children: "list[Node]" = field(default_factory=list)
    index: int = -1

    @property
    def is_multipart(self) -> bool:
        """True of containers."""
        return self.content_type.startswith("multipart/")

    @property
    def is_attachment(self) -> bool:
        """True where the sender said so."""
        return self.disposition == "attachment"


@dataclass(frozen=True, slots=True)
class Tree:
    """A message's parts; `defects` names what the limits or the parser took away."""

    root: Node
    leaves: tuple[Node, ...]
    defects: tuple[str, ...]


@dataclass(slots=True)
class Bodies:
    """Which leaves to show as plain text, which as HTML, and which to list."""

    text: list[Node] = field(default_factory=list)
    html: list[Node] = field(default_factory=list)
    attachments: list[Node] = field(default_factory=list)


def parse(raw: bytes) -> Tree:
    """The tree of a message. Never raises: what has no structure is one part of plain text."""
    # Some mailers and editors put blank lines or an mbox line before the header.
    start = headers.offset(raw)
    data = raw[start : start + MAX_PARSED] if start or len(raw) > MAX_PARSED else raw
    defects = [] if len(data) + start >= len(raw) else ["size"]
    try:
        root = _from_fast(fast.parse_email_tree(data, mode="lazy"), 0)
        if _is_confused(root) and _is_small(data):
            root = _standard(data)
        tree = _number(root, defects)
        # A multipart without parts would show nothing of what it holds.
        return tree if tree.leaves else _number(_broken(data), [*defects, "structure"])
    except fast.MimeStructureError:
        return _number(_broken(data), [*defects, "structure"])
    except fast.ParseError:
        return _number(_standard(data), [*defects, "parser"])


def _number(root: Node, defects: list[str]) -> Tree:
    leaves: list[Node] = []
    for node in _walk(root):
        if node.is_multipart:
            continue
        node.index = len(leaves)
        leaves.append(node)
        if len(leaves) >= MAX_PARTS:
            defects = [*defects, "parts"]
            break
    return Tree(root, tuple(leaves), tuple(defects))


def _is_confused(root: Node) -> bool:
    """Whether one boundary begins as another one is: the quick parser takes them for the same."""
    known = sorted({one.boundary for one in _walk(root) if one.boundary})
    return any(after.startswith(one) for one, after in pairwise(known))


def _walk(node: Node) -> Iterator[Node]:
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def _from_fast(part: "fast.PyLazyMimePart", depth: int) -> Node:
    fields = {name.lower(): values[0] for name, values in part.headers.items() if values}
    encoding = fields.get("content-transfer-encoding", "")
    node = Node(
        content_type=media_type(part.content_type, is_named=bool(part.filename)),
        filename=filename(part.filename),
        content_id=(part.content_id or "").strip("<> ")[:998],
        disposition=(part.disposition or "").strip().lower(),
        charset=_charset(fields.get("content-type", "")),
        size=_size(part.encoded_size or 0, encoding),
        source=part,
        encoding=encoding[:100].strip().lower(),
        undone=_undone(encoding),
    )
    if node.is_multipart:
        found = _BOUNDARY.search(fields.get("content-type", "")[:1000])
        node.boundary = (found[1] or found[2] or "") if found else ""
        if depth < MAX_DEPTH:
            node.children = [_from_fast(child, depth + 1) for child in part.children[:MAX_PARTS]]
        else:
            node.content_type = "application/octet-stream"
    return node


def _standard(data: bytes) -> Node:
    try:
        return _from_standard(message_from_bytes(data), 0)
    except Exception:  # noqa: BLE001 - the last resort must not fail; it has failed in many ways
        return _plain(data)


def _from_standard(part: "StdMessage[str, str]", depth: int) -> Node:
    payload = part.get_payload()
    node = Node(
        content_type=media_type(part.get_content_type()),
        filename=filename(part.get_filename("")),
        content_id=str(part.get("Content-ID", "")).strip("<> ")[:998],
        disposition=(part.get_content_disposition() or "").lower(),
        charset=_charset(str(part.get("Content-Type", ""))),
        size=_size(
            len(payload) if isinstance(payload, str) else 0,
            str(part.get("Content-Transfer-Encoding", "")),
        ),
        source=part,
    )
    if node.is_multipart and isinstance(payload, list) and depth < MAX_DEPTH:
        node.children = [
            _from_standard(child, depth + 1)
            for child in payload[:MAX_PARTS]
            if isinstance(child, StdMessage)
        ]
    elif node.is_multipart:
        node.content_type = "text/plain"
    return node


def _is_small(data: bytes) -> bool:
    """Whether the slow parser reads it in a moment."""
    if len(data) > MAX_AGAIN:
        return False
    lower = data.lower()
    return lower.count(b"multipart/") + lower.count(b"message/") <= MAX_CONTAINERS


def _broken(data: bytes) -> Node:
    """What has no structure for the quick parser: as the slow one sees it, or all as one text."""
    root = _standard(data) if _is_small(data) else _plain(data)
    return root if root.children else _plain(data)


def _plain(data: bytes) -> Node:
    body = data[headers.body_start(data) :]
    return Node("text/plain", "", "", "", "", len(body), body)


def _size(size: int, encoding: str) -> int:
    """About how many bytes an encoded part holds; base64 (RFC 2045, 6.8) writes 57 on 78."""
    return size * 57 // 78 if "base64" in encoding[:100].lower() else size


def _undone(encoding: str) -> str:
    """The encoding meant by a field with quotes, blanks, parameters or a comment around it."""
    found = _ENCODING.match(encoding)
    return found[1].lower() if found and found[1] != encoding else ""


def _charset(content_type: str) -> str:
    found = _CHARSET.search(content_type[:1000])
    return found[1] if found else ""


def media_type(value: str, *, is_named: bool = True) -> str:
    """A media type in lower case without parameters. Nonsense is application/octet-stream of
    files, and of the rest the text that it nearly always is (RFC 2045 section 5.2)."""
    found = _TYPE.match(value.strip().lower())
    return found[0] if found else "application/octet-stream" if is_named else "text/plain"


def filename(value: str) -> str:
    """A file name without folders, controls and deceiving marks, at most 255 bytes."""
    name = one_line(value.replace("\\", "/").rpartition("/")[2], 4 * MAX_NAME).lstrip(".")
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > 20:
        stem, dot, suffix = name, "", ""
    room = MAX_NAME - len((dot + suffix).encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + suffix


def content(tree: Tree, node: Node, raw: bytes) -> bytes:
    """The decoded bytes of a leaf; broken encodings give what can be read of them."""
    source = node.source
    if isinstance(source, bytes):
        return source
    if isinstance(source, StdMessage):
        return _standard_content(source)
    try:
        data = source.content or b""
        return _decoded(data, node.undone) if node.undone else data
    except fast.ParseError:
        again = _number(_standard(raw[headers.offset(raw) :][:MAX_PARSED]), [])
        # Two parsers agree on a mail's parts unless it is badly broken; then the name decides.
        if len(again.leaves) == len(tree.leaves):
            return content(again, again.leaves[node.index], raw)
        same = [leaf for leaf in again.leaves if leaf.filename == node.filename]
        return content(again, same[0], raw) if same else b""


def _decoded(data: bytes, encoding: str) -> bytes:
    if encoding == "quoted-printable":
        return quopri.decodestring(data)
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
    # A lone last letter holds less than a byte.
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


def _standard_content(part: "StdMessage[str, str]") -> bytes:
    inner = part.get_payload()
    encoding = _ENCODING.match(str(part.get("Content-Transfer-Encoding", "")))
    if isinstance(inner, str) and encoding and encoding[1].lower() == "base64":
        # The library gives broken base64 back undecoded.
        return _decoded(inner.encode("ascii", "replace"), "base64")
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload
    if isinstance(inner, list) and inner and isinstance(inner[0], StdMessage):
        return inner[0].as_bytes()
    return b""


def text(tree: Tree, node: Node, raw: bytes, limit: int, *, guess: bool = True) -> str:
    """The text of a leaf, at most `limit` bytes of it."""
    data = content(tree, node, raw)
    if (_is_rubbish(node, data) or _lacks_some(node, raw, data)) and _is_small(raw):
        data = _read_again(tree, node, raw, data)
    return decode(data[:limit], node.charset or None, guess=guess)


def _is_rubbish(node: Node, data: bytes) -> bool:
    """Whether what is said to be base64 was none: no text has so many controls."""
    head = data[:1000]
    is_wide = node.charset.lower().startswith(("utf-16", "utf-32", "ucs"))
    many = len(head) >= 40 and 50 * len(_CONTROLS.findall(head)) > len(head)
    return node.encoding == "base64" and many and not is_wide


def _lacks_some(node: Node, raw: bytes, data: bytes) -> bool:
    """Whether the quick parser may have left something out: letters beyond ASCII that stand in
    quoted-printable, or a text without the blank line above it."""
    return not data.strip() or (node.encoding == "quoted-printable" and not raw.isascii())


def _read_again(tree: Tree, node: Node, raw: bytes, data: bytes) -> bytes:
    """A text as the slow parser reads it, where the two agree on the parts."""
    again = _number(_standard(raw[headers.offset(raw) :]), [])
    if len(again.leaves) != len(tree.leaves):
        return data
    leaf = again.leaves[node.index]
    written = leaf.source.get_payload() if isinstance(leaf.source, StdMessage) else ""
    if not _is_rubbish(node, data):
        return content(again, leaf, raw)
    if not isinstance(written, str) or " " not in written.strip():
        return data
    return written.encode("utf-8", "surrogateescape")


def bodies(tree: Tree) -> Bodies:
    """Sort the leaves into text to show and files to list, as RFC 8621 section 4.1.4 does."""
    found = Bodies()
    _sort([tree.root], "mixed", _Views(found.text, found.html), found.attachments)
    return found


@dataclass(slots=True)
class _Views:
    """The two views being collected; None where this part of the tree feeds only the other."""

    text: list[Node] | None
    html: list[Node] | None
    within_alternative: bool = False

    def show(self, part: Node, kind: str) -> None:
        """Add a shown leaf to the views it belongs to."""
        is_text = part.content_type == "text/plain"
        if kind != "alternative" and self.within_alternative:
            # From here on this branch of the alternative is of one kind.
            self.html, self.text = (None, self.text) if is_text else (self.html, None)
        alone = kind == "alternative"
        if self.text is not None and (is_text or not alone):
            self.text.append(part)
        if self.html is not None and not (is_text and alone):
            self.html.append(part)


def _sort(parts: list[Node], kind: str, views: _Views, attachments: list[Node]) -> None:
    text, html = views.text, views.html
    text_before, html_before = len(text or ()), len(html or ())
    for place, part in enumerate(parts):
        if part.is_multipart:
            inner = part.content_type.partition("/")[2]
            within = views.within_alternative or inner == "alternative"
            _sort(part.children, inner, _Views(views.text, views.html, within), attachments)
        elif part.index >= 0 and _is_shown(part, place, kind):
            views.show(part, kind)
        elif part.index >= 0:
            attachments.append(part)
    if kind == "alternative" and text is not None and html is not None:
        # An alternative with one kind of text only serves both views.
        if len(text) == text_before:
            text.extend(html[html_before:])
        elif len(html) == html_before:
            html.extend(text[text_before:])


def _is_shown(part: Node, place: int, kind: str) -> bool:
    return (
        not part.is_attachment
        and part.content_type in ("text/plain", "text/html")
        and (place == 0 or (kind != "related" and not part.filename))
    )
