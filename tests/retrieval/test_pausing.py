"""An administrator pauses retrieval at one provider, for a domain or for everybody."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry, Domain, User
from connectivity.services import credentials
from mailstore.models import Source
from retrieval.models import ProviderPause, RetrievalTask, RunOutcome
from retrieval.services import dispatch, pausing, watching
from retrieval.services.pull import pull

HOUR = timedelta(hours=1)
YAHOO = "imap.mail.yahoo.com"


def task_of(user: User, host: str = YAHOO, **fields: object) -> RetrievalTask:
    """A task without a server, due for a minute."""
    now = timezone.now()
    values: dict[str, object] = {
        "type": "imap",
        "host": host,
        "port": 993,
        "security": "tls",
        "username": user.email,
        "provider_key": "yahoo" if host == YAHOO else host,
        "next_at": now - timedelta(minutes=1),
        "first_pass_done_at": now - timedelta(days=1),
        "capabilities": "IDLE",
    }
    return RetrievalTask.objects.create(
        user=user,
        source=Source.objects.create(user=user, name="Mine"),
        credential=credentials.store(user=user, secret="none"),
        **(values | fields),
    )


def pause(
    provider: str = YAHOO,
    domain: Domain | None = None,
    *,
    by: User | None = None,
    now: datetime | None = None,
    last: timedelta = HOUR,
) -> ProviderPause:
    now = now or timezone.now()
    return pausing.pause(provider, domain, by=by, now=now, until=now + last, reason="Yahoo is down")


def claimed(now: datetime | None = None) -> set[int]:
    return {claim.task_id for claim in dispatch.claim_due(now=now or timezone.now())}


@pytest.fixture
def neighbour(db: None) -> User:
    domain = Domain.objects.create(name="elsewhere.test")
    return User.objects.create(email="nils@elsewhere.test", domain=domain)


def test_a_pause_for_everybody_holds_one_provider(user: User, neighbour: User) -> None:
    held, theirs, other = task_of(user), task_of(neighbour), task_of(user, "imap.else.test")
    made = pause()
    assert made.key == "yahoo"
    assert claimed() == {other.pk}
    assert pausing.paused_for(held, now=timezone.now()) == made
    assert pausing.paused_for(theirs, now=timezone.now()) == made
    assert pausing.paused_for(other, now=timezone.now()) is None


def test_a_pause_of_a_domain_leaves_other_domains_alone(user: User, neighbour: User) -> None:
    held, theirs = task_of(user), task_of(neighbour)
    pause(domain=user.domain, by=user)
    assert claimed() == {theirs.pk}
    assert pausing.paused_for(held, now=timezone.now()) is not None
    assert pausing.paused_for(theirs, now=timezone.now()) is None


def test_it_ends_by_itself(user: User) -> None:
    now = timezone.now()
    tasks = {task_of(user).pk for _ in range(3)}
    made = pause(now=now)
    assert claimed(now) == set()
    # What was due stands behind the pause, and is not read past on every round.
    assert not RetrievalTask.objects.filter(next_at__lte=now).exists()
    assert claimed(made.until + timedelta(minutes=2)) == tasks
    assert pausing.forget_ended(now=made.until) == 1


def test_resuming_brings_back_what_was_put_off_and_nothing_else(user: User) -> None:
    now = timezone.now()
    held, failing = task_of(user), task_of(user, state="backoff", next_at=now + 5 * HOUR)
    refused = task_of(user, state="needs-password", next_at=now + HOUR)
    made = pause(now=now)
    assert claimed(now) == set()
    pausing.resume(made, by=None, now=now + timedelta(minutes=5))
    assert claimed(now + timedelta(minutes=7)) == {held.pk}
    for task, due in ((failing, now + 5 * HOUR), (refused, now + HOUR)):
        task.refresh_from_db()
        assert task.next_at == due
    # A second time it has nothing to do.
    pausing.resume(made, by=None, now=now)
    assert AuditEntry.objects.filter(action="provider-resumed").count() == 1


def test_a_shorter_pause_takes_the_place_of_a_longer_one(user: User) -> None:
    now = timezone.now()
    task = task_of(user)
    pause(now=now, last=5 * HOUR)
    assert claimed(now) == set()
    pause(now=now, last=HOUR)
    assert claimed(now) == set()
    assert claimed(now + HOUR + timedelta(minutes=2)) == {task.pk}
    assert ProviderPause.objects.count() == 1


def test_a_running_pull_loses_its_lease(user: User) -> None:
    task = task_of(user)
    [claim] = dispatch.claim_due(now=timezone.now())
    made = pause()
    task.refresh_from_db()
    assert task.lease_until is None
    assert task.fence > claim.fence
    assert task.next_at is not None
    assert task.next_at >= made.until
    assert pull(task_id=task.pk, fence=claim.fence, clock=timezone.now) is None


def test_asked_for_by_hand_it_waits_too_and_counts_against_nobody(user: User) -> None:
    task = task_of(user, fail_count=2, cause="no-answer")
    made = pause()
    dispatch.run_now(task, now=timezone.now())
    assert claimed() == set()
    # As an operator's command claims it.
    claim = dispatch.claim_one(task, now=timezone.now())
    assert claim is not None
    run = pull(task_id=task.pk, fence=claim.fence, clock=timezone.now)
    assert run is not None
    assert run.outcome == RunOutcome.WAITED
    task.refresh_from_db()
    assert (task.fail_count, task.cause) == (2, "no-answer")
    assert task.next_at is not None
    assert task.next_at >= made.until


def test_nobody_listens_there_meanwhile(user: User) -> None:
    task = task_of(user)
    assert [one.task_id for one in watching.wanted()] == [task.pk]
    made = pause()
    assert watching.wanted() == []
    pausing.resume(made, by=user, now=timezone.now())
    assert [one.task_id for one in watching.wanted()] == [task.pk]


def test_it_is_written_into_the_audit_log(user: User) -> None:
    made = pause(domain=user.domain, by=user)
    pausing.resume(made, by=user, now=timezone.now())
    told = AuditEntry.objects.order_by("pk").values_list("action", "actor_name", "domain")
    where = (user.email, user.domain_id)
    assert list(told) == [("provider-paused", *where), ("provider-resumed", *where)]
    assert AuditEntry.objects.filter(detail__reason="Yahoo is down").exists()


@pytest.mark.parametrize(
    ("provider", "hours", "reason"),
    [("", 1, "down"), ("gmail", 0, "down"), ("gmail", 1, " "), ("gmail", 9999, "down")],
)
def test_what_makes_no_sense_is_refused(db: None, provider: str, hours: int, reason: str) -> None:
    now = timezone.now()
    with pytest.raises(pausing.PauseRefused):
        pausing.pause(provider, None, by=None, now=now, until=now + hours * HOUR, reason=reason)
    assert not ProviderPause.objects.exists()


def test_a_round_asks_once_for_pauses_however_many_tasks_there_are(user: User) -> None:
    for _ in range(20):
        task_of(user, "imap.else.test")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        dispatch.claim_due(now=timezone.now())
    assert sum("providerpause" in one["sql"] for one in asked) == 1
