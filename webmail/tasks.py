"""Celery's way in for what belongs to no room below."""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone

from accounts.services import audit
from lib.queue import shared_task


@shared_task(name="webmail.tasks.tidy_audit")
def tidy_audit() -> int:
    """Remove lines of the audit log that are older than AUDIT_DAYS; how many went."""
    return audit.tidy(now=timezone.now(), days=settings.AUDIT_DAYS)
