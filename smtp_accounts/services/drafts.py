"""Drafts: saved while written, found again, discarded and brought back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import User
from mailstore.models import Message
from mailstore.services import blobs
from protocols.body import Body
from smtp_accounts import outgoing_html, plain_text
from smtp_accounts.build import MESSAGE, content_type, safe_filename
from smtp_accounts.models import Draft, DraftAttachment, Identity, Importance, OutboxMessage
from smtp_accounts.services import sizes

TooLargeError = sizes.TooLargeError
KEEP_DISCARDED = timedelta(hours=1)
MAX_ATTACHMENTS = 100


@dataclass(frozen=True, slots=True)
class DraftValues:
    """What the compose window holds.

    `from_address`: the exact address to write from where it is not the identity's own. `html` is
    as the browser sent it; where there is any, `body` is made of it.
    """

    identity: Identity
    to: str = ""
    cc: str = ""
    bcc: str = ""
    subject: str = ""
    body: str = ""
    kind: str = "new"
    original: Message | None = None
    from_address: str = ""
    identity_reason: str = ""
    is_by_hand: bool = False
    html: str = ""
    importance: str = Importance.NORMAL
    wants_receipt: bool = False
    wants_dsn: bool = False
    send_at: datetime | None = None
    remind_after: int = 0


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to put into a draft. `content_id`: it is a picture that stands in the text.

    `is_message`: a whole message that goes along as one (RFC 2046 section 5.2.1).
    """

    filename: str
    content_type: str
    body: Body
    content_id: str = ""
    is_message: bool = False


class ConflictError(Exception):
    """The draft was changed elsewhere since this window read it. `draft` is what is stored."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(f"draft {draft.pk} is at version {draft.version}")
        self.draft = draft


class SubmittedError(Exception):
    """The draft has been handed to the outbox; it can no longer be changed.

    `message` went out with the very words that were to be saved; None: with others, as far as is
    known.
    """

    def __init__(self, message: OutboxMessage | None = None) -> None:
        super().__init__("the draft was sent")
        self.message = message


class SenderGoneError(Exception):
    """The identity to write as was deleted while the window was open."""


class TooManyFilesError(Exception):
    """The draft would have more than `MAX_ATTACHMENTS` files."""


def open_drafts(user: User) -> list[Draft]:
    """The user's drafts, the one changed last first, their identities fetched along."""
    drafts = Draft.objects.open().filter(user=user).select_related("identity__account__source")
    return list(drafts.order_by("-changed_at", "-pk")[:500])


def count(user: User) -> int:
    """How many drafts the user has."""
    return Draft.objects.open().filter(user=user).count()


def save(*, user: User, key: UUID, values: DraftValues, version: int, now: datetime) -> Draft:
    """Store what the window holds. `version` is the one the window last saw, 0 for none.

    Raises `ConflictError` when another window was faster, `SubmittedError` when it is too late,
    `SenderGoneError` when there is no such identity any more. A message answered that is gone is
    left out.
    """
    try:
        return _save(user, key, values, version, now)
    except IntegrityError:
        # The database says it when the transaction ends; what it points at may go any moment.
        original = values.original
        if original is not None and not Message.objects.filter(pk=original.pk).exists():
            left = replace(values, original=None)
            return save(user=user, key=key, values=left, version=version, now=now)
        if not Identity.objects.filter(pk=values.identity.pk).exists():
            raise SenderGoneError from None
        raise


def _save(user: User, key: UUID, values: DraftValues, version: int, now: datetime) -> Draft:
    fields = _fields(values)
    draft = Draft.objects.filter(user=user, key=key).first()
    if draft is None:
        if OutboxMessage.objects.filter(user=user, draft_key=key).exists():
            # Sent and through: a repeated request, or a window that was left open, sends it once.
            raise SubmittedError
        try:
            with transaction.atomic():
                return Draft.objects.create(user=user, key=key, version=1, changed_at=now, **fields)
        except IntegrityError:
            # Two first saves of one window; the other one won. (Another user's key ends here too.)
            draft = Draft.objects.filter(user=user, key=key).first()
            if draft is None:
                raise
    changed = Draft.objects.filter(pk=draft.pk, version=version, submitted_at=None).update(
        version=F("version") + 1, changed_at=now, discarded_at=None, **fields
    )
    try:
        draft.refresh_from_db()
    except Draft.DoesNotExist:
        raise SubmittedError from None
    if draft.submitted_at is not None:
        sent = draft.outbox.order_by("-id").first()
        raise SubmittedError(sent if _holds(draft, fields) else None)
    if not changed and not _holds(draft, fields):
        raise ConflictError(draft)
    return draft


