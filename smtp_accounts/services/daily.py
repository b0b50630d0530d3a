"""How many messages a person may send in 24 hours, over all ways out together.

It is an administrator's limit (`accounts.services.limits`); those of the accounts and their
providers count recipients and stand beside it (`smtp_accounts.services.limits`).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.models import Domain, User
from accounts.services import limits as allowances
from smtp_accounts.models import OutboxMessage, OutboxRecipient, OutboxState, RecipientState
from smtp_accounts.services.limits import BRIEFLY, DAY

_GONE_OUT = (RecipientState.ACCEPTED, RecipientState.UNKNOWN)


def allowed(domains: Collection[int]) -> dict[int, int | None]:
    """Messages in 24 hours a person of each of these domains may send; None: not limited."""
    return {domain: allowances.of(domain).daily_sends for domain in set(domains)}


def held_until(message: OutboxMessage, most: int, *, now: datetime) -> datetime | None:
    """When a message that was begun may go out; None where it may now.

    Inside the transaction that puts it back where it may not. One worker asks at a time for a
    person, and counts what every other one is sending or about to begin: of two that meet at the
    last place the first to ask steps back, and the other one goes. What reached some of its
    recipients counted then, and goes on. Nobody's words (RFC 3834) do not count.
    """
    if message.is_automatic:
        return None
    list(User.objects.select_for_update(no_key=True).filter(pk=message.user_id).values_list("pk"))
    own = _of(message.user_id).exclude(pk=message.pk)
    going = Q(state=OutboxState.SENDING)
    # One statement, so that what is just being recorded is counted as one or the other.
    gone = _is_gone() & _recent(now)
    busy = dict(own.filter(going | gone).values_list("pk", "state"))
    if len(busy) < most or _is_begun(message):
        return None
    if OutboxState.SENDING in busy.values():
        # Others that are just sending may not be taken; then there is room after all.
        return now + BRIEFLY
    return _free_at(own.filter(gone), most, now)


def wake(*, now: datetime, domain: Domain | None) -> int:
    """Look again at once at what waits for room; of a domain, or everybody. How many there are."""
    waiting = OutboxMessage.objects.filter(state=OutboxState.RETRY, cause="daily-sends")
    if domain is not None:
        waiting = waiting.filter(user__domain=domain)
    return waiting.filter(not_before__gt=now).update(not_before=now)


def _free_at(gone: QuerySet[OutboxMessage], most: int, now: datetime) -> datetime:
    """When so many of the last day's messages count no more that there is room for one."""
    ended = gone.exclude(ended_at=None).order_by("ended_at").values_list("ended_at", flat=True)
    over = max(gone.count() - most, 0)
    found = list(ended[over : over + 1])
    return (found[0] or now) + DAY if found else now + DAY


def _of(user: int) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(user=user, is_automatic=False)


def _is_gone() -> Q:
    """Whether somebody has got it, or may have."""
    got = OutboxRecipient.objects.filter(outbox=OuterRef("pk"), state__in=_GONE_OUT)
    return Q(Exists(got))


def _recent(now: datetime) -> Q:
    return Q(ended_at=None) | Q(ended_at__gt=now - DAY)


def _is_begun(message: OutboxMessage) -> bool:
    return message.recipients.filter(state__in=_GONE_OUT).exists()
