"""An account that is added again after its task was deleted: nothing is here twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.utils import timezone

from accounts.models import User
from mailstore.models import Folder, Message, Source
from mailstore.services import folders, messages
from protocols.types import Security
from retrieval.models import RemoteMessage, RetrievalTask
from retrieval.services import accounts, left_behind, storing
from retrieval.services.session import Session
from tests.retrieval.conftest import bodies, letter, run
from tests.retrieval.failing import HOUR, MakeTask, letters, states
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer
from tests.servers.pop import PopServer


def again(task: RetrievalTask, make: MakeTask, server: ImapServer | PopServer) -> RetrievalTask:
    """Delete a task and make another for the same account."""
    accounts.delete(task=task)
    return make(server)


@pytest.fixture(autouse=True)
def by_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little mail here makes several parts."""
    monkeypatch.setattr(left_behind, "CHUNK", 4)


@pytest.mark.accept("A50", "A192")
def test_what_still_lies_there_is_linked(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Also where the same bytes lie there twice, and where some of it came meanwhile."""
    box = Box(letters(range(1, 31)) | {31: letter(1)})
    imap_server.boxes = {"INBOX": box, "Work": Box({1: letter(2), 2: letter(40)})}
    task = odd_task(imap_server)
    run(task)
    before = bodies(user)
    assert len(before) == 33
    box.messages[32] = letter(32)
    second = again(task, odd_task, imap_server)
    done = run(second)
    assert (done.stored, done.linked) == (1, 33)
    assert bodies(user) == sorted([*before, letter(32)])
    assert states(second)["linked"] == 33
    linked = RemoteMessage.objects.filter(folder__task=second, state="linked")
    assert linked.filter(message=None).count() == 0
    box.messages[33] = letter(33)
    assert run(second, later=HOUR).stored == 1
    assert len(bodies(user)) == 35


def test_a_worker_that_dies_while_it_looks_is_followed_by_another(
    user: User, imap_server: ImapServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where what it found is deleted here before the next one comes."""
    box = Box({uid: letter(uid) for uid in range(1, 40)})
    imap_server.boxes = {"INBOX": box}
    task = odd_task(imap_server)
    run(task)
    second = again(task, odd_task, imap_server)
    settle, parts = Session.settle, iter([True, True])

    def dies(self: Session, write: Callable[[], None], **counts: int) -> None:
        if not next(parts, False):
            raise OSError(5, "gone")
        settle(self, write, **counts)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "settle", dies)
        run(second, expect_failure=True)
    assert states(second) == {"stored": 8}
    messages.remove(user, list(Message.objects.filter(user=user).values_list("pk", flat=True)))
    run(second, later=HOUR)
    assert bodies(user) == sorted(box.messages.values())


def test_what_was_deleted_or_moved_here_is_fetched_again(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Nothing is known of it any more, and to miss mail is worse."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 6)))}
    task = odd_task(imap_server)
    run(task)
    first = Message.objects.filter(user=user).earliest("pk")
    messages.remove(user, [first.pk])
    run(again(task, odd_task, imap_server))
    assert len(bodies(user)) == 5


def test_a_second_account_takes_nothing_from_the_first(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.boxes = {"INBOX": Box(letters(range(1, 6)))}
    task = odd_task(imap_server)
    run(task)
    assert run(odd_task(imap_server)).stored == 5  # both are there: each has its own mail
    Source.objects.filter(retrieval_task=task).update(address="another@odd.test")
    accounts.delete(task=task)
    assert run(odd_task(imap_server)).stored == 5


def test_a_slice_that_ends_early_begins_nothing_anew(
    user: User, imap_server: ImapServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap_server.boxes = {name: Box(letters(range(1, 4))) for name in ("INBOX", "A", "B")}
    task = odd_task(imap_server)
    run(task)
    second = again(task, odd_task, imap_server)
    for number in range(6):
        looks = iter([False] * number)
        with monkeypatch.context() as patch:
            patch.setattr(Session, "over", lambda _session, looks=looks: next(looks, True))
            run(second)
    run(second)
    assert second.first_pass_done_at is not None
    assert len(bodies(user)) == 9
    assert states(second) == {"linked": 9, "stored": 9}  # what was left, and what stands for it


@pytest.mark.accept("A50", "A191")
def test_a_maildrop_too(user: User, pop_server: PopServer, odd_task: MakeTask) -> None:
    pop_server.drop = [(f"id{number}", letter(number)) for number in range(1, 11)]
    inbox = folders.special(user, "inbox")
    task = odd_task(pop_server, destination=inbox, leave_on_server=True)
    run(task)
    values = replace(accounts.values_of(task), password="secret", security=Security.NONE)
    accounts.delete(task=task)
    pop_server.drop.append(("id11", letter(11)))
    second = storing.store(user, values, None, timezone.now())
    done = run(second)
    assert (done.stored, done.linked) == (1, 10)
    assert bodies(user) == sorted(letter(number) for number in range(1, 12))
    assert Folder.objects.get(pk=inbox.pk).total == 11
