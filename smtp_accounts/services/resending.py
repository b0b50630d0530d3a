"""A message that came back, opened again for those it did not reach."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import uuid4

from mailstore import mime
from mailstore.mime import ParsedMail
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts import addresses, former, outgoing_html, quoting
from smtp_accounts.addresses import Mailbox
from smtp_accounts.models import Draft, Identity, Importance, OutboxMessage
from smtp_accounts.services import drafts, identities, waiting
from smtp_accounts.services.drafts import DraftValues, Upload

_FIELDS = ("to", "cc", "bcc")


def draft_for(
    *, message: OutboxMessage, recipients: Collection[str], now: datetime
) -> Draft | None:
    """A draft of the same message, addressed to these of its recipients alone.

    What was sent stays as it is. None where it has no such recipient. Raises `BlobUnreadable`,
    and what `drafts.attach` raises where the files no longer fit.
    """
    draft = waiting.edit_for(message=message, recipients=recipients, now=now)
    if draft is not None:
        return draft
    wanted = {one.casefold() for one in recipients}
    rows = [one for one in message.recipients.all() if one.address.casefold() in wanted]
    if not rows:
        return None
    raw = blobs.read(message.blob)
    mail = mime.parse(raw)
    to = {
        name: addresses.text(_named([one.address for one in rows if one.field == name], mail))
        for name in _FIELDS
    }
    values = _values(message, mail, to)
    draft = drafts.save(user=message.user, key=uuid4(), values=values, version=0, now=now)
    if uploads := _uploads(mail, raw, set(outgoing_html.cids(draft.html))):
        drafts.attach(draft=draft, uploads=uploads, now=now)
    return draft


def _values(message: OutboxMessage, mail: ParsedMail, to: dict[str, str]) -> DraftValues:
    identity, exact, reason = _sender(message)
    return DraftValues(
        identity=identity,
        from_address=exact,
        identity_reason=reason,
        is_by_hand=message.is_by_hand and not reason,
        to=to["to"],
        cc=to["cc"],
        bcc=to["bcc"],
        subject=message.subject,
        body=quoting.unflowed(mail.text, delsp=False),
        html=outgoing_html.quoted(mail.html, {one: one for one in _pictures(mail)}),
        importance=_importance(mail),
        wants_receipt=bool(mail.headers.raw("disposition-notification-to")),
        wants_dsn=message.wants_dsn,
        remind_after=message.remind_after,
        kind=message.kind,
        original=message.original,
    )


def _sender(message: OutboxMessage) -> tuple[Identity, str, str]:
    """Who to send it from again, the exact address if it is another, and what to say beside it.

    Where its identity was removed, another one with the same address is the same sender; without
    one there is only the Default From, and that is said.
    """
    was = message.from_address
    if message.identity is not None:
        return message.identity, "" if was == message.identity.address else was, ""
    for one in identities.send_from(message.user):
        if addresses.same(one.address, was) and not one.disabled_reason:
            return one.identity, "", ""
    usual = identities.for_new(message.user).send_from.identity
    return usual, "", former.reason(was)


def _importance(mail: ParsedMail) -> str:
    said = mail.headers.text("importance").lower()
    return said if said in Importance.values else Importance.NORMAL


def _named(found: list[str], mail: ParsedMail) -> list[Mailbox]:
    """Addresses with the names they had in the message."""
    names = {one.address.casefold(): one.name for one in (*mail.to, *mail.cc)}
    return [Mailbox(names.get(one.casefold(), ""), one) for one in found]


def _pictures(mail: ParsedMail) -> list[str]:
    return [one.content_id for one in mail.attachments if one.content_id]


def _uploads(mail: ParsedMail, raw: bytes, shown: set[str]) -> list[Upload]:
    """The files of the message; those that stand in its text keep the id they have there."""
    return [
        Upload(
            one.filename,
            one.content_type,
            Body.of(mime.part_bytes(raw, one.index)),
            content_id=one.content_id if one.content_id in shown else "",
            is_message=one.content_type == "message/rfc822",
        )
        for one in mail.attachments
    ]
