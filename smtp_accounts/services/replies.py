"""What an answer or a forward starts with: recipients, subject, quote, and who it is from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from mailstore import mime
from mailstore.addresses import Address
from mailstore.mime import ParsedMail, Part
from mailstore.models import Message
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts import addresses, quoting, rules
from smtp_accounts.addresses import Mailbox
from smtp_accounts.models import Draft, DraftAttachment, DraftKind
from smtp_accounts.services import drafts, identities
from smtp_accounts.services.drafts import DraftValues, Upload
from smtp_accounts.services.identities import Chosen

_REPLY_PREFIXES = ("re:", "aw:", "sv:", "antw:")
_LOOKED_AT = 256 * 1024
_PLAIN = re.compile(
    rb"^content-type:[ \t]*text/plain[^\r\n]{0,500}(?:\r?\n[ \t][^\r\n]{0,500}){0,5}", re.I | re.M
)
_FORWARD_PREFIXES = ("fwd:", "fw:", "wg:")


@dataclass(frozen=True, slots=True)
class Start:
    """What a compose window starts with. `parts` are files of the original to take along."""

    values: DraftValues
    chosen: Chosen
    parts: Sequence[Part] = field(default_factory=tuple)


def blank(user: User, *, to: str = "", cc: str = "", subject: str = "", body: str = "") -> Start:
    """A new message, from the Default From."""
    chosen = identities.for_new(user)
    values = DraftValues(
        identity=chosen.send_from.identity, to=to, cc=cc, subject=subject[:998], body=body
    )
    return Start(values, chosen)


def reply(user: User, message: Message, *, everyone: bool) -> Start:
    """An answer to a message. Raises `BlobUnreadable`."""
    raw = blobs.read(message.blob)
    mail = mime.parse(raw)
    original = _original(message, mail)
    chosen = identities.for_reply(user, message, original)
    to, cc = rules.reply_recipients(
        original,
        own=identities.own_addresses(user),
        reply_to=_mailboxes(mail.reply_to),
        sender=next(iter(_mailboxes(mail.sender)), None),
        to=_mailboxes(mail.to),
        cc=_mailboxes(mail.cc),
        everyone=everyone,
    )
    values = DraftValues(
        identity=chosen.send_from.identity,
        to=addresses.text(to),
        cc=addresses.text(cc),
        subject=_prefixed("Re: ", mail.subject, _REPLY_PREFIXES),
        body=quoting.answer(_text(raw, mail), _intro(message, mail)),
        kind=DraftKind.REPLY_ALL if everyone else DraftKind.REPLY,
        original=message,
    )
    return Start(values, chosen)


def forward(user: User, message: Message) -> Start:
    """A message passed on, its files with it. Raises `BlobUnreadable`."""
    raw = blobs.read(message.blob)
    mail = mime.parse(raw)
    chosen = identities.for_reply(user, message, _original(message, mail), forward=True)
    fields = [
        (_("From"), _listed(mail.sender)),
        (_("Date"), _when(message, mail)),
        (_("Subject"), mail.subject),
        (_("To"), _listed(mail.to)),
        (_("Cc"), _listed(mail.cc)),
    ]
    values = DraftValues(
        identity=chosen.send_from.identity,
        subject=_prefixed("Fwd: ", mail.subject, _FORWARD_PREFIXES),
        body=quoting.forwarded(_text(raw, mail), _("Forwarded message"), fields),
        kind=DraftKind.FORWARD,
        original=message,
    )
    return Start(values, chosen, mail.attachments)


def carry_over(*, draft: Draft, indexes: Sequence[int], now: datetime) -> list[DraftAttachment]:
    """Copy files of the message being forwarded into its draft; unknown numbers are left out."""
    if draft.original is None or not indexes or draft.attachments.exists():
        return []
    raw = blobs.read(draft.original.blob)
    parts = {part.index: part for part in mime.parse(raw).attachments}
    uploads = [
        Upload(
            parts[index].filename,
            parts[index].content_type,
            Body.of(mime.part_bytes(raw, index)),
        )
        for index in indexes[: drafts.MAX_ATTACHMENTS]
        if index in parts
    ]
    return drafts.attach(draft=draft, uploads=uploads, now=now) if uploads else []


def max_bytes() -> int:
    """How large a message may be on the wire."""
    return int(settings.MAX_SEND_SIZE)


def _original(message: Message, mail: ParsedMail) -> rules.Original:
    return rules.Original(
        from_address=mail.sender[0].address if mail.sender else message.from_address,
        to=tuple(one.address for one in mail.to),
        cc=tuple(one.address for one in mail.cc),
        source_id=message.source_id,
    )


def _mailboxes(people: Sequence[Address]) -> list[Mailbox]:
    """Those among the people of a header that can be written to."""
    found = ((one.name, addresses.normal(one.address)) for one in people)
    return [Mailbox(name, address) for name, address in found if address]


def _listed(people: Sequence[Address]) -> str:
    return ", ".join(map(str, people))


def _text(raw: bytes, mail: ParsedMail) -> str:
    """The message's words. Soft line ends (RFC 3676) are undone where its text part declares them.

    Looking for the declaration anywhere among the headers is enough: text that does not flow has
    no spaces at its line ends.
    """
    for found in _PLAIN.finditer(raw[:_LOOKED_AT]):
        said = found[0].lower().replace(b'"', b"")
        if b"format=flowed" in said:
            return quoting.unflowed(mail.text, delsp=b"delsp=yes" in said)
    return mail.text


def _when(message: Message, mail: ParsedMail) -> str:
    at = timezone.localtime(mail.sent_at or message.sort_at)
    words = {"day": date_format(at, _("j F Y")), "time": date_format(at, "H:i")}
    return _("%(day)s at %(time)s") % words


def _intro(message: Message, mail: ParsedMail) -> str:
    who = mail.sender[0].shown if mail.sender else _("somebody")
    return _("On %(date)s, %(name)s wrote:") % {"date": _when(message, mail), "name": who}


def _prefixed(prefix: str, subject: str, known: Sequence[str]) -> str:
    has_one = subject.lower().startswith(tuple(known))
    return (subject if has_one else f"{prefix}{subject}")[:998]
