"""Taking back what was done to allowed and blocked senders; see `undoing`."""

from __future__ import annotations

from django.http import Http404
from django.utils import timezone

from accounts.access import domain_for
from accounts.models import User
from filtering.services import senders
from filtering.services.senders import SendersRefused


def gone(user: User, domain: int | None, sender: str, is_allowed: bool) -> None:
    """Have a rule again that was removed: one's own, or of a domain one still looks after."""
    if domain is not None and not user.is_domain_admin:
        raise Http404
    owner = user if domain is None else domain_for(user, domain)
    try:
        senders.add(owner, [sender], allowed=is_allowed, actor=user, now=timezone.now())
    except SendersRefused:
        # So many were added meanwhile that there is no room.
        return


def new(user: User, sender: str, before: bool | None) -> None:
    """Have of a sender the rule there was before, or none."""
    now = timezone.now()
    if before is None:
        senders.remove(user, [sender], actor=user, now=now)
    else:
        senders.add(user, [sender], allowed=before, actor=user, now=now)
