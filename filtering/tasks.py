"""Mail that this installation writes itself, and filters applied to mail that is here."""

from django.utils import timezone

from filtering.services import applying, emptying, notices, rounds, tables, training
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


@shared_task
def learn() -> int:
    """Learn from messages that people judged, and ask for more while many wait; how many."""
    done = training.learn(now=timezone.now())
    if done == training.BATCH:
        learn.delay()
    return done


@shared_task
def empty_junk() -> int:
    """Remove what has lain in Junk for long enough, and keep what was learned small; how many
    messages went."""
    tables.prune()
    return emptying.empty_due(now=timezone.now())
