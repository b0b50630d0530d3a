"""Celery's way in. The row is the queue: hints may be lost, repeated or reordered."""

from __future__ import annotations

from django.utils import timezone
from django.utils.module_loading import import_string

from lib.queue import shared_task
from smtp_accounts.services import (
    drafts,
    forgetting,
    forwarding,
    queue,
    reports,
    rounds,
    sent,
    system_mail,
    uploads,
)


@shared_task
def dispatch_due() -> int:
    """Claim what is due and hint at each row; how many. Runs every few seconds."""
    now = timezone.now()
    claims = queue.claim_due(now=now)
    for outbox_id, fence in claims:
        deliver.delay(outbox_id=outbox_id, fence=fence)
    # After the hints, so that nothing that goes wrong here keeps mail from leaving.
    sent.make_up(now=now)
    forwarding.send_due(now=now)
    reports.read_due(now=now)
    drafts.sweep(now=now)
    return len(claims)


@shared_task
def deliver(*, outbox_id: int, fence: int) -> str:
    """Try a claimed message and what is due behind it; its state, "stale" for an old hint."""
    state = rounds.deliver(outbox_id=outbox_id, fence=fence, clock=timezone.now)
    return str(state or "stale")


@shared_task
def send_system_mail() -> int:
    """Send what the system itself has to write; how many messages. Runs every few seconds."""
    return system_mail.send_due(now=timezone.now())


@shared_task
def sweep_uploads() -> int:
    """Forget files that never came whole; how many. Runs every hour, as other tidying does."""
    forgetting.forget_sent()
    system_mail.tidy(now=timezone.now())
    forwarding.tidy(now=timezone.now())
    return uploads.sweep(now=timezone.now())


@shared_task
def align(*, user_id: int) -> int:
    """Ask DNS about addresses of a person that are new or changed; how many there were."""
    # By name: most workers never ask DNS anything, and what asks it takes its time to load.
    check_due = import_string("smtp_accounts.services.aligning.check_due")
    return int(check_due(user_id=user_id, now=timezone.now()))
