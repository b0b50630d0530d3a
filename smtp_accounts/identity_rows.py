"""The lines of the Identities page."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from smtp_accounts.alignment_words import Shown, shown
from smtp_accounts.models import Alignment, Identity, Signature
from smtp_accounts.services import identities
from smtp_accounts.services.identities import SendFrom


@dataclass(frozen=True, slots=True)
class Row:
    """One address with what belongs to it. ``is_removable``: it goes without its account."""

    entry: SendFrom
    signature: str
    is_removable: bool
    alignment: Shown | None = None

    @property
    def identity(self) -> Identity:
        return self.entry.identity


def rows_for(user: User, *, account_id: int | None = None) -> list[Row]:
    """Every address in the order of Send From, or those of one account; few queries."""
    now = timezone.now()
    asked = {
        one.identity_id: one
        for one in Alignment.objects.filter(identity__user=user).exclude(checked_at=None)
    }
    names = dict(Signature.objects.filter(user=user).values_list("pk", "name"))
    first = Signature.objects.filter(user=user, is_default=True).values_list("name", flat=True)
    default = first.first() or ""
    found: list[Row] = []
    seen: set[int | None] = {None}
    for entry in identities.send_from(user):
        identity = entry.identity
        # The first of an account is its own: the entries come in the order they were made.
        own = identity.account_id is None or identity.account_id not in seen
        seen.add(identity.account_id)
        if account_id is not None and identity.account_id != account_id:
            continue
        name = names.get(identity.signature_id or 0, default)
        row = asked.get(identity.pk)
        believed = shown(identity, now=now, row=row) if row is not None else None
        found.append(Row(entry, "" if identity.is_unsigned else name, not own, believed))
    return found
