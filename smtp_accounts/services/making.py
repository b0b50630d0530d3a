"""A draft made into the bytes that will be sent, without ever holding a file in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from mailstore.models import Blob
from mailstore.services import blobs
from mailstore.services.blobs import BlobUnreadable
from protocols.body import Body
from smtp_accounts import addresses, build, dating, outgoing_html
from smtp_accounts.addresses import Mailbox
from smtp_accounts.build import Attachment
from smtp_accounts.models import Draft, DraftAttachment, DraftKind, SignatureImage
from smtp_accounts.services import sizes
from smtp_accounts.services.identities import SendFrom


class UnsendableError(Exception):
    """The draft cannot go out as it is. `field` is where to say so, `sentence` what to say."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Envelope:
    """The recipients of a draft, field by field."""

    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]

    @property
    def fields(self) -> dict[str, str]:
        """Every address once, in order, and the field it stands in; case makes no two of one."""
        found: dict[str, tuple[str, str]] = {}
        for field, mailboxes in (("to", self.to), ("cc", self.cc), ("bcc", self.bcc)):
            for mailbox in mailboxes:
                found.setdefault(mailbox.address.casefold(), (mailbox.address, field))
        return dict(found.values())

    @property
    def everyone(self) -> list[str]:
        """Every address once, in order."""
        return list(self.fields)


@dataclass(frozen=True, slots=True)
class Made:
    """A message ready to be stored."""

    body: Body
    message_id: str
    sender: Mailbox


def make(
    *, user: User, draft: Draft, envelope: Envelope, send_from: SendFrom, now: datetime
) -> Made:
    """The message's bytes, frozen. Raises `UnsendableError`."""
    account = draft.identity.account
    limit = sizes.limit_of(account, sizes.allowed(user))
    sender = Mailbox(
        send_from.display_name, addresses.normal(draft.from_address) or send_from.address
    )
    message_id = build.new_message_id(sender.domain)
    html, pictures = _html(user, draft)
    parent, references = _thread(draft)
    content = build.Content(
        sender=sender,
        to=envelope.to,
        cc=envelope.cc,
        subject=draft.subject,
        body=draft.body,
        message_id=message_id,
        date=now.astimezone(dating.zone(user.time_zone)),
        in_reply_to=parent,
        references=references,
        attachments=tuple(_file(one) for one in _files(draft).filter(content_id="")),
        html=html,
        inline=pictures,
        reply_to=addresses.parse(send_from.reply_to).mailboxes,
        importance=draft.importance,
        wants_receipt=draft.wants_receipt,
        allows_8bit=account is None or bool(account.facts.get("8bitmime")),
    )
    try:
        body = Body.gather(_no_larger(build.pieces(content), limit))
    except build.Unsafe as unsafe:
        field = unsafe.field.lower()
        raise UnsendableError(
            {"from": "sender", "reply-to": "sender"}.get(field, field),
            _("This line holds a character that cannot be sent. Type it again."),
        ) from None
    except BlobUnreadable:
        sentence = _("A stored file is damaged. Take it out and add it again.")
        raise UnsendableError("attachments", sentence) from None
    return Made(body, message_id, sender)


def too_large(limit: sizes.Limit) -> str:
    """What to say of a message that its way out does not take."""
    size = _("%(size)d MB") % {"size": max(1, limit.size >> 20)}
    if limit.server:
        return _("%(server)s takes messages of at most %(size)s. Take out a file.") % {
            "server": limit.server,
            "size": size,
        }
    return _("Messages can have at most %(size)s. Take out a file.") % {"size": size}


def _no_larger(pieces: Iterator[bytes], limit: sizes.Limit) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit.size:
            raise UnsendableError("attachments", too_large(limit))
        yield piece


def _html(user: User, draft: Draft) -> tuple[str, tuple[Attachment, ...]]:
    """The document to send and the pictures in it; nothing for a plain message."""
    if not draft.html:
        return "", ()
    wanted = outgoing_html.cids(draft.html)
    images = SignatureImage.objects.filter(signature__user=user, content_id__in=wanted)
    ours = {
        **{one.content_id: _picture(one) for one in images.select_related("blob__segment")},
        **{one.content_id: _file(one) for one in _files(draft).filter(content_id__in=wanted)},
    }
    finished = outgoing_html.finish(draft.html, ours.keys())
    ours.update(
        (one.content_id, Attachment(_name(one.content_type), one.content_type, one.data, cid))
        for one in finished.embedded
        for cid in [one.content_id]
    )
    return finished.html, tuple(ours[cid] for cid in finished.cids)


def _files(draft: Draft) -> QuerySet[DraftAttachment]:
    return draft.attachments.select_related("blob__segment").order_by("pk")


def _file(row: DraftAttachment) -> Attachment:
    return Attachment(row.filename, row.content_type, _reader(row.blob), row.content_id)


def _picture(row: SignatureImage) -> Attachment:
    name = _name(row.content_type)
    return Attachment(name, row.content_type, _reader(row.blob), row.content_id)


def _reader(blob: Blob) -> build.Data:
    return lambda: blobs.stream(blob)


def _name(content_type: str) -> str:
    return f"image.{content_type.rpartition('/')[2]}"


def _thread(draft: Draft) -> tuple[str, tuple[str, ...]]:
    """In-Reply-To and References (RFC 5322 section 3.6.4); a forward begins a new thread."""
    if draft.kind not in (DraftKind.REPLY, DraftKind.REPLY_ALL) or draft.original is None:
        return "", ()
    was = draft.original
    references = build.thread_headers(was.message_id, was.references, was.in_reply_to)
    return next(iter(build.message_ids(was.message_id)), ""), references
