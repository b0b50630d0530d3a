"""News within seconds: connections in IDLE against a real Dovecot, and what switches them off."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from connectivity.models import Feature
from connectivity.services import credentials, features
from mailstore.models import Message
from retrieval.models import RetrievalTask
from retrieval.services import dispatch, listening, watching
from retrieval.services.listening import Listener
from retrieval.services.pull import pull
from tests.retrieval.conftest import SECRET, Remote, letter, run
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
MakeTask = Callable[..., RetrievalTask]


@dataclass
class Running:
    """A listener in a thread of its own; ``pokes`` counts how often it asked the workers."""

    listener: Listener
    loop: asyncio.AbstractEventLoop
    pokes: list[None] = field(default_factory=list)

    def connected(self) -> set[int]:
        return set(self.listener.connected)

    def wait_for(self, *tasks: RetrievalTask) -> None:
        wanted = {task.pk for task in tasks}
        wait_until(lambda: self.connected() == wanted, f"tasks {wanted} are listened to")


@contextmanager
def running(poke: Callable[[], None] = lambda: None, look_every: float = 0.2) -> Iterator[Running]:
    loop = asyncio.new_event_loop()
    pokes: list[None] = []

    def poked() -> None:
        pokes.append(None)
        poke()

    listener = Listener(clock=timezone.now, poke=poked, look_every=look_every)
    held: list[asyncio.Task[None]] = []

    def work() -> None:
        asyncio.set_event_loop(loop)
        held.append(loop.create_task(listener.run()))
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(held[0])
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield Running(listener, loop, pokes)
    finally:
        wait_until(lambda: bool(held), "the listener has begun")
        loop.call_soon_threadsafe(held[0].cancel)
        thread.join(300)
        assert not thread.is_alive()
        # A pull that was asked for may still run: the tables are emptied after this.
        listener._pokes.shutdown(wait=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of tests: nothing here is about how long they are."""
    monkeypatch.setattr(listening, "SHORTEST_WAIT", 0.3)
    monkeypatch.setattr(listening, "APART", 0.5)


@pytest.fixture
def make_listened(make_task: MakeTask) -> MakeTask:
    """Tasks that are listened to unless a keyword says otherwise; next due in an hour."""

    def make(**fields: object) -> RetrievalTask:
        now = timezone.now()
        values: dict[str, object] = {
            "provider_key": "localhost",
            "capabilities": "IMAP4REV1 IDLE SASL-IR",
            "first_pass_done_at": now - timedelta(days=1),
            "next_at": now + timedelta(hours=1),
        }
        return make_task(**(values | fields))

    return make


def work_off() -> None:
    """What the workers do when they are asked: pull everything that is due."""
    try:
        for claim in dispatch.claim_due(now=timezone.now()):
            pull(task_id=claim.task_id, fence=claim.fence, clock=timezone.now)
    finally:
        connection.close()


def test_new_mail_comes_without_waiting_for_the_schedule(
    user: User, remote: Remote, make_listened: MakeTask
) -> None:
    task = make_listened()
    with running(work_off) as listener:
        listener.wait_for(task)
        remote.put(letter(1))
        wait_until(lambda: Message.objects.filter(user=user).count() == 1, "it has come")
        remote.put(letter(2))
        wait_until(lambda: Message.objects.filter(user=user).count() == 2, "so has the next")
        wait_until(lambda: _watched(task), "the row says that somebody listens")
    assert not _watched(task)
    task.refresh_from_db()
    assert (task.state, task.fail_count) == ("ok", 0)


def _watched(task: RetrievalTask) -> bool:
    task.refresh_from_db()
    return task.watched_until is not None and task.watched_until > timezone.now()


def test_what_a_run_learnt_decides_whether_to_listen(make_task: MakeTask) -> None:
    task = make_task()
    assert watching.wanted() == []
    run(task)
    assert [account.task_id for account in watching.wanted()] == [task.pk]


@pytest.mark.parametrize(
    "fields",
    [
        {"push_enabled": False},
        {"method": "manual"},
        {"state": "paused"},
        {"state": "backoff"},
        {"state": "needs-password"},
        {"first_pass_done_at": None},
        {"capabilities": "IMAP4REV1 XIDLENESS"},
        {"type": "pop"},
        {"slowed_until": timezone.now() + timedelta(hours=1)},
    ],
)
def test_who_is_not_listened_to(make_listened: MakeTask, fields: dict[str, object]) -> None:
    task = make_listened()
    make_listened(**fields)
    assert [account.task_id for account in watching.wanted()] == [task.pk]


@pytest.mark.accept("A194")
def test_the_installation_and_the_domain_have_switches(
    user: User, make_listened: MakeTask, settings: Settings
) -> None:
    make_listened()
    assert len(watching.wanted()) == 1
    features.set_switch(user.domain, Feature.RETRIEVAL, enabled=False)
    assert watching.wanted() == []
    features.set_switch(user.domain, Feature.RETRIEVAL, enabled=True)
    User.objects.update(is_active=False)
    assert watching.wanted() == []
    User.objects.update(is_active=True)
    settings.PUSH_CONNECTIONS = 0
    assert watching.wanted() == []


@pytest.mark.accept("A194")
def test_a_switch_is_noticed_long_before_the_next_look(
    user: User, make_listened: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "SWITCHES_EVERY", 0.2)
    task = make_listened()
    with running(look_every=3600) as listener:
        listener.wait_for(task)
        features.set_switch(user.domain, Feature.RETRIEVAL, enabled=False, now=timezone.now())
        listener.wait_for()
        features.clear_switch(user.domain, Feature.RETRIEVAL)
        listener.wait_for(task)


