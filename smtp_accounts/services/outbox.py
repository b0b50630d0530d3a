"""The door every outgoing message leaves by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts import addresses, build
from smtp_accounts.addresses import Mailbox
from smtp_accounts.models import (
    Draft,
    DraftKind,
    OutboxMessage,
    OutboxRecipient,
)
from smtp_accounts.services import identities, routes
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
    def everyone(self) -> list[str]:
        """Every address once, in order; case does not make two of one."""
        found: dict[str, str] = {}
        for mailbox in (*self.to, *self.cc, *self.bcc):
            found.setdefault(mailbox.address.casefold(), mailbox.address)
        return list(found.values())


def submit(*, user: User, draft: Draft, now: datetime, undo_seconds: int = 0) -> OutboxMessage:
    """Turn a draft into a message with frozen bytes and put it into the outbox.

    Submitting twice gives the same message. The caller nudges the worker after the commit; the
    schedule finds the row anyway. Raises `UnsendableError`.
    """
    envelope = read_envelope(draft)
    sender = sender_of(user, draft)
    raw, message_id = _bytes(draft, envelope, sender, now)
    batch = blobs.write([Body.of(raw)])
    with transaction.atomic():
        if not Draft.objects.filter(pk=draft.pk, submitted_at=None).update(
            submitted_at=now, discarded_at=None
        ):
            return OutboxMessage.objects.filter(user=user, draft=draft).latest("id")
        due = now + timedelta(seconds=undo_seconds)
        message = OutboxMessage.objects.create(
            user=user,
            account=draft.identity.account,
            is_local_from=draft.identity.account is None,
            identity=draft.identity,
            is_by_hand=draft.is_by_hand,
            draft=draft,
            blob=blobs.adopt(batch)[0],
            message_id=message_id,
            from_address=sender.address,
            subject=draft.subject,
            original=draft.original,
            kind=draft.kind,
            not_before=due,
            due_since=due,
            created_at=now,
        )
        OutboxRecipient.objects.bulk_create(
            OutboxRecipient(outbox=message, address=address) for address in envelope.everyone
        )
    return message


def problems(user: User, draft: Draft) -> dict[str, str]:
    """Everything that keeps a draft from being sent: a sentence by field, empty when nothing."""
    found = _slips(draft)
    try:
        sender_of(user, draft)
        if not found:
            _check_way_out(draft, read_envelope(draft))
    except UnsendableError as error:
        found[error.field] = error.sentence
    return found


def _check_way_out(draft: Draft, envelope: Envelope) -> None:
    """From the own address, only a relay reaches people elsewhere: better said now than later."""
    if draft.identity.account is not None or routes.relay() is not None:
        return
    if routes.split(envelope.everyone).elsewhere:
        raise UnsendableError("sender", _(routes.NO_RELAY))


def _slips(draft: Draft) -> dict[str, str]:
    """The recipient fields with an entry that is no address."""
    found: dict[str, str] = {}
    for name in ("to", "cc", "bcc"):
        wrong = addresses.parse(getattr(draft, name)).wrong
        if wrong:
            found[name] = _("“%(entry)s” is not a mail address.") % {"entry": wrong[0]}
    return found


def read_envelope(draft: Draft) -> Envelope:
    """The draft's recipients. Raises `UnsendableError`."""
    for name, sentence in _slips(draft).items():
        raise UnsendableError(name, sentence)
    fields = [addresses.parse(text).mailboxes for text in (draft.to, draft.cc, draft.bcc)]
    envelope = Envelope(*fields)
    if not envelope.everyone:
        raise UnsendableError("to", _("Add at least one recipient."))
    if len(envelope.everyone) > addresses.MAX_RECIPIENTS:
        sentence = _("A message can have at most %(limit)d recipients.")
        raise UnsendableError("to", sentence % {"limit": addresses.MAX_RECIPIENTS})
    return envelope


def sender_of(user: User, draft: Draft) -> SendFrom:
    """Who the draft is from. Raises `UnsendableError`; another identity never steps in."""
    identity = identities.by_key(user, str(draft.identity_id))
    if identity is None:
        raise UnsendableError("sender", _("This address can no longer be used. Choose another."))
    if identity.disabled_reason:
        raise UnsendableError("sender", identity.disabled_reason)
    return identity


def _bytes(draft: Draft, envelope: Envelope, sender: SendFrom, now: datetime) -> tuple[bytes, str]:
    message_id = build.new_message_id(sender.mailbox.domain)
    parent = ""
    references: tuple[str, ...] = ()
    if draft.kind in (DraftKind.REPLY, DraftKind.REPLY_ALL) and draft.original is not None:
        was = draft.original
        references = build.thread_headers(was.message_id, was.references, was.in_reply_to)
        parent = next(iter(build.message_ids(was.message_id)), "")
    content = build.Content(
        sender=sender.mailbox,
        to=envelope.to,
        cc=envelope.cc,
        subject=draft.subject,
        body=draft.body,
        message_id=message_id,
        date=now,
        in_reply_to=parent,
        references=references,
        attachments=tuple(
            build.Attachment(one.filename, one.content_type, blobs.read(one.blob))
            for one in draft.attachments.select_related("blob__segment").order_by("pk")
        ),
    )
    try:
        raw = build.build(content)
    except build.Unsafe as unsafe:
        field = unsafe.field.lower()
        raise UnsendableError(
            {"from": "sender"}.get(field, field),
            _("This line holds a character that cannot be sent. Type it again."),
        ) from None
    if len(raw) > settings.MAX_SEND_SIZE:
        raise UnsendableError("attachments", _("The message is too large to be sent."))
    return raw, message_id
