"""Who is claimed: caps of providers, polls before imports, people before schedules."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from connectivity.services import credentials
from mailstore.models import Source
from retrieval.models import Provider, RetrievalTask
from retrieval.services import dispatch, hosts

MINUTE = timedelta(minutes=1)
MakeRows = Callable[..., list[RetrievalTask]]


@pytest.fixture
def make_rows(user: User) -> MakeRows:
    """Tasks without a server: due for a minute, polls unless said otherwise."""
    credential = credentials.store(user=user, secret="none")

    def make(
        count: int, host: str, *, first_pass: bool = False, **fields: object
    ) -> list[RetrievalTask]:
        now = timezone.now()
        sources = Source.objects.bulk_create(Source(user=user, name=host) for _ in range(count))
        values: dict[str, object] = {
            "type": "imap",
            "host": host,
            "port": 993,
            "security": "tls",
            "username": "mara",
            "provider_key": host,
            "next_at": now - MINUTE,
            "first_pass_done_at": None if first_pass else now - timedelta(days=1),
        }
        rows = [
            RetrievalTask(
                **({"user": user} | values | fields), source=source, credential=credential
            )
            for source in sources
        ]
        return RetrievalTask.objects.bulk_create(rows)

    return make


def claimed() -> Counter[str]:
    """Claims what is due now; how many of each provider."""
    ids = [claim.task_id for claim in dispatch.claim_due(now=timezone.now())]
    return Counter(RetrievalTask.objects.filter(pk__in=ids).values_list("provider_key", flat=True))


def test_a_server_gets_no_more_than_its_share(make_rows: MakeRows, settings: Settings) -> None:
    make_rows(30, "small.test")
    assert claimed() == {"small.test": settings.RETRIEVAL_HOST_CONNECTIONS}
    assert claimed() == {}
    RetrievalTask.objects.filter(lease_until__isnull=False).update(lease_until=None, next_at=None)
    assert claimed() == {"small.test": settings.RETRIEVAL_HOST_CONNECTIONS}


def test_big_providers_get_more(make_rows: MakeRows) -> None:
    make_rows(100, "gmail")
    assert claimed() == {"gmail": 64}


def test_first_passes_leave_half_of_a_server_to_polls(make_rows: MakeRows) -> None:
    make_rows(20, "small.test", first_pass=True)
    assert claimed() == {"small.test": 4}
    make_rows(20, "small.test")
    assert claimed() == {"small.test": 4}


def test_a_crowd_at_one_server_keeps_nobody_elsewhere_waiting(
    make_rows: MakeRows, settings: Settings
) -> None:
    settings.RETRIEVAL_IN_FLIGHT = 30
    for crowd in range(3):
        make_rows(150, f"crowd{crowd}.test", next_at=timezone.now() - 60 * MINUTE)
    make_rows(4, "quiet.test")
    make_rows(2, "other.test")
    found = claimed()
    assert (found["quiet.test"], found["other.test"]) == (4, 2)
    assert sum(found.values()) == 30


def test_many_accounts_of_one_person_leave_room_for_others(
    make_rows: MakeRows, settings: Settings, other_user: User
) -> None:
    settings.RETRIEVAL_USER_CONNECTIONS = 6
    for host in range(60):
        make_rows(5, f"mine{host}.test", next_at=timezone.now() - 60 * MINUTE)
        make_rows(1, f"first{host}.test", first_pass=True)
    make_rows(2, "yours.test", user=other_user)
    make_rows(2, "yours2.test", user=other_user, first_pass=True)
    claims = dispatch.claim_due(now=timezone.now())
    people = RetrievalTask.objects.in_bulk([claim.task_id for claim in claims])
    counted = Counter((people[claim.task_id].user_id, claim.first_pass) for claim in claims)
    mine = RetrievalTask.objects.earliest("pk").user_id
    assert counted == {
        (mine, False): 6,
        (mine, True): 2,
        (other_user.pk, False): 2,
        (other_user.pk, True): 2,
    }
    assert dispatch.claim_due(now=timezone.now()) == []


@pytest.mark.accept("A46")
def test_who_asks_comes_before_the_schedule(make_rows: MakeRows, settings: Settings) -> None:
    settings.RETRIEVAL_IN_FLIGHT = 1
    make_rows(3, "one.test", next_at=timezone.now() - 60 * MINUTE)
    (asked,) = make_rows(1, "two.test", next_at=None)
    dispatch.run_now(asked, now=timezone.now())
    assert claimed() == {"two.test": 1}


def test_a_claimed_task_comes_back_when_its_hint_was_lost(make_rows: MakeRows) -> None:
    (task,) = make_rows(1, "one.test")
    (first,) = dispatch.claim_due(now=timezone.now())
    task.refresh_from_db()
    # Out of the way until the lease ends, so that no round reads past it.
    assert task.next_at == task.lease_until
    assert dispatch.claim_due(now=timezone.now() + 10 * MINUTE) == []
    RetrievalTask.objects.update(lease_until=timezone.now() - MINUTE)
    (second,) = dispatch.claim_due(now=timezone.now() + 10 * MINUTE)
    assert (second.task_id, second.fence) == (task.pk, first.fence + 1)


@pytest.mark.accept("A193")
def test_a_clock_that_is_wrong_takes_no_task_from_a_worker(make_rows: MakeRows) -> None:
    """Leases end by the database's clock: another machine may be hours ahead."""
    (task,) = make_rows(1, "one.test")
    assert dispatch.claim_one(task, now=timezone.now()) is not None
    ahead = timezone.now() + timedelta(hours=3)
    RetrievalTask.objects.update(next_at=timezone.now())
    assert dispatch.claim_one(task, now=ahead) is None
    assert dispatch.claim_due(now=ahead) == []


