"""Servers that mean no good: one must not take the listener from the accounts of the others."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from accounts.models import User
from mailstore.models import Message
from protocols.errors import Later, Stage
from protocols.imap.idle import Idler
from retrieval.models import RetrievalTask
from retrieval.services import listening, watching
from standin.hostile import Hang, Hostile
from tests.retrieval.conftest import Remote, letter
from tests.retrieval.test_listening import (
    MakeTask,
    make_listened,
    never_readable,
    quick,
    running,
    work_off,
)
from tests.waiting import wait_until

__all__ = ["make_listened", "quick"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def renewing(monkeypatch: pytest.MonkeyPatch) -> None:
    """News are found by renewing alone, and that is done all the time."""
    monkeypatch.setattr(watching, "longest_idle", lambda account: 0.3)
    monkeypatch.setattr(Idler, "take", lambda self: False)
    monkeypatch.setattr(listening, "_readable", never_readable)


@pytest.mark.usefixtures("renewing")
def test_sign_ins_that_hang_keep_no_connection_from_being_renewed(
    user: User, remote: Remote, make_listened: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "SIGNING_IN", 1)
    task = make_listened()
    with Hostile([Hang()]) as slow, running(work_off) as listener:
        listener.wait_for(task)
        make_listened(host="127.0.0.1", port=slow.port, security="none", require_ssl=False)
        wait_until(lambda: bool(slow.heard), "the slow server was reached")
        remote.put(letter(1))
        wait_until(lambda: Message.objects.filter(user=user).count() == 1, "it has come")


@pytest.mark.usefixtures("renewing")
def test_a_connection_in_use_by_a_thread_is_not_closed_yet(
    make_listened: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its descriptor might be another account's connection by the time the thread reads on."""
    begun, go_on, closed = threading.Event(), threading.Event(), threading.Event()
    closed_early: list[bool] = []
    close = Idler.close

    def renew(self: Idler) -> bool:
        begun.set()
        go_on.wait(120)
        return False

    def noted(self: Idler) -> None:
        closed_early.append(not go_on.is_set())
        closed.set()
        close(self)

    monkeypatch.setattr(Idler, "renew", renew)
    monkeypatch.setattr(Idler, "close", noted)
    task = make_listened()
    with running() as listener:
        listener.wait_for(task)
        assert begun.wait(120)
        RetrievalTask.objects.update(push_enabled=False)
        listener.wait_for()
        go_on.set()
        assert closed.wait(120)
    assert closed_early == [False]


def test_a_server_that_says_at_once_is_asked_no_sooner_than_others() -> None:
    at_once = Later(Stage.FOLDERS, "throttled", retry_after=0.0)
    assert listening._pause(at_once, 1) >= listening.SHORTEST_WAIT


def test_one_person_does_not_take_all_connections(
    make_listened: Callable[..., RetrievalTask],
    other_user: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "ONE_PERSON", 3)
    for number in range(6):
        make_listened(host=f"mail{number}.test")
    theirs = make_listened(user=other_user, host="other.test")
    found = watching.wanted()
    assert len(found) == 4
    assert theirs.pk in {account.task_id for account in found}
