"""Hints that come twice, users that are switched off, faults that come again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from lib.checkpoints import set_hook
from mailstore.models import Message
from protocols.types import Security
from retrieval.models import RetrievalRun, RetrievalTask
from retrieval.retry import Standing, after_failure
from retrieval.services import accounts, dispatch, lease
from retrieval.services.pull import Door, pull
from retrieval.services.session import begin
from tests.retrieval.conftest import bodies, letter, run
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer
from tests.servers.pop import PopServer

MakeTask = Callable[..., RetrievalTask]
NOW = timezone.now()


@pytest.mark.accept("A192", "A193")
def test_a_hint_that_comes_twice_does_nothing_the_second_time(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """A broker may deliver a hint again while its first worker is busy with it."""
    imap_server.boxes = {"INBOX": Box({number: letter(number) for number in range(1, 61)})}
    task = odd_task(imap_server)
    claim = dispatch.claim_one(task, now=timezone.now())
    assert claim is not None
    again: list[RetrievalRun | None] = []

    def repeat(name: str) -> None:
        if name == "pull: ledger settled" and not again:
            again.append(None)
            again[0] = pull(task_id=task.pk, fence=claim.fence, clock=timezone.now)

    set_hook(repeat)
    try:
        done = pull(task_id=task.pk, fence=claim.fence, clock=timezone.now)
    finally:
        set_hook(None)
    assert again == [None]
    assert done is not None
    assert (done.outcome, done.stored) == ("ok", 60)
    assert len(bodies(user)) == 60
    assert RetrievalRun.objects.filter(task=task).count() == 1


def test_a_password_given_meanwhile_is_not_shown_to_the_server_before(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """A pull that is under way goes on with the settings it began with, and connects anew."""
    task = odd_task(imap_server)
    claim = dispatch.claim_one(task, now=NOW)
    assert claim is not None
    began = RetrievalTask.objects.get(pk=task.pk)
    door = Door(begin(began, fence=claim.fence, clock=timezone.now, slice_seconds=None))
    door.imap().close()
    values = replace(accounts.values_of(task), port=993, require_ssl=True, password="typed since")
    encrypted = replace(values, security=Security.TLS)
    accounts.save(user=user, values=encrypted, now=NOW, task=task, test=False)
    imap_server.heard.clear()
    with pytest.raises(lease.LeaseLostError):
        door.imap()
    assert not any("LOGIN" in line or "AUTH" in line for line in imap_server.heard)


@pytest.mark.accept("A194")
def test_a_user_who_is_switched_off_stops_being_pulled_for(
    user: User, pop_server: PopServer, odd_task: MakeTask
) -> None:
    pop_server.drop = [(str(number), letter(number)) for number in range(1, 121)]
    task = odd_task(pop_server)
    # One batch, or two together where the second was there already.
    stored: list[int] = []

    def switch_off(name: str) -> None:
        if name == "pull: committed":
            User.objects.filter(pk=user.pk).update(is_active=False)
            stored.append(Message.objects.filter(user=user).count())

    set_hook(switch_off)
    try:
        run(task)
    finally:
        set_hook(None)
    assert stored in ([50], [100])
    assert Message.objects.filter(user=user).count() == stored[0]
    assert len(pop_server.drop) == 120


def test_a_fault_of_ours_does_not_hammer_the_other_side() -> None:
    """The sum of the waits of a day: a server sees some dozens of sign-ins, not a thousand."""
    waits = []
    for fails in range(12):
        standing = Standing(1, automatic=True, fail_count=fails, refused_count=0, failing_since=NOW)
        verdict = after_failure(standing, cause="internal", interval=600, now=NOW, chance=0.0)
        assert verdict.next_at is not None
        waits.append(verdict.next_at - NOW)
    assert waits[0] == timedelta(minutes=1)
    assert waits == sorted(waits)
    assert timedelta(minutes=10) <= waits[-1] <= timedelta(hours=1)


def test_being_switched_off_is_no_failure_of_the_account(
    pop_server: PopServer, odd_task: MakeTask, user: User
) -> None:
    task = odd_task(pop_server)
    User.objects.filter(pk=user.pk).update(is_active=False)
    run(task)
    assert (task.fail_count, task.state) == (0, "ok")
    assert task.next_at is not None


def test_long_imports_keep_no_poll_waiting(make_task: Callable[..., RetrievalTask]) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    imports = [make_task() for _ in range(3)]
    poll = make_task(first_pass_done_at=yesterday)
    now = timezone.now()
    first = dispatch.claim_due(now=now, limit=2)
    assert {claim.task_id for claim in first} == {imports[0].pk, imports[1].pk, poll.pk}
    later = make_task(first_pass_done_at=yesterday)
    again = dispatch.claim_due(now=timezone.now(), limit=2)
    assert [claim.task_id for claim in again] == [later.pk]
