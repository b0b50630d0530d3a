"""What went wrong with sent messages, for lists that show many of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from smtp_accounts.models import OutboxRecipient, RecipientState

_FAILED = Q(bounced_at__isnull=False) | Q(state=RecipientState.REFUSED)
# What a receiving server is still trying to pass on.
_LATE = Q(delayed_at__isnull=False, delivered_at=None, displayed_at=None)


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign at a line of a list, and what it says; ``is_bad``: it did not reach somebody."""

    words: str
    is_bad: bool


def rows(user: User) -> QuerySet[OutboxRecipient]:
    """The recipients whom the person's messages did not reach, or not yet."""
    return OutboxRecipient.objects.filter(_FAILED | _LATE, outbox__user=user)


def of(user: User, messages: Collection[int]) -> Mapping[int, Mark]:
    """The marks of the person's messages with these ids, where one is needed. One query at most."""
    found: dict[int, dict[bool, list[str]]] = defaultdict(lambda: {True: [], False: []})
    missed = rows(user).filter(outbox__sent_copy__in=messages).order_by("pk")
    told = missed.values_list("outbox__sent_copy", "address", "bounced_at", "state")
    for message, address, bounced_at, state in told:
        failed = bounced_at is not None or state == RecipientState.REFUSED
        found[message][failed].append(address)
    return {message: _mark(failed=said[True], late=said[False]) for message, said in found.items()}


def _mark(*, failed: list[str], late: list[str]) -> Mark:
    if len(failed) == 1:
        return Mark(_("Not delivered to %(address)s") % {"address": failed[0]}, is_bad=True)
    if failed:
        words = ngettext(
            "Not delivered to %(n)s recipient", "Not delivered to %(n)s recipients", len(failed)
        )
        return Mark(words % {"n": len(failed)}, is_bad=True)
    if len(late) == 1:
        return Mark(_("Delayed on its way to %(address)s") % {"address": late[0]}, is_bad=False)
    return Mark(_("Delayed on its way to several recipients"), is_bad=False)