def test_caps_hold_for_all_and_for_each_server(make_listened: MakeTask, settings: Settings) -> None:
    for _ in range(6):
        make_listened()
    elsewhere = [make_listened(host="mail.test", provider_key="mail.test") for _ in range(2)]
    found = watching.wanted()
    assert [account.provider for account in found].count("localhost") == 4
    assert {account.task_id for account in found} > {task.pk for task in elsewhere}
    settings.PUSH_CONNECTIONS = 3
    assert len(watching.wanted()) == 3


def test_a_task_switched_off_is_hung_up_on_and_a_new_one_joins(make_listened: MakeTask) -> None:
    first = make_listened()
    with running() as listener:
        listener.wait_for(first)
        second = make_listened()
        listener.wait_for(first, second)
        RetrievalTask.objects.filter(pk=first.pk).update(push_enabled=False)
        listener.wait_for(second)
        wait_until(lambda: not _watched(first), "the row says so")
        second.delete()
        listener.wait_for()


def kick(remote: Remote) -> None:
    """Let the server end the connections of one user."""
    config = str(remote.server.folder / "dovecot.conf")
    subprocess.run(["doveadm", "-c", config, "kick", remote.name], check=True, timeout=120)


def test_a_connection_that_drops_comes_back_and_counts_against_nobody(
    user: User, remote: Remote, make_listened: MakeTask
) -> None:
    task = make_listened()
    with running(work_off) as listener:
        listener.wait_for(task)
        kick(remote)
        remote.put(letter(1))
        wait_until(lambda: Message.objects.filter(user=user).count() == 1, "news are found")
        listener.wait_for(task)
        remote.put(letter(2))
        wait_until(lambda: Message.objects.filter(user=user).count() == 2, "it listens again")
    task.refresh_from_db()
    assert (task.state, task.fail_count) == ("ok", 0)


def test_a_changed_password_is_used_at_once(remote: Remote, make_listened: MakeTask) -> None:
    task = make_listened()
    credentials.store(user=task.user, secret="wrong", credential=task.credential)
    with running() as listener:
        wait_until(lambda: "auth failed" in remote.server.log(), "the server has refused")
        assert listener.connected() == set()
        credentials.store(user=task.user, secret=SECRET, credential=task.credential)
        listener.wait_for(task)
    task.refresh_from_db()
    assert (task.state, task.fail_count, task.refused_count) == ("ok", 0, 0)


def test_one_process_holds_many_connections(
    make_listened: MakeTask, remote: Remote, settings: Settings
) -> None:
    settings.PUSH_HOST_CONNECTIONS = 50
    tasks = []
    for number in range(50):
        remote.server.add_user(f"{remote.name}-{number}", SECRET)
        tasks.append(make_listened(username=f"{remote.name}-{number}"))
    with running() as listener:
        listener.wait_for(*tasks)
        for number in range(0, 50, 10):
            remote.server.append(f"{remote.name}-{number}", "INBOX", letter(number))
        later = timezone.now() + timedelta(minutes=30)
        soon = RetrievalTask.objects.filter(next_at__lt=later)
        wait_until(lambda: soon.count() == 5, "all of these are due")
        wait_until(lambda: bool(listener.pokes), "the workers were asked")


def test_a_broken_broker_is_no_reason_to_stop(remote: Remote, make_listened: MakeTask) -> None:
    def refuse() -> None:
        raise OSError("no broker")

    task = make_listened()
    with running(refuse) as listener:
        listener.wait_for(task)
        remote.put(letter(1))
        wait_until(lambda: len(listener.pokes) == 1, "it has asked")
        remote.put(letter(2))
        wait_until(lambda: len(listener.pokes) == 2, "it asks again")
        assert listener.connected() == {task.pk}


def test_news_outlive_a_database_that_is_away_for_a_moment(
    user: User, remote: Remote, make_listened: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, hint = make_listened(), dispatch.hint
    failed: list[Collection[int]] = []

    def away(ids: Collection[int], *, now: datetime) -> None:
        if not failed:
            failed.append(ids)
            raise OperationalError("the database is away")
        hint(ids, now=now)

    monkeypatch.setattr(dispatch, "hint", away)
    with running(work_off) as listener:
        listener.wait_for(task)
        remote.put(letter(1))
        wait_until(lambda: Message.objects.filter(user=user).count() == 1, "it has come")
    assert failed


def test_a_silent_server_is_looked_at_when_the_waiting_is_renewed(
    user: User, remote: Remote, make_listened: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some servers forget to tell; at renewal the numbers of the mailbox speak."""
    monkeypatch.setattr(watching, "longest_idle", lambda account: 0.3)
    monkeypatch.setattr("protocols.imap.idle.Idler.take", lambda self: False)
    monkeypatch.setattr(listening, "_readable", never_readable)
    task = make_listened()
    with running(work_off) as listener:
        listener.wait_for(task)
        remote.put(letter(1))
        wait_until(lambda: Message.objects.filter(user=user).count() == 1, "it has come")


async def never_readable(descriptor: int, seconds: float) -> bool:
    """In place of looking at a socket: nothing ever comes."""
    await asyncio.sleep(max(0.0, seconds))
    return False