def test_a_shut_provider_is_put_off_and_nothing_is_held_against_it(make_rows: MakeRows) -> None:
    make_rows(20, "down.test", fail_count=1)
    make_rows(2, "well.test")
    until = timezone.now() + 5 * MINUTE
    Provider.objects.create(key="down.test", shut_until=until)
    assert claimed() == {"well.test": 2}
    for task in RetrievalTask.objects.filter(provider_key="down.test"):
        assert (task.state, task.cause, task.fail_count) == ("backoff", "circuit-open", 1)
        assert task.next_at is not None
        assert until - MINUTE / 60 <= task.next_at <= until + 2 * MINUTE
    Provider.objects.update(shut_until=timezone.now() - MINUTE)
    RetrievalTask.objects.filter(provider_key="down.test").update(next_at=timezone.now())
    assert claimed()["down.test"] == 8


@pytest.mark.accept("A193")
@pytest.mark.django_db(transaction=True)
def test_rounds_at_the_same_time_share_what_there_is(make_rows: MakeRows) -> None:
    """Each task goes to one of them, and together they take no more than a server bears."""
    for host in range(5):
        make_rows(12, f"host{host}.test")

    def work(_: int) -> list[int]:
        try:
            return [claim.task_id for claim in dispatch.claim_due(now=timezone.now())]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        taken = [pk for ids in pool.map(work, range(8)) for pk in ids]
    assert len(taken) == len(set(taken)) == 5 * 8


@pytest.mark.django_db(transaction=True)
def test_a_round_waits_for_the_one_before_it(make_rows: MakeRows, settings: Settings) -> None:
    """Else both would fill the room both saw."""
    settings.RETRIEVAL_IN_FLIGHT = 8
    make_rows(100, "one.test")
    late: list[dispatch.Claim] = []

    def work() -> None:
        try:
            late.extend(dispatch.claim_due(now=timezone.now()))
        finally:
            connection.close()

    other = threading.Thread(target=work)
    with transaction.atomic():
        assert len(dispatch.claim_due(now=timezone.now())) == 8
        other.start()
        other.join(1.0)
    other.join()
    assert late == []


def test_an_idle_round_asks_little_and_locks_nothing(make_rows: MakeRows) -> None:
    make_rows(50, "one.test", next_at=timezone.now() + 60 * MINUTE)
    with CaptureQueriesContext(connection) as asked:
        assert dispatch.claim_due(now=timezone.now()) == []
    assert len(asked) <= 6
    assert all(query["sql"].startswith("SELECT") for query in asked)


def test_a_hint_makes_due_and_wakes_nobody_who_waits(make_rows: MakeRows) -> None:
    later = timezone.now() + 60 * MINUTE
    well, paused, failing, leased, manual = make_rows(5, "one.test", next_at=later)
    rows = RetrievalTask.objects
    rows.filter(pk=paused.pk).update(state="paused", next_at=None)
    rows.filter(pk=failing.pk).update(state="backoff")
    rows.filter(pk=leased.pk).update(lease_until=later)
    rows.filter(pk=manual.pk).update(method="manual", next_at=None)
    now = timezone.now()
    dispatch.hint({well.pk, paused.pk, failing.pk, leased.pk, manual.pk}, now=now)
    found = dict(rows.values_list("pk", "next_at"))
    assert found[well.pk] == now
    assert (found[paused.pk], found[failing.pk], found[manual.pk]) == (None, later, None)
    assert list(rows.filter(rerun=True).values_list("pk", flat=True)) == [leased.pk]


def test_operators_see_every_provider(make_rows: MakeRows) -> None:
    make_rows(3, "down.test", fail_count=2)
    make_rows(1, "well.test")
    Provider.objects.create(key="down.test", shut_until=timezone.now() + 5 * MINUTE, failures=4)
    dispatch.claim_due(now=timezone.now())
    down, well = hosts.listing()
    assert (down["provider_key"], down["tasks"], down["failing"]) == ("down.test", 3, 3)
    assert down["shut_until"] is not None
    assert (well["provider_key"], well["running"], well["shut_until"]) == ("well.test", 1, None)
