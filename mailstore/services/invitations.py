"""What a person answered to invitations, and which version of an event is the newest."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from accounts.models import User
from mailstore.invitation import MAX_UID, Invitation
from mailstore.models import InvitationAnswer, InvitationSeen, Message


def answer_of(user: User, event: Invitation) -> InvitationAnswer | None:
    """What was answered; an answer to a whole series holds for its days."""
    given = InvitationAnswer.objects.filter(user=user, uid=event.uid[:MAX_UID])
    found = given.filter(recurrence__in=("", event.occurrence)).order_by("-recurrence")
    return found.first()


def remember(user: User, event: Invitation, answer: str, *, now: datetime) -> InvitationAnswer:
    """Write an answer down; the one before it is kept for undoing."""
    place = {"user": user, "uid": event.uid[:MAX_UID], "recurrence": event.occurrence}
    row, is_new = InvitationAnswer.objects.get_or_create(**place, defaults={"answer": answer})
    row.before = "" if is_new else row.answer
    row.answer, row.sequence, row.answered_at = answer, event.sequence, now
    row.save(update_fields=["before", "answer", "sequence", "answered_at"])
    return row


def take_back(user: User, event: Invitation) -> None:
    """Give the answer before the last one back; none where there was none."""
    place = {"user": user, "uid": event.uid[:MAX_UID], "recurrence": event.occurrence}
    row = InvitationAnswer.objects.filter(**place).first()
    if row is None:
        return
    if not row.before:
        row.delete()
        return
    row.answer, row.before = row.before, ""
    row.save(update_fields=["answer", "before"])


def newer(user: User, message: Message, event: Invitation) -> InvitationSeen | None:
    """A later version of an event from the same organiser (RFC 5546 section 2.1.4), if one came.

    Another organiser's mail changes nothing: anybody may write a calendar with any UID.
    """
    if event.organiser is None or not event.uid:
        return None
    later = Q(sequence__gt=event.sequence)
    if event.stamp is not None:
        later |= Q(sequence=event.sequence, stamp__gt=event.stamp)
    return (
        InvitationSeen.objects.filter(
            later,
            user=user,
            uid=event.uid[:MAX_UID],
            organiser=event.organiser.address.lower(),
            recurrence__in=("", event.occurrence),
        )
        .filter(
            # A calendar can name any organiser; only those who wrote this one may replace it.
            Q(message__from_address__iexact=message.from_address)
            | Q(message__from_address__iexact=event.organiser.address)
        )
        .exclude(message=message)
        .select_related("message")
        .order_by("-sequence", "-stamp")
        .first()
    )
