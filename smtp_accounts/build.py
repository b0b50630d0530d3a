"""A message made into bytes, piece by piece. RFC 5322, 2045-2049, 2387, 2392, 3676, 8098.

Pure, over frozen values. Header fields are written by `header_lines`, which refuses whatever
could begin a header of its own. Bcc is not even a parameter here: it exists in the envelope only.
Files are encoded as they are read, so that a large one never lies in memory.
"""

from __future__ import annotations

import binascii
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from smtp_accounts import dating, header_lines
from smtp_accounts.addresses import Mailbox
from smtp_accounts.header_lines import Unsafe, message_ids
from smtp_accounts.quoting import flowed

__all__ = [
    "Attachment",
    "Content",
    "Unsafe",
    "build",
    "content_type",
    "message_ids",
    "new_content_id",
    "new_message_id",
    "pieces",
    "safe_filename",
    "thread_headers",
]

MAX_REFERENCES = 20
MESSAGE = "message/rfc822"
# Priority as other mail programs read it: RFC 2156 has the first, the second is an old habit.
_IMPORTANCE = {"high": ("high", "1 (Highest)"), "low": ("low", "5 (Lowest)")}

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_CONTENT_ID = re.compile(r"[!#$%&'*+/=?^_`{|}~\w.@-]{1,200}", re.ASCII)
_TYPE = re.compile(r"(application|audio|font|image|model|text|video)/[a-z0-9][a-z0-9.+_-]{0,80}")
_BLOCK = 57 * 1024
_MAX_LINE = 998