def attach(*, draft: Draft, uploads: Sequence[Upload], now: datetime) -> list[DraftAttachment]:
    """Add files to a draft.

    Raises `TooLargeError` or `TooManyFilesError` before anything is stored, `SubmittedError` where
    the message went out meanwhile, without them.
    """
    check_room(draft, [upload.body.size for upload in uploads])
    batch = blobs.write([upload.body for upload in uploads])
    with transaction.atomic():
        stored = blobs.adopt(batch)
        rows = [
            DraftAttachment(
                draft=draft,
                blob=blob,
                filename=safe_filename(upload.filename),
                content_type=MESSAGE if upload.is_message else content_type(upload.content_type),
                size=upload.body.size,
                content_id=upload.content_id,
            )
            for upload, blob in zip(uploads, stored, strict=True)
        ]
        if not Draft.objects.filter(pk=draft.pk, submitted_at=None).update(changed_at=now):
            raise SubmittedError
        DraftAttachment.objects.bulk_create(rows)
    return rows


def check_room(draft: Draft, extra: Sequence[int]) -> None:
    """Raises `TooLargeError` or `TooManyFilesError` where files of these sizes do not fit."""
    if len(sizes.files_of(draft)) + draft.uploads.count() + len(extra) > MAX_ATTACHMENTS:
        raise TooManyFilesError
    sizes.check(draft, extra)


def detach(*, draft: Draft, attachment_id: int) -> None:
    """Take a file out of a draft; one that is not there is no error."""
    DraftAttachment.objects.filter(draft=draft, pk=attachment_id).delete()


def discard(*, draft: Draft, now: datetime) -> None:
    """Put a draft away; `restore` brings it back within `KEEP_DISCARDED`."""
    Draft.objects.filter(pk=draft.pk, submitted_at=None).update(discarded_at=now)


def restore(*, draft: Draft) -> None:
    """Undo `discard`."""
    Draft.objects.filter(pk=draft.pk).update(discarded_at=None)


def sweep(*, now: datetime) -> int:
    """Forget drafts discarded longer ago than `KEEP_DISCARDED`; how many there were."""
    old = Draft.objects.filter(discarded_at__lt=now - KEEP_DISCARDED)
    return old.delete()[1].get("smtp_accounts.Draft", 0)


def is_empty(values: DraftValues) -> bool:
    """Whether there is nothing in it worth keeping."""
    return not any(
        text.strip()
        for text in (values.to, values.cc, values.bcc, values.subject, values.body, values.html)
    )


def _fields(values: DraftValues) -> dict[str, object]:
    html = outgoing_html.clean(values.html)
    return {
        "identity": values.identity,
        "from_address": values.from_address,
        "identity_reason": values.identity_reason,
        "is_by_hand": values.is_by_hand,
        "importance": values.importance,
        "wants_receipt": values.wants_receipt,
        "wants_dsn": values.wants_dsn,
        "send_at": values.send_at,
        "remind_after": values.remind_after,
        "to": values.to,
        "cc": values.cc,
        "bcc": values.bcc,
        "subject": values.subject[:998],
        "body": plain_text.from_clean_html(html) if html else values.body,
        "html": html,
        "kind": values.kind,
        "original": values.original,
    }


def _holds(draft: Draft, fields: Mapping[str, object]) -> bool:
    """Whether the stored draft already says the same: a repeated save is no conflict."""
    return all(getattr(draft, name) == value for name, value in fields.items())
