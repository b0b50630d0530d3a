"""Known failures 22 and 23: workers that die, sleep, or meet another one at the same task."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from retrieval.models import RetrievalRun, RetrievalTask
from retrieval.services import dispatch, lease
from retrieval.services.pull import pull
from retrieval.services.session import begin
from tests.retrieval.conftest import bodies, run, wait
from tests.retrieval.failing import BODIES, MakeTask, letters
from tests.servers.acts import first
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer
from tests.waiting import wait_until


@pytest.mark.accept("A193")
def test_row_22_worker_that_died(user: User, imap_server: ImapServer, odd_task: MakeTask) -> None:
    """A lease ends by itself: nothing has to be reset by hand, and the history tells."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 6)))}
    task = odd_task(imap_server)
    [claim] = dispatch.claim_due(now=timezone.now())
    begin(task, fence=claim.fence, clock=timezone.now, slice_seconds=None)  # and then it dies
    assert dispatch.claim_due(now=timezone.now()) == []
    assert dispatch.claim_one(task, now=timezone.now()) is None
    wait(task, timedelta(minutes=10))
    [again] = dispatch.claim_due(now=timezone.now() + timedelta(minutes=10))
    assert pull(task_id=task.pk, fence=claim.fence, clock=timezone.now) is None
    done = pull(task_id=task.pk, fence=again.fence, clock=timezone.now)
    assert done is not None
    outcomes = RetrievalRun.objects.filter(task=task).order_by("pk")
    assert list(outcomes.values_list("outcome", flat=True)) == ["interrupted", "ok"]
    assert len(bodies(user)) == 5


@pytest.mark.accept("A193")
@pytest.mark.django_db(transaction=True)
def test_row_23_slow_is_not_dead(
    user: User,
    imap_server: ImapServer,
    odd_task: MakeTask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lease is renewed by a timer, also while nothing at all arrives from the server."""
    monkeypatch.setattr(lease, "RENEW_EVERY", 0.05)
    imap_server.boxes = {"INBOX": Box(letters(range(1, 6)))}
    task = odd_task(imap_server)
    seen: list[bool] = []

    def nothing_for_a_while() -> None:
        try:
            wait(task, timedelta(seconds=100))
            wait_until(lambda: _left(task) > timedelta(seconds=60), "the lease was renewed")
            seen.append(dispatch.claim_one(task, now=timezone.now()) is None)
        finally:
            connection.close()

    imap_server.on(BODIES, first(nothing_for_a_while), times=1)
    assert run(task).stored == 5
    assert seen == [True]


def _left(task: RetrievalTask) -> timedelta:
    until = RetrievalTask.objects.get(pk=task.pk).lease_until
    return until - timezone.now() if until else timedelta(0)


@pytest.mark.accept("A192", "A193")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", ["^LOGIN", BODIES])
def test_two_workers_racing(
    user: User, imap_server: ImapServer, odd_task: MakeTask, moment: str
) -> None:
    """One fell asleep while the server answered; another took over: each message once."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 121)))}
    task = odd_task(imap_server)
    second: list[RetrievalRun | None] = []

    def take_over() -> None:
        worker = threading.Thread(target=_worker, args=(task, second.append))
        worker.start()
        worker.join()

    imap_server.on(moment, first(take_over), times=1)
    claim = dispatch.claim_one(task, now=timezone.now())
    assert claim is not None
    assert pull(task_id=task.pk, fence=claim.fence, clock=timezone.now) is None
    assert second[0] is not None
    assert (second[0].outcome, second[0].stored) == ("ok", 120)
    assert bodies(user) == sorted(letters(range(1, 121)).values())


def _worker(task: RetrievalTask, report: Callable[[RetrievalRun | None], object]) -> None:
    try:
        wait(task, timedelta(minutes=10))
        claim = dispatch.claim_one(task, now=timezone.now())
        assert claim is not None
        report(pull(task_id=task.pk, fence=claim.fence, clock=timezone.now))
    finally:
        connection.close()
