"""A message made into bytes: pure, over frozen values. RFC 5322, 2045-2049, 2231, 3676.

Headers go through the standard library's policy, which encodes 8-bit words and refuses CR and
LF; on top of that every value is refused that carries a control character, so nothing typed can
begin a header of its own. Bcc is not even a parameter here: it exists in the envelope only.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime

from smtp_accounts.addresses import Mailbox
from smtp_accounts.quoting import flowed

MAX_REFERENCES = 20

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_TYPE = re.compile(r"(application|audio|font|image|model|text|video)/[a-z0-9][a-z0-9.+_-]{0,80}")
_ID_HEADERS = ("message-id", "in-reply-to", "references")


class Unsafe(ValueError):
    """A value that may not stand in a header. `field` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} carries a control character")
        self.field = field


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to go along."""

    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a message is made of. `body` is plain text."""

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


class _IdsKeptWhole(EmailPolicy):
    """The library would put a message id longer than a line into an encoded word."""

    def fold(self, name: str, value: str) -> str:
        if name.lower() in _ID_HEADERS:
            return f"{name}: " + f"{self.linesep} ".join(value.split()) + self.linesep
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in _ID_HEADERS:
            return self.fold(name, value).encode("ascii")
        return super().fold_binary(name, value)


_SMTP = _IdsKeptWhole() + SMTP
_SMTPUTF8 = _IdsKeptWhole() + SMTPUTF8


def new_message_id(domain: str) -> str:
    """A Message-ID nobody else makes, on the domain the message is from (RFC 5322 3.6.4)."""
    return f"<{secrets.token_urlsafe(18)}@{domain}>"


def message_ids(text: str) -> tuple[str, ...]:
    """The message ids in a header, in order; anything else in it is left out."""
    return tuple(_MESSAGE_ID.findall(text[:65_536]))


def thread_headers(message_id: str, references: str, in_reply_to: str) -> tuple[str, ...]:
    """References of an answer (RFC 5322 section 3.6.4), the middle cut out of very long ones."""
    chain = message_ids(references) or message_ids(in_reply_to)[:1]
    ids = [*dict.fromkeys([*chain, *message_ids(message_id)])]
    if len(ids) > MAX_REFERENCES:
        ids = [ids[0], *ids[1 - MAX_REFERENCES :]]
    return tuple(ids)


def build(content: Content) -> bytes:
    """The message's bytes, CRLF line ends throughout. Raises `Unsafe`."""
    people = (content.sender, *content.to, *content.cc)
    wide = any(not mailbox.address.isascii() for mailbox in people)
    message = EmailMessage(policy=_SMTPUTF8 if wide else _SMTP)
    message["Date"] = format_datetime(content.date)
    message["From"] = _address("From", content.sender)
    for name, mailboxes in (("To", content.to), ("Cc", content.cc)):
        if mailboxes:
            message[name] = [_address(name, mailbox) for mailbox in mailboxes]
    message["Subject"] = _safe("Subject", content.subject)
    message["Message-ID"] = content.message_id
    if content.in_reply_to:
        message["In-Reply-To"] = _ids("In-Reply-To", (content.in_reply_to,))
    if content.references:
        message["References"] = _ids("References", content.references)
    _add_text(message, content.body)
    for attachment in content.attachments:
        _add_attachment(message, attachment)
    return message.as_bytes()


def content_type(name: str) -> str:
    """A MIME type fit for the wire; what is odd or would need unpacking becomes plain bytes."""
    lowered = name.strip().lower()
    return lowered if _TYPE.fullmatch(lowered) else "application/octet-stream"


def safe_filename(name: str) -> str:
    """The last part of a path, without characters that mislead or end a header."""
    base = re.split(r"[\\/]", name)[-1]
    clean = re.sub(
        r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", base
    )
    return clean.strip(" .")[:200] or "attachment"


def _safe(field: str, value: str) -> str:
    if _CONTROL.search(value):
        raise Unsafe(field)
    return value


def _address(field: str, mailbox: Mailbox) -> Address:
    _safe(field, mailbox.name)
    local, _, domain = _safe(field, mailbox.address).rpartition("@")
    return Address(display_name=mailbox.name, username=local, domain=domain)


def _ids(field: str, ids: Sequence[str]) -> str:
    if not all(map(_MESSAGE_ID.fullmatch, ids)):
        raise Unsafe(field)
    return " ".join(ids)


def _add_text(message: EmailMessage, body: str) -> None:
    text = flowed(body.replace("\r\n", "\n").replace("\r", "\n"))
    # One word wider than SMTP's line limit (RFC 5321 section 4.5.3.1.6) needs folding on the way.
    plain = text.isascii() and all(len(line) < 990 for line in text.split("\n"))
    message.set_content(
        text if text.endswith("\n") else text + "\n",
        cte="7bit" if plain else "quoted-printable",
        params={"format": "flowed"},
    )


def _add_attachment(message: EmailMessage, attachment: Attachment) -> None:
    maintype, _, subtype = content_type(attachment.content_type).partition("/")
    message.add_attachment(
        attachment.data,
        maintype=maintype,
        subtype=subtype,
        filename=safe_filename(attachment.filename),
    )
