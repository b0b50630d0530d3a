"""What leans on the addresses a person writes from, and its way over to another one (A198)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from smtp_accounts.models import Draft, Identity, OutboxMessage, OutboxState
from smtp_accounts.services import identities, resigning, waiting

WAITING = (OutboxState.QUEUED, OutboxState.RETRY, OutboxState.SENDING)
_HELD = (OutboxState.QUEUED, OutboxState.RETRY)
_RETURNED = (OutboxState.REFUSED, OutboxState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Dependents:
    """What would be left without a sender.

    ``drafts`` counts what is written and what was refused and can be edited and sent again;
    ``scheduled`` are of ``waiting`` those for later.
    """

    is_default: bool
    drafts: int
    waiting: int
    scheduled: int = 0

    @property
    def any(self) -> bool:
        return self.is_default or bool(self.drafts) or bool(self.waiting)


class ReplacementNeededError(Exception):
    """It is in use and nothing was named to take its place."""


def dependents(rows: Collection[Identity]) -> Dependents:
    """What leans on these identities."""
    # A receipt, which nobody wrote, goes with its address.
    written = OutboxMessage.objects.filter(identity__in=rows, is_automatic=False)
    unsent = written.filter(state__in=WAITING)
    return Dependents(
        is_default=any(row.is_default for row in rows),
        drafts=_drafts(rows),
        waiting=unsent.count(),
        scheduled=unsent.filter(is_scheduled=True).count(),
    )


def _drafts(rows: Collection[Identity]) -> int:
    returned = Q(outbox__state__in=_RETURNED, outbox__dismissed_at=None)
    mine = Draft.objects.filter(identity__in=rows)
    return mine.filter(Q(submitted_at=None, discarded_at=None) | returned).distinct().count()


def hand_over(user: User, rows: Collection[Identity], to: Identity) -> None:
    """Give all of it to another identity of the same user. Inside the caller's transaction.

    Waiting mail goes back to its draft (`take_back`).
    """
    take_back(rows)
    mine = Draft.objects.filter(identity__in=rows)
    resigning.sign_as(mine.exclude(identity=to).select_related("identity"), to)
    mine.update(identity=to, from_address="", identity_reason="", version=F("version") + 1)
    if any(row.is_default for row in rows):
        identities.set_default(user, to)


def take_back(rows: Collection[Identity]) -> int:
    """Take what waits to be sent as these identities back to its drafts; how many there were.

    Mail that is already built keeps the From it was built with, so the person looks at it before
    it is sent as somebody else, to those who have not got it. A receipt has no draft. Inside the
    caller's transaction.
    """
    held = OutboxMessage.objects.filter(identity__in=rows, state__in=_HELD)
    written = held.filter(Q(draft__isnull=False) | Q(is_automatic=True)).order_by("pk")
    found = [waiting.cancel(message=message, now=timezone.now()) for message in written]
    return sum(draft is not None for draft in found)
