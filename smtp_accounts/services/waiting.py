"""What its sender sees of mail that is on its way, and may still do about it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from mailstore.services import blobs, locks
from mailstore.services.blobs import BlobUnreadable
from smtp_accounts import addresses, retry
from smtp_accounts.models import (
    Draft,
    OutboxMessage,
    OutboxState,
    RecipientState,
    SmtpAccount,
)
from smtp_accounts.services import sent


def shown(user: User) -> list[OutboxMessage]:
    """The outbox, newest first, with recipients and accounts."""
    related = ("account__source", "identity")
    found = rows(user).select_related(*related)
    return list(found.prefetch_related("recipients").order_by("-id")[:200])


def rows(user: User) -> QuerySet[OutboxMessage]:
    """What the outbox shows."""
    return OutboxMessage.objects.shown().filter(user=user)


def needing(user: User) -> QuerySet[OutboxMessage]:
    """What of it waits for its sender to do something."""
    needs = Q(state__in=(OutboxState.REFUSED, OutboxState.UNKNOWN)) | Q(
        state=OutboxState.RETRY,
        account__cause__in=retry.PAUSING,
        account__refused_since=None,
    )
    gone = Q(state=OutboxState.RETRY, account=None, is_local_from=False)
    return rows(user).filter(needs | gone)


def cancel(*, message: OutboxMessage, now: datetime) -> Draft | None:
    """Take a waiting message back; its draft is open again. None when it is already going out."""
    with transaction.atomic():
        waiting = OutboxMessage.objects.filter(
            pk=message.pk, state__in=(OutboxState.QUEUED, OutboxState.RETRY)
        )
        if not waiting.update(
            state=OutboxState.CANCELLED, ended_at=now, draft=None, draft_key=None
        ):
            return None
        return _reopen(message, _missed(message), now)


def edit_again(*, message: OutboxMessage, now: datetime) -> Draft | None:
    """Open the draft of a refused or uncertain message again, for those it did not reach."""
    return edit_for(message=message, recipients=_missed(message), now=now)


def edit_for(*, message: OutboxMessage, recipients: Collection[str], now: datetime) -> Draft | None:
    """Open the draft of a refused or uncertain message again, for these of its recipients."""
    with transaction.atomic():
        ended = OutboxMessage.objects.filter(
            pk=message.pk,
            state__in=(OutboxState.REFUSED, OutboxState.UNKNOWN),
            draft__isnull=False,
        )
        if not ended.update(dismissed_at=now, draft=None, draft_key=None):
            return None
        return _reopen(message, recipients, now)


def _missed(message: OutboxMessage) -> list[str]:
    """The recipients who have not received it yet."""
    others = message.recipients.exclude(state=RecipientState.ACCEPTED)
    return list(others.order_by("pk").values_list("address", flat=True))


def _reopen(message: OutboxMessage, recipients: Collection[str], now: datetime) -> Draft | None:
    """Give the draft back, addressed to these alone, each in the field it was written in.

    A time to go out is kept as long as it is still to come.
    """
    if message.draft_id is None:
        return None
    draft = Draft.objects.get(pk=message.draft_id)
    draft.submitted_at = None
    draft.send_at = draft.send_at if draft.send_at and draft.send_at > now else None
    wanted = {address.casefold() for address in recipients}
    if message.recipients.count() > len(wanted):
        for name in ("to", "cc", "bcc"):
            kept = [
                str(mailbox)
                for mailbox in addresses.parse(getattr(draft, name)).mailboxes
                if mailbox.address.casefold() in wanted
            ]
            setattr(draft, name, ", ".join(kept))
        # A window from before still holds everybody.
        draft.version += 1
    draft.save(update_fields=["submitted_at", "send_at", "to", "cc", "bcc", "version"])
    return draft


def reschedule(*, message: OutboxMessage, at: datetime) -> bool:
    """Send a scheduled message at another time; False when it is on its way already."""
    waiting = OutboxMessage.objects.filter(
        pk=message.pk, state=OutboxState.QUEUED, is_scheduled=True
    )
    with transaction.atomic():
        moved = waiting.update(not_before=at, due_since=at)
        if moved and message.draft_id:  # whoever takes it back finds the time it had last
            Draft.objects.filter(pk=message.draft_id).update(send_at=at)
    return bool(moved)


def send_now(*, message: OutboxMessage, now: datetime) -> bool:
    """Let a message that is scheduled, or can still be undone, leave; False when it did."""
    waiting = OutboxMessage.objects.filter(
        pk=message.pk, state=OutboxState.QUEUED, not_before__gt=now
    )
    with transaction.atomic():
        # It stays a scheduled one until it is released, which gives it its Date.
        moved = waiting.update(not_before=now, due_since=now)
        if moved and message.draft_id:
            Draft.objects.filter(pk=message.draft_id).update(send_at=None)
    return bool(moved)


def send_again(*, message: OutboxMessage, now: datetime) -> bool:
    """Try at once, by the sender's own decision; False when it is not a case for that.

    Recipients that accepted it are left out. The Message-ID stays, so that a copy that did
    arrive is recognised as the same message by the other side.
    """
    with transaction.atomic():
        stopped = OutboxMessage.objects.filter(
            pk=message.pk,
            state__in=(OutboxState.RETRY, OutboxState.REFUSED, OutboxState.UNKNOWN),
            # What was put away, or opened again to be edited, is not sent beside that.
            dismissed_at=None,
        )
        if not stopped.update(
            state=OutboxState.QUEUED,
            not_before=now,
            due_since=now,
            attempts=0,
            dot_sent_at=None,
            ended_at=None,
            cause="",
            cause_text="",
            server_line="",
        ):
            return False
        message.recipients.exclude(state=RecipientState.ACCEPTED).update(
            state=RecipientState.PENDING, reply=""
        )
        # Its account is asked again, too, unless it is paused.
        if message.account_id is not None:
            account = SmtpAccount.objects.filter(pk=message.account_id)
            account.exclude(refused_since=None).update(next_at=now)
    return True


def it_arrived(*, message: OutboxMessage, now: datetime) -> bool:
    """The sender has found out that an uncertain message arrived: it counts as sent.

    Where its stored bytes are damaged there is no copy in Sent (`OutboxMessage.sent_copy`).
    """
    try:
        copy = sent.prepare_copy(message, blobs.body(message.blob), now=now)
    except BlobUnreadable:
        copy = None
    with transaction.atomic():
        locks.hold(message.user_id)
        uncertain = OutboxMessage.objects.filter(
            pk=message.pk, state=OutboxState.UNKNOWN, dismissed_at=None
        )
        if not uncertain.update(state=OutboxState.SENT, ended_at=now, draft=None):
            return False
        message.recipients.filter(state=RecipientState.UNKNOWN).update(
            state=RecipientState.ACCEPTED
        )
        if copy is not None:
            sent.file_copy(message, copy, now=now)
        if message.draft_id:
            Draft.objects.filter(pk=message.draft_id).delete()
    return True


def dismiss(*, message: OutboxMessage, now: datetime) -> bool:
    """Put a message that ended badly away; False while it can still go out, or is edited again."""
    ended = OutboxMessage.objects.filter(
        pk=message.pk,
        state__in=(OutboxState.REFUSED, OutboxState.UNKNOWN),
        dismissed_at=None,
    )
    done = ended.update(dismissed_at=now, draft=None)
    if done and message.draft_id:
        Draft.objects.filter(pk=message.draft_id).delete()
    return bool(done)


def starts_at(message: OutboxMessage) -> datetime:
    """When it is tried next, by itself or as one of those that wait for its account."""
    if message.is_local_from or message.account is None or message.account.next_at is None:
        return message.not_before
    return max(message.not_before, message.account.next_at)


def is_held(message: OutboxMessage, *, enabled: bool, tried_at: datetime | None = None) -> str:
    """The cause id that keeps a waiting message back, empty when it is simply not its time.

    `enabled`: whether the user may use SMTP accounts; asked once for a whole list. `tried_at` is
    a worker's: at its time even a paused account is tried, and before that none that was refused.
    """
    if message.is_local_from:
        return ""
    if message.account is None:
        return "account-gone"
    standing = message.account.standing
    if standing.is_paused if tried_at is None else standing.is_held(tried_at):
        return standing.cause
    return "" if enabled else "feature-off"
