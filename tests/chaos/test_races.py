"""Two workers on one task: one of them works, the other one changes nothing."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import User
from retrieval.models import RetrievalTask
from retrieval.services import dispatch
from tests.chaos.conftest import time_passes
from tests.chaos.mailbox import Mailbox, check_at_death, check_complete
from tests.chaos.test_kills import STEPS, finish
from tests.chaos.workers import Workers

MakeTask = Callable[..., RetrievalTask]
MakeMailbox = Callable[[RetrievalTask], Mailbox]
ROUNDS = 5
IN_TRANSACTION = "pull: filed, not committed"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.accept("A191", "A192", "A193")
@pytest.mark.parametrize("type", ["imap", "pop"])
def test_two_workers_with_the_same_hint(
    user: User, make_task: MakeTask, make_mailbox: MakeMailbox, workers: Workers, type: str
) -> None:
    task = make_task(type)
    mailbox = make_mailbox(task)
    for _ in range(ROUNDS):
        mailbox.fill(20)
        time_passes(task)
        claim = dispatch.claim_one(task, now=timezone.now())
        assert claim is not None
        pulls = [workers.start(task.pk, fence=claim.fence) for _ in range(3)]
        ends = [pull.wait().last for pull in pulls]
        assert sorted(ends) == ["not ours", "not ours", "ok"]
        check_complete(user, mailbox, task)


@pytest.mark.accept("A192", "A193")
def test_workers_that_claim_at_the_same_moment(
    user: User, make_task: MakeTask, make_mailbox: MakeMailbox, workers: Workers
) -> None:
    task = make_task()
    mailbox = make_mailbox(task)
    for _ in range(ROUNDS):
        mailbox.fill(20)
        pulls = [workers.start(task.pk) for _ in range(3)]
        ends = [pull.wait().last for pull in pulls]
        assert set(ends) <= {"ok", "claimed by another"}
        assert "ok" in ends
    finish(task)
    check_complete(user, mailbox, task)


@pytest.mark.long
@pytest.mark.accept("A191", "A192", "A193")
@pytest.mark.parametrize("type", ["imap", "pop"])
def test_a_worker_that_sleeps_through_its_lease(
    user: User, make_task: MakeTask, make_mailbox: MakeMailbox, workers: Workers, type: str
) -> None:
    """At every checkpoint in turn a worker falls asleep; another one does its work meanwhile."""
    task = make_task(type)
    mailbox = make_mailbox(task)
    for name in sorted(STEPS[type]):
        mailbox.fill(6)
        sleeper = workers.start(task.pk, at=name, signal=signal.SIGSTOP)
        assert sleeper.wait_until_asleep() == name
        if name == IN_TRANSACTION:
            # Nobody can take over what it holds the lock of.
            sleeper.signal(signal.SIGCONT)
            assert sleeper.wait().last == "ok"
            continue
        time_passes(task)
        assert workers.start(task.pk).wait().last == "ok", f"while one slept at {name!r}"
        sleeper.signal(signal.SIGCONT)
        end = sleeper.wait()
        assert (end.status, end.last) == (0, "not ours"), name
        check_at_death(user, mailbox)
        time_passes(task)
    finish(task)
    check_complete(user, mailbox, task)
