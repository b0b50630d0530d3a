"""Taking back what was done to filters; see `undoing`."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone

from accounts.access import domain_for
from accounts.models import User
from filtering.services import filters
from filtering.services.filters import FilterRefused


def gone(user: User, domain: int | None, kept: dict[str, Any]) -> None:
    """Have a filter again that was deleted: one's own, or of a domain one still looks after."""
    if domain is not None and not user.is_domain_admin:
        raise Http404
    owner = user if domain is None else domain_for(user, domain)
    try:
        filters.restore(owner, kept, actor=user, now=timezone.now())
    except FilterRefused:
        # So many were made meanwhile that there is no room.
        return
