"""Who may work on an outgoing row: claims by conditional UPDATE, with a lease and a fence.

Every hand-over of a row raises its fence. Whoever finds another fence than its own has been
replaced and must not touch the row any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from connectivity.models import Feature
from connectivity.services import features
from smtp_accounts.models import OutboxMessage, OutboxRecipient, OutboxState, RecipientState
from smtp_accounts.retry import PAUSING

CLAIM_LEASE = timedelta(minutes=2)
"""How long a hint may take from the claim to a free worker."""
SEND_LIMIT = 600.0
"""Seconds one hand-over to a server may take."""
SEND_LEASE = timedelta(seconds=SEND_LIMIT + 300)
BATCH = 50

Claim = tuple[int, int]


class LostClaimError(Exception):
    """Somebody else works on the row now."""


def claim_due(*, now: datetime) -> list[Claim]:
    """Claim what is due, oldest first; (id, fence) of each row to hint at."""
    expire(now=now)
    claims: list[Claim] = []
    due = _due(now).order_by("not_before", "pk").values_list("pk", "fence")
    for pk, fence in list(due[:BATCH]):
        # Without a join: the condition has to hold for the row as it is when it is locked.
        claimed = OutboxMessage.objects.filter(_is_due(now), pk=pk, fence=fence)
        if claimed.update(
            state=OutboxState.SENDING, fence=F("fence") + 1, lease_until=now + CLAIM_LEASE
        ):
            claims.append((pk, fence + 1))
    return claims


def expire(*, now: datetime) -> int:
    """Rows whose worker vanished after the message may have gone out become uncertain."""
    with transaction.atomic():
        lost = OutboxMessage.objects.filter(
            state=OutboxState.SENDING, lease_until__lt=now, dot_sent_at__isnull=False
        )
        ids = list(lost.values_list("pk", flat=True))
        if not ids:
            return 0
        count = lost.filter(pk__in=ids).update(
            state=OutboxState.UNKNOWN,
            fence=F("fence") + 1,
            lease_until=None,
            cause="answer-lost",
            ended_at=now,
        )
        OutboxRecipient.objects.filter(
            outbox__in=ids,
            outbox__state=OutboxState.UNKNOWN,
            state__in=(RecipientState.PENDING, RecipientState.DEFERRED),
        ).update(state=RecipientState.UNKNOWN)
    return count


def start(*, outbox_id: int, fence: int, now: datetime) -> OutboxMessage | None:
    """Begin work on a claimed row; None when the hint is old or somebody else has begun.

    The fence rises here too, so a hint delivered twice starts one worker only.
    """
    claimed = OutboxMessage.objects.filter(
        pk=outbox_id, fence=fence, state=OutboxState.SENDING, dot_sent_at=None, lease_until__gte=now
    )
    if not claimed.update(
        fence=F("fence") + 1, lease_until=now + SEND_LEASE, attempts=F("attempts") + 1
    ):
        return None
    return OutboxMessage.objects.select_related(
        "user__domain", "account__credential", "blob__segment", "draft"
    ).get(pk=outbox_id)


def hold(message: OutboxMessage) -> QuerySet[OutboxMessage]:
    """The row, if it is still ours."""
    return OutboxMessage.objects.filter(
        pk=message.pk, fence=message.fence, state=OutboxState.SENDING
    )


def mark_dot(message: OutboxMessage, *, now: datetime) -> None:
    """Commit that the message is about to go out. Raises `LostClaimError`: then it must not."""
    if not hold(message).update(dot_sent_at=now):
        raise LostClaimError
    message.dot_sent_at = now


def give_back(message: OutboxMessage, *, cause: str, now: datetime) -> None:
    """Put the row back untried; it is claimed again once nothing holds it back."""
    hold(message).update(
        state=OutboxState.RETRY,
        lease_until=None,
        attempts=F("attempts") - 1,
        not_before=now,
        cause=cause,
    )


def _due(now: datetime) -> QuerySet[OutboxMessage]:
    rows = OutboxMessage.objects.filter(_is_due(now), user__is_active=True)
    off = features.switched_off_domains(Feature.SMTP_ACCOUNTS)
    # Through an account: only one that exists, is not paused, and is not switched off.
    ready = Q(account__isnull=False) & ~Q(account__cause__in=PAUSING)
    if off is None:
        return rows.filter(is_local_from=True)
    if off:
        ready &= ~Q(user__domain__in=off)
    return rows.filter(Q(is_local_from=True) | ready)


def _is_due(now: datetime) -> Q:
    waiting = Q(state__in=(OutboxState.QUEUED, OutboxState.RETRY), not_before__lte=now)
    return waiting | Q(state=OutboxState.SENDING, lease_until__lt=now, dot_sent_at=None)
