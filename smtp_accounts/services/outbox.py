"""The door every outgoing message leaves by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from lib.checkpoints import checkpoint
from mailstore.services import blobs
from smtp_accounts import addresses
from smtp_accounts.models import Draft, OutboxMessage, OutboxRecipient
from smtp_accounts.services import correspondents, drafts, identities, making, routes, sizes
from smtp_accounts.services.identities import SendFrom
from smtp_accounts.services.making import Envelope

UnsendableError = making.UnsendableError
#: How often a message is made anew because a file came or went while it was made.
ATTEMPTS = 3


class _FilesChanged(Exception):
    """The draft has other files than those the message was made with."""


def submit(*, user: User, draft: Draft, now: datetime, undo_seconds: int = 0) -> OutboxMessage:
    """Turn a draft into a message with frozen bytes and put it into the outbox.

    Submitting twice gives the same message. The caller nudges the worker after the commit; the
    schedule finds the row anyway. Raises `UnsendableError`, and `drafts.ConflictError` where the
    draft was changed meanwhile.
    """
    for _attempt in range(ATTEMPTS):
        try:
            return _submitted(user=user, draft=draft, now=now, undo_seconds=undo_seconds)
        except _FilesChanged:
            # One came from another tab while the others were read: it goes along, too.
            continue
    raise drafts.ConflictError(draft)


def _submitted(*, user: User, draft: Draft, now: datetime, undo_seconds: int) -> OutboxMessage:
    envelope = read_envelope(draft)
    send_from = sender_of(user, draft)
    files = _attached(draft)
    made = making.make(user=user, draft=draft, envelope=envelope, send_from=send_from, now=now)
    batch = blobs.write([made.body])
    due = max(now + timedelta(seconds=undo_seconds), draft.send_at or now)
    with transaction.atomic():
        same = Draft.objects.filter(pk=draft.pk, version=draft.version, submitted_at=None)
        if not same.update(submitted_at=now, discarded_at=None):
            sent = OutboxMessage.objects.filter(user=user, draft_key=draft.key).order_by("-id")
            if (before := sent.first()) is None:
                draft.refresh_from_db()
                raise drafts.ConflictError(draft)
            return before
        if _attached(draft) != files:
            raise _FilesChanged
        message = OutboxMessage.objects.create(
            user=user,
            account=draft.identity.account,
            is_local_from=draft.identity.account is None,
            identity=draft.identity,
            is_by_hand=draft.is_by_hand,
            is_scheduled=draft.send_at is not None and draft.send_at > now,
            wants_dsn=draft.wants_dsn,
            remind_after=draft.remind_after,
            draft=draft,
            draft_key=draft.key,
            blob=blobs.adopt(batch)[0],
            message_id=made.message_id,
            from_address=made.sender.address,
            subject=draft.subject,
            original=draft.original,
            kind=draft.kind,
            not_before=due,
            due_since=due,
            created_at=now,
        )
        OutboxRecipient.objects.bulk_create(
            OutboxRecipient(outbox=message, address=address, field=field)
            for address, field in envelope.fields.items()
        )
        correspondents.wrote(user, draft.identity, envelope.everyone, now)
        checkpoint("submit: entered, not committed")
    made.body.close()
    return message


def problems(user: User, draft: Draft) -> dict[str, str]:
    """Everything that keeps a draft from being sent: a sentence by field, empty when nothing.

    Fields: to, cc, bcc, sender, attachments.
    """
    found = _slips(draft)
    checks: list[Callable[[], object]] = [lambda: sender_of(user, draft), lambda: _files(draft)]
    if not found:
        checks.append(lambda: _way_out(draft, read_envelope(draft)))
    for check in checks:
        try:
            check()
        except UnsendableError as error:
            found.setdefault(error.field, error.sentence)
    return found


def _way_out(draft: Draft, envelope: Envelope) -> None:
    """What the server for this From is known not to do: better said now than later."""
    account = draft.identity.account
    if account is None:
        if routes.relay() is None and routes.split(envelope.everyone).elsewhere:
            raise UnsendableError("sender", _(routes.NO_RELAY))
        return
    if account.facts.get("smtputf8", 1):
        return
    for address, field in envelope.fields.items():
        if not address.isascii():
            sentence = _("%(server)s cannot send to “%(address)s”: it takes plain letters only.")
            words = {"server": account.host, "address": address}
            raise UnsendableError(field, sentence % words)


def _attached(draft: Draft) -> set[int]:
    return set(draft.attachments.values_list("pk", flat=True))


def _files(draft: Draft) -> None:
    limit = sizes.limit_of(draft.identity.account, sizes.allowed(draft.user))
    if sizes.of_draft(draft) > limit.size:
        raise UnsendableError("attachments", making.too_large(limit))


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
    if draft.from_address and not identities.accepts(identity, draft.from_address):
        sentence = _("“%(address)s” does not belong to this sender. Choose another.")
        raise UnsendableError("sender", sentence % {"address": draft.from_address})
    return identity
