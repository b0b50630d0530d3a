"""Answering requests for a read receipt: only when the reader says so, once for each message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from mailstore import addresses, headers
from mailstore.headers import Headers
from mailstore.models import FolderRole, Message
from mailstore.services import blobs, messages
from protocols.body import Body
from smtp_accounts import receipt
from smtp_accounts.addresses import same
from smtp_accounts.build import new_message_id
from smtp_accounts.header_lines import Unsafe
from smtp_accounts.models import OutboxMessage
from smtp_accounts.services import identities, made
from smtp_accounts.services.identities import SendFrom

#: Where a message is none that was sent to its owner, or none to answer.
_NOT_IN = (FolderRole.SENT, FolderRole.DRAFTS, FolderRole.JUNK)


@dataclass(frozen=True, slots=True)
class Request:
    """A request for a receipt: who asks, and the identity it would be sent from."""

    to: str
    sender: SendFrom


def request_of(user: User, message: Message, fields: Headers) -> Request | None:
    """The request in a message, as long as it may be answered; ``fields`` is its header."""
    to = receipt.asked_by(fields)
    if not to or is_settled(message) or message.folder.role in _NOT_IN:
        return None
    candidates = identities.send_from(user)
    if any(same(one.address, to) for one in candidates):
        return None
    sender = _sender(candidates, fields)
    return Request(to, sender) if sender else None


def _sender(candidates: list[SendFrom], fields: Headers) -> SendFrom | None:
    """The identity the message names as a recipient: no other address is given away."""
    lines = [*fields.all("to"), *fields.all("cc")]
    named = [one.address for raw in lines for one in addresses.parse(raw, fields.charset)]
    for address in named:
        for one in candidates:
            if same(one.address, address) and not one.disabled_reason:
                return one
    return None


def is_settled(message: Message) -> bool:
    """Whether the request was answered or declined already, here or by another program."""
    settled = receipt.ANSWERED.casefold()
    return any(str(one).casefold() == settled for one in message.keywords)


def decline(user: User, message: Message) -> None:
    """Nobody is asked about this message again."""
    messages.add_keyword(user, message, receipt.ANSWERED)


def answer(user: User, message: Message, *, now: datetime) -> OutboxMessage | None:
    """Put the receipt into the outbox; None where there is nothing to answer any more.

    Whoever asks twice gets one receipt. Raises `BlobUnreadable`.
    """
    raw = blobs.read(message.blob)
    fields = headers.parse(raw)
    request = request_of(user, message, fields)
    if request is None:
        return None
    try:
        written = _receipt(message, request, raw, now)
        data = receipt.build(written)
    except Unsafe:
        return None
    batch = blobs.write([Body.of(data)])
    with transaction.atomic():
        if not messages.add_keyword(user, message, receipt.ANSWERED):
            return None
        return made.enter(
            user,
            request.sender,
            request.to,
            blob=blobs.adopt(batch)[0],
            message_id=written.message_id,
            subject=written.subject,
            now=now,
            is_automatic=True,
            # Nobody wrote it, so nobody looks for it in Sent.
            sent_copied_at=now,
        )


def _receipt(message: Message, request: Request, raw: bytes, now: datetime) -> receipt.Receipt:
    sender = request.sender.mailbox
    text = _(
        "The message “%(subject)s” to %(address)s was shown to its recipient.\n\n"
        "That does not say that it was read or understood.\n"
    )
    return receipt.Receipt(
        sender=sender,
        to=request.to,
        original_id=message.message_id,
        subject=_("Read: %(subject)s") % {"subject": message.subject[:900]},
        text=text % {"subject": message.subject, "address": sender.address},
        message_id=new_message_id(sender.domain),
        date=now,
        header=raw[headers.offset(raw) : headers.body_start(raw)],
    )