# The bytes of a file: all of them, or a way to read them again from the start, in pieces.
Data = bytes | Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to go along. `content_id`, without <>, is for one that stands in the text."""

    filename: str
    content_type: str
    data: Data
    content_id: str = ""

    def chunks(self) -> Iterable[bytes]:
        return (self.data,) if isinstance(self.data, bytes) else self.data()


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a message is made of. `body` is plain text, `html` a whole document or empty.

    `inline` are the files that `html` names by cid. `calendar` is an answer to an invitation
    (RFC 6047), beside the text. `auto_submitted` is the value of RFC 3834,
    for what no person wrote, and `loop` whose forward it is. `allows_8bit`: the way out takes such
    bytes (RFC 6152).
    """

    sender: Mailbox
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    subject: str
    body: str
    message_id: str
    date: datetime
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    html: str = ""
    inline: tuple[Attachment, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    importance: str = "normal"
    wants_receipt: bool = False
    auto_submitted: str = ""
    loop: str = ""
    allows_8bit: bool = False
    calendar: bytes = b""


@dataclass(frozen=True, slots=True)
class _Part:
    """One part: its header fields, folded, and its bytes. `bits` is 7 or 8."""

    headers: tuple[str, ...]
    body: Callable[[], Iterator[bytes]]
    bits: int = 7

    def written(self) -> Iterator[bytes]:
        yield _head(self.headers)
        yield from self.body()


def new_message_id(domain: str) -> str:
    """A Message-ID nobody else makes, on the domain the message is from (RFC 5322 3.6.4)."""
    return f"<{secrets.token_urlsafe(18)}@{domain}>"


def new_content_id() -> str:
    """A Content-ID for a picture in a text (RFC 2392), without the <>."""
    return f"{secrets.token_hex(12)}@inline"


def thread_headers(message_id: str, references: str, in_reply_to: str) -> tuple[str, ...]:
    """References of an answer (RFC 5322 section 3.6.4), the middle cut out of very long ones."""
    chain = message_ids(references) or message_ids(in_reply_to)[:1]
    found = [*dict.fromkeys([*chain, *message_ids(message_id)])]
    if len(found) > MAX_REFERENCES:
        found = [found[0], *found[1 - MAX_REFERENCES :]]
    return tuple(found)


def build(content: Content) -> bytes:
    """The message's bytes, CRLF line ends throughout. Raises `Unsafe`."""
    return b"".join(pieces(content))


def pieces(content: Content) -> Iterator[bytes]:
    """As `build`, in pieces of moderate size. Raises `Unsafe` before the first."""
    head = _fields(content)
    root = _root(content)
    yield _head((*head, "MIME-Version: 1.0", *root.headers))
    yield from root.body()


def content_type(name: str) -> str:
    """A MIME type fit for the wire; what is odd or would need unpacking becomes plain bytes."""
    lowered = name.strip().lower()
    return lowered if _TYPE.fullmatch(lowered) else "application/octet-stream"


def safe_filename(name: str) -> str:
    """The last part of a path, without characters that mislead or end a header."""
    base = re.split(r"[\\/]", name)[-1]
    clean = re.sub(
        "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]",
        "",
        base,
    )
    # Spaces of every kind become plain ones, and none stands at an end, where nobody sees it.
    return " ".join(clean.split())[:200].strip(" .") or "attachment"


def _head(fields: Sequence[str]) -> bytes:
    return "".join(f"{field}\r\n" for field in (*fields, "")).encode()


def _fields(content: Content) -> Iterator[str]:
    line = header_lines
    yield dating.field(content.date)
    yield line.mailboxes("From", (content.sender,))
    if content.reply_to:
        yield line.mailboxes("Reply-To", content.reply_to)
    # Filters take a message without To for spam, though RFC 5322 section 3.6.3 allows it.
    yield line.mailboxes("To", content.to) if content.to else "To: undisclosed-recipients:;"
    if content.cc:
        yield line.mailboxes("Cc", content.cc)
    yield line.text("Subject", content.subject)
    yield line.ids("Message-ID", (content.message_id,))
    if content.in_reply_to:
        yield line.ids("In-Reply-To", (content.in_reply_to,))
    if content.references:
        yield line.ids("References", content.references)
    if content.importance in _IMPORTANCE:
        importance, priority = _IMPORTANCE[content.importance]
        yield f"Importance: {importance}"
        yield f"X-Priority: {priority}"
    if content.wants_receipt:
        yield line.mailboxes("Disposition-Notification-To", (content.sender,))
    if content.auto_submitted:
        yield line.text("Auto-Submitted", content.auto_submitted)
    if content.loop:
        yield line.text("X-Loop", content.loop)


def _root(content: Content) -> _Part:
    """The parts: mixed (related (alternative (text, HTML), pictures), files); each where needed."""
    root = _text(flowed(_tidy(content.body)), "plain", "; format=flowed")
    if content.html:
        root = _multipart("alternative", [root, _text(_tidy(content.html), "html")])
        pictures = [_file(one, "inline") for one in content.inline]
        if pictures:
            root = _multipart("related", [root, *pictures], "multipart/alternative")
    if content.calendar:
        root = _multipart("alternative", [root, _calendar(content.calendar)])
    files = [_attached(one, content) for one in content.attachments]
    return _multipart("mixed", [root, *files]) if files else root


def _calendar(data: bytes) -> _Part:
    headers = (
        "Content-Type: text/calendar; charset=utf-8; method=REPLY",
        "Content-Transfer-Encoding: base64",
    )
    return _Part(headers, lambda: _base64([data]))


def _tidy(text: str) -> str:
    """Line feeds for line ends, and nothing that mail may not carry."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _text(text: str, subtype: str, more: str = "") -> _Part:
    text = text if text.endswith("\n") else text + "\n"
    charset = "us-ascii" if text.isascii() else "utf-8"
    lines = text.split("\n")
    # A word wider than SMTP's line limit (RFC 5321 section 4.5.3.1.6) needs folding on the way.
    # What begins like the divider of an mbox file would be changed by some servers.
    plain = text.isascii() and all(len(one) < 990 and not one.startswith("From ") for one in lines)
    data = text.encode()
    if not plain:
        data = binascii.b2a_qp(data, istext=True).replace(b"\nFrom ", b"\n=46rom ")
    data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    encoding = "7bit" if plain else "quoted-printable"
    headers = (
        f"Content-Type: text/{subtype}; charset={charset}{more}",
        f"Content-Transfer-Encoding: {encoding}",
    )
    return _Part(headers, lambda: iter((data,)))


def _multipart(subtype: str, parts: Sequence[_Part], root_type: str = "") -> _Part:
    # No encoded text has "=_" in it, and nobody else can know the rest.
    boundary = f"=_{secrets.token_hex(16)}"
    given = {"type": root_type, "boundary": boundary} if root_type else {"boundary": boundary}
    headers = [header_lines.parameters("Content-Type", f"multipart/{subtype}", given)]
    bits = max(part.bits for part in parts)
    if bits > 7:
        headers.append("Content-Transfer-Encoding: 8bit")

    def body() -> Iterator[bytes]:
        for part in parts:
            yield f"--{boundary}\r\n".encode()
            yield from part.written()
            yield b"\r\n"
        yield f"--{boundary}--\r\n".encode()

    return _Part(tuple(headers), body, bits)


def _attached(file: Attachment, content: Content) -> _Part:
    if file.content_type != MESSAGE:
        return _file(file, "attachment")
    bits = _bits(file.chunks())
    if not bits or (bits > 7 and not content.allows_8bit):
        # A message part may not be encoded (RFC 2046 section 5.2.1); as a file it may.
        return _file(file, "attachment")
    headers = (
        f"Content-Type: {MESSAGE}",
        f"Content-Transfer-Encoding: {bits}bit",
        _disposition("attachment", file),
    )
    return _Part(headers, lambda: _crlf(file.chunks()), bits)


def _file(file: Attachment, disposition: str) -> _Part:
    headers = [
        f"Content-Type: {content_type(file.content_type)}",
        "Content-Transfer-Encoding: base64",
        _disposition(disposition, file),
    ]
    if file.content_id:
        if not _CONTENT_ID.fullmatch(file.content_id):
            raise Unsafe("Content-ID")
        headers.append(f"Content-ID: <{file.content_id}>")
    return _Part(tuple(headers), lambda: _base64(file.chunks()))


def _disposition(kind: str, file: Attachment) -> str:
    return header_lines.parameters(
        "Content-Disposition", kind, {"filename": safe_filename(file.filename)}
    )


def _base64(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Base64 in lines of 76 (RFC 2045 section 6.8)."""
    held = b""
    for chunk in chunks:
        held += chunk
        whole = len(held) - len(held) % _BLOCK
        for start in range(0, whole, _BLOCK):
            yield _lines(held[start : start + _BLOCK])
        held = held[whole:]
    if held:
        yield _lines(held)


def _lines(data: bytes) -> bytes:
    text = binascii.b2a_base64(data, newline=False)
    return b"".join(text[at : at + 76] + b"\r\n" for at in range(0, len(text), 76))


def _crlf(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes with every line end made CRLF, also the lone ones and those split in two."""
    carried = b""
    for chunk in chunks:
        data = carried + chunk
        carried = b"\r" if data.endswith(b"\r") else b""
        data = data[: len(data) - len(carried)]
        yield re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    if carried:
        yield b"\r\n"


def _bits(chunks: Iterable[bytes]) -> int:
    """7 or 8 for bytes that may stand in a message as they are, 0 for those that may not."""
    bits, length = 7, 0
    for chunk in _crlf(chunks):
        if b"\0" in chunk:
            return 0
        if not chunk.isascii():
            bits = 8
        first, *others = chunk.split(b"\r\n")
        length += len(first)
        for line in others:
            if length > _MAX_LINE:
                return 0
            length = len(line)
    return bits if length <= _MAX_LINE else 0
