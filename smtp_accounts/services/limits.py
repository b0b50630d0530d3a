"""How much may go through an account: connections, messages on each, recipients a day.

What its provider publishes is in `connectivity.providers`; a daily limit of the account's own, set
by its owner, comes before the provider's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet

from connectivity import providers
from smtp_accounts.models import (
    OutboxMessage,
    OutboxRecipient,
    OutboxState,
    RecipientState,
    SmtpAccount,
)

DAY = timedelta(hours=24)
CONNECTIONS = 4
"""To one account or the relay at once, where its provider says nothing."""
PER_CONNECTION = 100
BRIEFLY = timedelta(minutes=1)
OPEN = (RecipientState.PENDING, RecipientState.DEFERRED)
"""Of recipients who have neither got a message nor been refused."""
_COUNTED = (RecipientState.ACCEPTED, RecipientState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Limits:
    """`per_day` counts recipients in 24 hours; None where nobody has named a limit."""

    connections: int = CONNECTIONS
    per_connection: int = PER_CONNECTION
    per_day: int | None = None


def of(account: SmtpAccount | None) -> Limits:
    """The limits of an account; without one, those of the installation's own relay."""
    if account is None:
        return Limits()
    provider = providers.by_host(account.host)
    caps = provider.sending if provider is not None else providers.SendingCaps()
    # Companies whose mail the same provider keeps have limits of their own.
    is_own = provider is not None and account.email.rpartition("@")[2].lower() in provider.domains
    return Limits(
        connections=caps.connections or CONNECTIONS,
        per_connection=caps.per_connection or PER_CONNECTION,
        per_day=account.daily_limit or (caps.per_day if is_own else 0) or None,
    )


def of_provider(account: SmtpAccount) -> int | None:
    """Recipients in 24 hours its provider allows, whatever its owner set; None: not known."""
    return of(SmtpAccount(host=account.host, email=account.email)).per_day


def left(account: SmtpAccount | None, *, now: datetime) -> int | None:
    """How many more recipients may be written to now; None: as many as one likes."""
    per_day = of(account).per_day
    if account is None or per_day is None:
        return None
    return max(per_day - _counted(account, now).count(), 0)


def held_until(
    message: OutboxMessage, account: SmtpAccount, wanted: int, *, now: datetime
) -> datetime | None:
    """When there is room for a message that was begun; None where there is now.

    Inside the transaction that puts it back where there is none. One worker asks at a time, and
    counts what every other one is sending or about to begin: of two that meet at the last place
    the first to ask steps back, and the other one goes. A message for more recipients than a day
    allows goes out when nothing else has used up any.
    """
    per_day = of(account).per_day
    if per_day is None:
        return None
    list(SmtpAccount.objects.select_for_update(no_key=True).filter(pk=account.pk).values_list("pk"))
    # One statement, so that what is just being recorded is counted as one or the other.
    going = Q(outbox__state=OutboxState.SENDING, state__in=OPEN) & ~Q(outbox=message.pk)
    used = Q(_recent(now), state__in=_COUNTED)
    rows = OutboxRecipient.objects.filter(going | used, outbox__account=account)
    found = rows.aggregate(all=Count("pk"), going=Count("pk", filter=going))
    if not found["all"] or wanted <= per_day - found["all"]:
        return None
    # What others are just sending may not be taken; then there is room after all.
    return now + BRIEFLY if found["going"] else free_at(account, now=now)


def free_at(account: SmtpAccount, *, now: datetime) -> datetime:
    """When the first of the last day's recipients counts no more."""
    ended = _counted(account, now).exclude(outbox__ended_at=None)
    first = ended.order_by("outbox__ended_at").values_list("outbox__ended_at", flat=True).first()
    return (first or now) + DAY


def _counted(account: SmtpAccount, now: datetime) -> QuerySet[OutboxRecipient]:
    return OutboxRecipient.objects.filter(_recent(now), outbox__account=account, state__in=_COUNTED)


def _recent(now: datetime) -> Q:
    return Q(outbox__ended_at=None) | Q(outbox__ended_at__gt=now - DAY)
