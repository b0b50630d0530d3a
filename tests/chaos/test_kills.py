"""A worker that is killed loses nothing, doubles nothing, and removes nothing early."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from retrieval.models import RetrievalTask
from retrieval.services import quarantine
from tests.chaos.conftest import Size, time_passes
from tests.chaos.mailbox import Mailbox, check_at_death, check_complete, verdicts
from tests.chaos.workers import Workers
from tests.retrieval.conftest import run

MOST_STEPS = 80
# Where a pull of a kind may die.
STEPS = {
    "imap": {
        "blobs: bodies written",
        "blobs: file synced",
        "blobs: file named",
        "blobs: folder synced",
        "pull: bodies durable",
        "pull: filed, not committed",
        "pull: committed",
        "pull: ledger settled",
    },
}
STEPS["pop"] = STEPS["imap"] | {"pop: removal asked for", "pop: removal confirmed"}

MakeTask = Callable[..., RetrievalTask]
MakeMailbox = Callable[[RetrievalTask], Mailbox]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.long
@pytest.mark.accept("A191", "A192", "A193")
@pytest.mark.parametrize("type", ["imap", "pop"])
def test_at_every_checkpoint(
    user: User, make_task: MakeTask, make_mailbox: MakeMailbox, workers: Workers, type: str
) -> None:
    task = make_task(type)
    mailbox = make_mailbox(task)
    steps: list[str] = []
    for step in range(1, MOST_STEPS):
        # New mail for every try, so that each step is met with work left to do.
        mailbox.fill(6)
        end = workers.start(task.pk, at=step).wait()
        check_at_death(user, mailbox)
        if end.status == 0:
            assert end.last == "ok"
            break
        assert end.status == -signal.SIGKILL, end.told
        steps.append(end.last)
        assert finish(task) == 0
        check_at_death(user, mailbox)
    else:
        pytest.fail("the pull never ended")
    assert set(steps) == STEPS[type]
    check_complete(user, mailbox, task)
    assert run(task, later=timedelta(hours=1)).stored == 0


@pytest.mark.accept("A191", "A192", "A193")
@pytest.mark.parametrize("type", ["imap", "pop"])
def test_at_random_moments(
    user: User,
    make_task: MakeTask,
    make_mailbox: MakeMailbox,
    workers: Workers,
    size: Size,
    figure: Callable[[str], None],
    type: str,
) -> None:
    task = make_task(type)
    mailbox = make_mailbox(task)
    mailbox.fill(size.messages)
    rng = random.Random(size.seed)
    # Long enough for a life to get somewhere, short enough to end amid the work.
    longest = 0.6 + size.messages / 15_000
    kills = 0
    while kills < size.kills:
        worker = workers.start(task.pk)
        time.sleep(rng.uniform(0, longest))
        worker.signal(signal.SIGKILL)
        end = worker.wait()
        check_at_death(user, mailbox)
        time_passes(task)
        if end.status == 0:
            # It was faster than its murderer; there has to be work for the next one.
            mailbox.fill(max(10, size.messages // 10))
            continue
        assert end.status == -signal.SIGKILL, end.told
        kills += 1
    stored = user.messages.count()
    aside = finish(task)
    check_complete(user, mailbox, task)
    figure(
        f"| {type}, SIGKILL at random moments | {kills} kills, {mailbox.total} messages "
        f"({stored} here at the last kill), seed {size.seed} | 0 lost, 0 doubled"
        f"{f', {aside} set aside after three deaths each and fetched by Retry' * bool(aside)} |"
    )


def finish(task: RetrievalTask) -> int:
    """Pull until nothing is open, as the schedule would, and try again what was set aside.

    Returns:
        How many messages had been set aside: those at which three workers died.
    """
    aside = 0
    for hours in range(1, 20):
        time_passes(task)
        done = run(task, later=timedelta(hours=hours))
        if done.outcome != "ok" or "pending" in verdicts(task):
            continue
        if not (retried := quarantine.retry(task, now=timezone.now())):
            return aside
        aside += retried
    pytest.fail("the pull never ended")
