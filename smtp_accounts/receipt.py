"""Read receipts (RFC 8098): whether a message asks for one, and the bytes of the answer. Pure.

Nothing here is sent by itself: a receipt tells a stranger that an address is read, so a person
decides about each.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from mailstore import addresses
from mailstore.headers import Headers
from protocols.quoting import quoted
from smtp_accounts import header_lines
from smtp_accounts.addresses import Mailbox, normal, same

#: The IMAP keyword of a message whose request was answered or declined (RFC 3503 section 3.1).
ANSWERED: Final = "$MDNSent"
MAX_RETURNED = 16 * 1024
#: What the sender wrote. The rest is of the servers on the way: it names the mailbox behind the
#: address that was written to, whom it is passed on to, and what they think of the message.
_RETURNED = frozenset((
    b"date", b"from", b"sender", b"reply-to", b"to", b"cc", b"subject", b"message-id",
    b"in-reply-to", b"references",
))  # fmt: skip
_BULK = ("list-id", "list-post", "list-unsubscribe", "list-help", "feedback-id", "x-loop")
_PRODUCT = "Tributary"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a receipt says. ``to`` asked for it; ``sender`` received the message, which
    ``original_id``, ``subject`` and ``header`` (a header block, of which only what its sender
    wrote goes back) are of; ``text`` is for people."""

    sender: Mailbox
    to: str
    original_id: str
    subject: str
    text: str
    message_id: str
    date: datetime
    header: bytes = b""


def asked_by(fields: Headers) -> str:
    """The address that wants a receipt, empty where none is wanted or none is to be offered.

    That is so for lists, bulk and what a machine wrote, for several addresses, and where the
    message was sent from another address than the receipt is to go to (section 2.1).
    """
    wanted = [
        normal(one.address)
        for raw in fields.all("disposition-notification-to")[:2]
        for one in addresses.parse(raw, fields.charset)[:3]
    ]
    if len(wanted) != 1 or not wanted[0] or _is_bulk(fields):
        return ""
    # Who has to know more than the usual to answer is not answered (section 2.2).
    if b"required" in fields.raw("disposition-notification-options").lower():
        return ""
    return wanted[0] if same(wanted[0], _sent_from(fields)) else ""


def _is_bulk(fields: Headers) -> bool:
    precedence = fields.text("precedence").strip().lower()
    automatic = fields.text("auto-submitted").strip().lower()
    return (
        any(fields.raw(name) for name in _BULK)
        or precedence in ("list", "bulk", "junk")
        or automatic not in ("", "no")
        or fields.raw("content-type").strip().lower().startswith(b"multipart/report")
    )


def _sent_from(fields: Headers) -> str:
    """The return path, or the one address in From where the receiving server left none."""
    names = ("return-path",) if fields.raw("return-path") else ("from",)
    found = [one.address for name in names for one in addresses.parse(fields.raw(name))[:2]]
    return normal(found[0]) if len(found) == 1 else ""


def build(receipt: Receipt) -> bytes:
    """The bytes of a receipt: what people read, the fields, and the header of the message.

    Raises `Unsafe` for what cannot stand in a header.
    """
    boundary = f"=_{secrets.token_hex(16)}"
    line = header_lines
    given = {"report-type": "disposition-notification", "boundary": boundary}
    head = [
        f"Date: {format_datetime(receipt.date)}",
        line.mailboxes("From", (receipt.sender,)),
        line.mailboxes("To", (Mailbox("", receipt.to),)),
        line.text("Subject", receipt.subject),
        line.ids("Message-ID", (receipt.message_id,)),
        *(_thread(receipt.original_id)),
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        line.parameters("Content-Type", "multipart/report", given),
    ]
    parts = [_text(receipt.text), _fields(receipt)]
    if receipt.header:
        parts.append(_returned(receipt.header))
    body = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    return (
        "".join(f"{one}\r\n" for one in (*head, "")).encode()
        + body
        + f"--{boundary}--\r\n".encode()
    )


def _thread(original_id: str) -> list[str]:
    ids = header_lines.message_ids(original_id)[:1]
    return [header_lines.ids(name, ids) for name in ("In-Reply-To", "References")] if ids else []


def _text(words: str) -> bytes:
    data = words.replace("\r\n", "\n").replace("\n", "\r\n").encode()
    head = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    return head + data


def _fields(receipt: Receipt) -> bytes:
    """Section 3.1: which message, and that a person looked at it and sent this by hand."""
    kind = "rfc822" if receipt.sender.address.isascii() else "utf-8"
    said = [
        f"Reporting-UA: {receipt.sender.domain}; {_PRODUCT}",
        f"Final-Recipient: {kind};{quoted(header_lines.safe('From', receipt.sender.address))}",
        *(
            f"Original-Message-ID: {one}"
            for one in header_lines.message_ids(receipt.original_id)[:1]
        ),
        "Disposition: manual-action/MDN-sent-manually; displayed",
    ]
    head = "Content-Type: message/disposition-notification\r\n\r\n"
    return (head + "\r\n".join(said) + "\r\n").encode()


def _returned(header: bytes) -> bytes:
    head = b"Content-Type: text/rfc822-headers\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    lines = header.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    kept: list[bytes] = []
    is_kept = False
    for line in lines:
        if not line.startswith((b" ", b"\t")):
            is_kept = line.partition(b":")[0].strip().lower() in _RETURNED
        if is_kept and line.strip():
            kept.append(line[:990])
    return head + b"\r\n".join(kept).replace(b"\0", b"")[:MAX_RETURNED] + b"\r\n"
