"""Mail that this installation writes itself, and filters applied to mail that is here."""

from django.utils import timezone

from filtering.services import applying, notices, rounds
from lib.queue import shared_task


@shared_task
def send_notices() -> None:
    """File the notices that are due. Running twice at once files none of them twice."""
    notices.send_due(now=timezone.now())


@shared_task
def dispatch_runs() -> int:
    """Hint at runs of filters that wait or were left behind, and forget old ones; how many."""
    now = timezone.now()
    applying.tidy(now=now)
    waiting = rounds.due(now=now)
    for run_id in waiting:
        apply_filter.delay(run_id=run_id)
    return len(waiting)


@shared_task
def apply_filter(*, run_id: int) -> bool:
    """Go on with a run for a while, and ask for the rest: others have a turn too."""
    is_more = rounds.go_on(run_id, clock=timezone.now)
    if is_more:
        apply_filter.delay(run_id=run_id)
    return is_more
