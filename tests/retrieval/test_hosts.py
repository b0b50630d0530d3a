"""Leave to sign in: how many at once, and when nobody may because the server is down."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from retrieval.models import Provider, RetrievalTask
from retrieval.services import dispatch, hosts
from retrieval.services.hosts import HeldBack
from standin import ports
from tests.retrieval.conftest import Remote, run
from tests.retrieval.test_dispatch import MakeRows, make_rows
from tests.servers.imap import ImapServer

__all__ = ["make_rows"]
MakeTask = Callable[..., RetrievalTask]


def admitted(task: RetrievalTask, times: int) -> int:
    """How many of so many requests are granted at once, without waiting."""
    granted = 0
    for _ in range(times):
        try:
            hosts.admit(task, now=timezone.now(), patience=0.0)
        except HeldBack as held:
            assert held.cause == "login-spacing"
            assert held.until > timezone.now()
        else:
            granted += 1
    return granted


@pytest.fixture(autouse=True)
def one_a_second(settings: Settings) -> None:
    settings.RETRIEVAL_HOST_LOGINS = 1


def test_some_may_come_at_once_and_then_one_a_second(make_rows: MakeRows) -> None:
    one, other = make_rows(2, "small.test")
    assert admitted(one, 5) + admitted(other, 10) == hosts.BURST
    Provider.objects.update(next_login_at=timezone.now() - timedelta(seconds=1))
    assert admitted(one, 20) == hosts.BURST


def test_another_provider_has_a_bucket_of_its_own(make_rows: MakeRows) -> None:
    (one,) = make_rows(1, "small.test")
    (other,) = make_rows(1, "imap.gmail.com")
    assert admitted(one, 20) == hosts.BURST
    assert admitted(other, 1) == 1
    assert set(Provider.objects.values_list("key", flat=True)) == {"small.test", "gmail"}
    other.refresh_from_db()
    assert other.provider_key == "gmail"


@pytest.mark.django_db(transaction=True)
def test_racing_workers_share_one_bucket(make_rows: MakeRows) -> None:
    tasks = make_rows(4, "small.test")

    def ask(task: RetrievalTask) -> int:
        try:
            return admitted(task, 6)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(ask, tasks)) == hosts.BURST


def test_a_run_that_has_to_wait_its_turn_fails_nothing(remote: Remote, make_task: MakeTask) -> None:
    remote.fill([1])
    task = make_task()
    later = timezone.now() + timedelta(seconds=60)
    Provider.objects.create(key="localhost", next_login_at=later)
    done = run(task)
    assert (done.outcome, done.cause) == ("waited", "")
    assert (task.state, task.fail_count, task.cause) == ("ok", 0, "")
    assert task.next_at is not None
    Provider.objects.update(next_login_at=None)
    assert run(task).stored == 1


@pytest.fixture
def down(make_task: MakeTask) -> list[RetrievalTask]:
    """Three accounts at a server that accepts no connections."""
    (port, *_) = ports.pick((0, 0, 0, 0))
    return [make_task(port=port) for _ in range(3)]


def fail(task: RetrievalTask, times: int) -> None:
    for _ in range(times):
        assert run(task, expect_failure=True).cause == "port-closed"


def test_an_outage_shuts_the_provider_for_everybody(down: list[RetrievalTask]) -> None:
    for task in (*down, down[0]):
        fail(task, 1)
    assert not Provider.objects.filter(shut_until__isnull=False).exists()
    fail(down[1], 1)
    provider = Provider.objects.get(key="localhost")
    assert provider.shut_until is not None
    left = provider.shut_until - timezone.now()
    assert timedelta(minutes=1) < left <= timedelta(minutes=10)
    counts = down[2].fail_count
    done = run(down[2])
    assert (done.outcome, done.cause) == ("waited", "circuit-open")
    assert (down[2].fail_count, down[2].state, down[2].cause) == (counts, "backoff", "circuit-open")
    assert down[2].next_at is not None
    assert down[2].next_at >= provider.shut_until - timedelta(seconds=5)


def test_one_failing_account_shuts_nothing(down: list[RetrievalTask]) -> None:
    fail(down[0], 8)
    assert not Provider.objects.filter(shut_until__isnull=False).exists()


def test_one_person_shuts_no_provider_for_others(
    down: list[RetrievalTask], make_task: MakeTask, other_user: User
) -> None:
    theirs = make_task(user=other_user, provider_key="localhost")
    for task in (*down, *down, *down):
        fail(task, 1)
    provider = Provider.objects.get(key="localhost")
    assert provider.failures >= 9
    assert provider.shut_until is None
    # Where the others fail too it is an outage.
    RetrievalTask.objects.filter(pk=theirs.pk).update(port=down[0].port)
    theirs.refresh_from_db()
    fail(theirs, 1)
    provider.refresh_from_db()
    assert provider.shut_until is not None


def test_one_other_account_that_fails_too_is_no_outage_yet(
    down: list[RetrievalTask], make_user: Callable[..., User], make_task: MakeTask
) -> None:
    people = [make_user(f"{name}@example.test") for name in ("ida", "jon", "kai")]
    sick, *well = [make_task(user=person) for person in people]
    RetrievalTask.objects.filter(pk=sick.pk).update(port=down[0].port)
    sick.refresh_from_db()
    fail(sick, 1)
    for task in well:
        run(task)
    for task in (*down, *down, *down):
        fail(task, 1)
    assert Provider.objects.get(key="localhost").shut_until is None


def test_where_most_runs_are_well_nothing_is_shut(
    down: list[RetrievalTask], make_task: MakeTask
) -> None:
    well = make_task()
    for task in (down[0], down[1], down[0]):
        fail(task, 1)
        run(well)
        run(well)
    assert Provider.objects.get(key="localhost").shut_until is None


def test_refused_passwords_say_nothing_of_the_server(make_task: MakeTask) -> None:
    for task in [make_task(username="nobody-there") for _ in range(2)] * 3:
        assert run(task, expect_failure=True).cause == "login-refused"
    assert not Provider.objects.filter(failures__gt=0).exists()


def test_failures_of_long_ago_are_forgotten(down: list[RetrievalTask]) -> None:
    for task in (*down, down[0]):
        fail(task, 1)
    Provider.objects.update(since=timezone.now() - timedelta(minutes=6))
    fail(down[1], 1)
    provider = Provider.objects.get(key="localhost")
    assert (provider.tries, provider.failures, provider.shut_until) == (1, 1, None)


def test_first_passes_ask_for_compression_unless_it_is_switched_off_there(
    imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.capabilities += " COMPRESS=DEFLATE"
    task, other = odd_task(imap_server), odd_task(imap_server)
    run(task)
    assert imap_server.count("^COMPRESS DEFLATE") == 1
    run(task)
    assert imap_server.count("^COMPRESS DEFLATE") == 1
    Provider.objects.filter(key="127.0.0.1").update(compress=False)
    run(other)
    assert imap_server.count("^COMPRESS DEFLATE") == 1


def test_an_operator_reopens_a_provider_and_switches_compression(make_rows: MakeRows) -> None:
    (task,) = make_rows(
        1,
        "down.test",
        state="backoff",
        cause="circuit-open",
        next_at=timezone.now() + timedelta(minutes=5),
    )
    Provider.objects.create(key="down.test", shut_until=timezone.now() + timedelta(minutes=5))
    call_command("retrieval", "host", "down.test", "--compress", "off", "--reopen")
    row = Provider.objects.get(key="down.test")
    assert (row.compress, row.shut_until) == (False, None)
    assert [claim.task_id for claim in dispatch.claim_due(now=timezone.now())] == [task.pk]
    call_command("retrieval", "host", "down.test", "--compress", "on")
    assert Provider.objects.get(key="down.test").compress
    with pytest.raises(CommandError):
        call_command("retrieval", "host", "unknown.test", "--reopen")
