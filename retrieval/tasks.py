"""Celery entry points: hints to look at rows, carrying ids only."""

from __future__ import annotations

from django.utils import timezone

from lib.queue import shared_task
from retrieval.services import dispatch, loading, pausing
from retrieval.services import pull as pulling

# Here and not during the first task: the processes of a worker share what was loaded before them.
loading.everything()


@shared_task(name="retrieval.tasks.dispatch_due")
def dispatch_due() -> int:
    """Claim what is due and hint a worker for each; first passes go to a queue of their own."""
    claims = dispatch.claim_due(now=timezone.now())
    for claim in claims:
        task = first_pull if claim.first_pass else pull
        task.apply_async(kwargs={"task_id": claim.task_id, "fence": claim.fence})
    return len(claims)


@shared_task(name="retrieval.tasks.pull")
def pull(*, task_id: int, fence: int) -> None:
    """Pull a claimed task; repeated or late hints do nothing."""
    pulling.pull(task_id=task_id, fence=fence, clock=timezone.now)


@shared_task(name="retrieval.tasks.first_pull")
def first_pull(*, task_id: int, fence: int) -> None:
    """The same for a first pass, which may be long: no polls wait behind it."""
    pulling.pull(task_id=task_id, fence=fence, clock=timezone.now)


@shared_task(name="retrieval.tasks.forget_pauses")
def forget_pauses() -> int:
    """Remove administrators' pauses that are over; how many went."""
    return pausing.forget_ended(now=timezone.now())
