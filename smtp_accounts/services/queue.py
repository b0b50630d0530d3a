"""Who may work on an outgoing row: claims by conditional UPDATE, with a lease and a fence.

Every hand-over of a row raises its fence. Whoever finds another fence than its own has been
replaced and must not touch the row any more.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Prefetch, Q, QuerySet

from connectivity.models import Feature
from connectivity.services import features
from smtp_accounts.models import OutboxMessage, OutboxRecipient, OutboxState, RecipientState
from smtp_accounts.refusals import LATEST
from smtp_accounts.retry import PAUSING
from smtp_accounts.services import limits

CLAIM_LEASE = timedelta(minutes=2)
"""How long a hint may take from the claim to a free worker."""
SEND_LIMIT = 600.0
"""Seconds one hand-over to a server may take."""
SEND_LEASE = timedelta(seconds=SEND_LIMIT + 300)
BATCH = 50
AHEAD = 20
"""How many messages a worker looks at together before it begins the first of them."""
CLOCKS = timedelta(minutes=10)
"""How far the clocks of two machines may be apart."""
LONGEST_UNDO = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=24)
"""No retry waits longer (`limits.free_at` at most, as the others are shorter)."""

_ASKED_OF_ACCOUNTS = (
    "account__host",
    "account__email",
    "account__daily_limit",
    "account__next_at",
)

Claim = tuple[int, int]


class LostClaimError(Exception):
    """Somebody else works on the row now."""


def claim_due(*, now: datetime) -> list[Claim]:
    """Claim what is due, oldest first; (id, fence) of each row to hint at.

    No more of one account than may be on their way at once: whoever works on one of them goes on
    with the others over the same connection (`due_behind`). Where the sign-in was refused last,
    one message asks for all.
    """
    expire(now=now)
    claims: list[Claim] = []
    busy = _busy(now)
    full: set[int | None] = set()
    while len(claims) < BATCH:
        due = _without(_due(now), full).select_related("account").order_by("not_before", "pk")
        before = len(claims), len(full)
        for row in due.only("fence", *_ASKED_OF_ACCOUNTS)[: BATCH - len(claims)]:
            asks = row.account is not None and row.account.next_at is not None
            if busy[row.account_id] >= (1 if asks else limits.of(row.account).connections):
                full.add(row.account_id)
            elif _claim(row.pk, row.fence, now):
                busy[row.account_id] += 1
                claims.append((row.pk, row.fence + 1))
        if before == (len(claims), len(full)):
            break
    return claims


def _busy(now: datetime) -> Counter[int | None]:
    """How many messages of each account are on their way."""
    working = OutboxMessage.objects.filter(state=OutboxState.SENDING, lease_until__gte=now)
    found = working.order_by().values_list("account").annotate(Count("pk"))
    return Counter(dict(found))


def _without(rows: QuerySet[OutboxMessage], accounts: set[int | None]) -> QuerySet[OutboxMessage]:
    if None in accounts:
        rows = rows.exclude(account=None)
    return rows.exclude(account__in=accounts - {None})


def _claim(pk: int, fence: int, now: datetime) -> bool:
    # Without a join: the condition has to hold for the row as it is when it is locked.
    row = OutboxMessage.objects.filter(_is_due(now), pk=pk, fence=fence)
    return bool(
        row.update(state=OutboxState.SENDING, fence=F("fence") + 1, lease_until=now + CLAIM_LEASE)
    )


def due_behind(message: OutboxMessage, *, now: datetime) -> list[OutboxMessage]:
    """What is due for the same account, oldest first, with recipients; not claimed."""
    same = _due(now).filter(account=message.account_id, is_local_from=message.is_local_from)
    return list(_whole(same).order_by("not_before", "pk")[:AHEAD])


def start_due(message: OutboxMessage, *, now: datetime) -> bool:
    """Claim what `due_behind` found and begin work on it; False where it is not as it was then.

    One statement: inside the transaction that records how the message before it ended, it costs
    no transaction of its own.
    """
    seen = OutboxMessage.objects.filter(
        pk=message.pk,
        fence=message.fence,
        state=message.state,
        not_before=message.not_before,
        account=message.account_id,
    )
    if not _begin(seen, now):
        return False
    message.state = OutboxState.SENDING
    message.fence += 1
    message.attempts += 1
    return True


def expire(*, now: datetime) -> int:
    """Rows whose worker vanished after the message may have gone out become uncertain."""
    with transaction.atomic():
        lost = OutboxMessage.objects.filter(
            _is_over(now), state=OutboxState.SENDING, dot_sent_at__isnull=False
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
    if not _begin(claimed, now):
        return None
    return _whole(OutboxMessage.objects.all()).get(pk=outbox_id)


def _begin(row: QuerySet[OutboxMessage], now: datetime) -> int:
    return row.update(
        state=OutboxState.SENDING,
        fence=F("fence") + 1,
        lease_until=now + SEND_LEASE,
        attempts=F("attempts") + 1,
    )


def _whole(rows: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage]:
    """With all that an attempt asks of it, but for its account, which it looks at itself."""
    to = Prefetch("recipients", queryset=OutboxRecipient.objects.order_by("pk"))
    related = ("user__domain", "identity__sent_folder", "blob__segment")
    return rows.select_related(*related).prefetch_related(to)


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


def take_back(message: OutboxMessage) -> bool:
    """Take over again what was declared uncertain while its answer was on the way.

    Only where nobody has touched it since: whoever saw it as uncertain may have sent it again.
    """
    given_up = OutboxMessage.objects.filter(
        pk=message.pk,
        fence=message.fence + 1,
        state=OutboxState.UNKNOWN,
        dot_sent_at=message.dot_sent_at,
        dismissed_at=None,
    )
    if not given_up.update(state=OutboxState.SENDING, fence=F("fence") + 1, ended_at=None):
        return False
    message.fence += 2
    return True


def give_back(
    message: OutboxMessage, *, cause: str, now: datetime, until: datetime | None = None
) -> None:
    """Put the row back untried; it is claimed again once nothing holds it back, or from `until`."""
    hold(message).update(
        state=OutboxState.RETRY,
        lease_until=None,
        attempts=F("attempts") - 1,
        not_before=until or now,
        cause=cause,
    )


def _due(now: datetime) -> QuerySet[OutboxMessage]:
    rows = OutboxMessage.objects.filter(_is_due(now), user__is_active=True, user__delete_after=None)
    off = features.switched_off_domains(Feature.SMTP_ACCOUNTS)
    # Through an account: only one that exists, may be tried, and is not switched off.
    ready = Q(account__isnull=False) & _may_be_tried(now)
    if off is None:
        return rows.filter(is_local_from=True)
    if off:
        ready &= ~Q(user__domain__in=off)
    return rows.filter(Q(is_local_from=True) | ready)


def _may_be_tried(now: datetime) -> Q:
    """The same as `refusals.Standing.is_held`, the other way round."""
    at_its_time = Q(account__next_at__lte=now) | Q(account__next_at__gt=now + LATEST)
    return at_its_time | (Q(account__next_at=None) & ~Q(account__cause__in=PAUSING))


def _is_due(now: datetime) -> Q:
    waiting = Q(state__in=(OutboxState.QUEUED, OutboxState.RETRY), not_before__lte=now)
    lost = Q(state=OutboxState.SENDING, dot_sent_at=None)
    return waiting | (lost & _is_over(now)) | _was_another_time(now)


def _is_over(now: datetime) -> Q:
    """Leases that have run out, and those so long that a clock must have been wrong."""
    return Q(lease_until__lt=now) | Q(lease_until__gt=now + SEND_LEASE + CLOCKS)


def _was_another_time(now: datetime) -> Q:
    """What waits longer than anything is made to wait: the clock went back meanwhile."""
    undo = Q(state=OutboxState.QUEUED, is_scheduled=False, not_before__gt=now + LONGEST_UNDO)
    return undo | Q(state=OutboxState.RETRY, not_before__gt=now + LONGEST_WAIT + CLOCKS)
