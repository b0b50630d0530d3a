"""POP servers and moments that lose or double mail in other programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from mailstore.models import Folder, Message
from mailstore.services import clearing, folders
from protocols.pop3 import Pop3Source
from protocols.types import Security
from retrieval.models import PopMessage, RetrievalTask
from retrieval.services import accounts
from retrieval.services.session import Session
from tests.retrieval.conftest import bodies, letter, run
from tests.servers.pop import PopServer
from tests.waiting import wait_until

MakeTask = Callable[..., RetrievalTask]


@pytest.mark.accept("A191", "A192")
def test_an_id_that_is_given_out_again_hides_no_message(
    user: User, pop_server: PopServer, odd_task: MakeTask
) -> None:
    task = odd_task(pop_server)
    for round_ in range(3):
        pop_server.drop = [("1", letter(10 + round_)), ("2", letter(20 + round_))]
        assert run(task).stored == 2
        assert pop_server.drop == []
    assert len(bodies(user)) == 6


@pytest.mark.accept("A191")
def test_an_id_reused_after_an_unconfirmed_quit_loses_nothing(
    user: User, pop_server: PopServer, odd_task: MakeTask
) -> None:
    pop_server.drop = [("1", letter(1))]
    pop_server.confirms_quit = False
    task = odd_task(pop_server)
    assert run(task).removed == 0
    pop_server.confirms_quit = True
    other = letter(2, body="Another message under the old number.")
    pop_server.drop = [("1", other)]
    run(task)
    assert bodies(user) == sorted([letter(1), other])
    assert pop_server.drop == []


@pytest.mark.accept("A192")
def test_a_server_that_ignores_removal_is_not_fetched_from_twice(
    user: User, pop_server: PopServer, odd_task: MakeTask
) -> None:
    pop_server.drop = [("a", letter(1)), ("b", letter(2))]
    pop_server.removes = False
    task = odd_task(pop_server)
    for _ in range(3):
        run(task)
    assert sum(line.startswith("RETR") for line in pop_server.heard) == 2
    assert len(bodies(user)) == 2


@pytest.mark.accept("A192")
@pytest.mark.parametrize("leave", [True, False])
def test_ids_that_fail_once_double_nothing(
    user: User, pop_server: PopServer, odd_task: MakeTask, leave: bool
) -> None:
    pop_server.drop = [("a", letter(1)), ("b", letter(2)), ("c", letter(2))]
    pop_server.removes = False
    task = odd_task(pop_server, leave_on_server=leave)
    run(task)
    pop_server.knows_uidl = False
    run(task)
    pop_server.knows_uidl = True
    run(task)
    assert bodies(user) == sorted([letter(1), letter(2), letter(2)])


@pytest.mark.accept("A192")
def test_a_maildrop_that_was_renumbered_is_recognised(
    user: User, pop_server: PopServer, odd_task: MakeTask
) -> None:
    pop_server.drop = [(f"old{number}", letter(number)) for number in range(5)]
    task = odd_task(pop_server, leave_on_server=True)
    run(task)
    pop_server.drop = [(f"new{number}", letter(number)) for number in range(6)]
    done = run(task)
    assert (done.stored, done.linked) == (1, 5)
    assert len(bodies(user)) == 6


@pytest.mark.accept("A191")
def test_another_account_in_the_same_task_starts_afresh(
    user: User, pop_server: PopServer, odd_task: MakeTask
) -> None:
    """The new account's ids may be those of the old one; its mail must not be removed unread."""
    pop_server.drop = [("1", letter(1)), ("2", letter(2))]
    pop_server.removes = False
    task = odd_task(pop_server)
    run(task)
    values = replace(
        accounts.values_of(task), password="another", security=Security.NONE, username="other"
    )
    accounts.save(user=user, values=values, now=timezone.now(), task=task, test=False)
    pop_server.removes = True
    pop_server.drop = [("1", letter(11)), ("2", letter(12))]
    task.refresh_from_db()
    run(task)
    assert bodies(user) == sorted(letter(number) for number in (1, 2, 11, 12))


def test_a_message_the_server_refuses_holds_up_no_other(
    user: User, pop_server: PopServer, odd_task: MakeTask
) -> None:
    pop_server.drop = [(str(number), letter(number)) for number in range(1, 6)]
    pop_server.refused = {"1", "3"}
    task = odd_task(pop_server)
    for hours in (0, 2, 30):
        run(task, later=timedelta(hours=hours))
    assert pop_server.retrieved().count(1) == 3
    assert bodies(user) == sorted(letter(number) for number in (2, 4, 5))
    assert [uidl for uidl, _ in pop_server.drop] == ["1", "3"]
    assert PopMessage.objects.filter(task=task, state="quarantined").count() == 2


def test_a_message_that_cannot_be_removed_holds_up_no_other(
    pop_server: PopServer, odd_task: MakeTask
) -> None:
    pop_server.drop = [(str(number), letter(number)) for number in range(1, 6)]
    pop_server.kept = {"2"}
    done = run(odd_task(pop_server), expect_failure=True)
    assert (done.stored, done.removed) == (5, 4)
    assert [uidl for uidl, _ in pop_server.drop] == ["2"]


@pytest.mark.accept("A191")
def test_a_message_cut_short_by_a_bare_dot_is_not_taken_for_whole(
    user: User, pop_server: PopServer, odd_task: MakeTask
) -> None:
    cut = letter(2, body="before\r\n.\r\nafter")
    pop_server.stuffs = False
    pop_server.drop = [("a", letter(1)), ("b", cut)]
    task = odd_task(pop_server)
    for _ in range(4):
        run(task, expect_failure=True)
    assert bodies(user) == [letter(1)]
    assert ("b", cut) in pop_server.drop


def test_a_destination_deleted_during_a_pull_does_not_stop_it(
    user: User, pop_server: PopServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    pop_server.drop = [(str(number), letter(number)) for number in range(1, 121)]
    store, batches = Session.store, []

    def storing(self: Session, *args: object, **kwargs: object) -> list[Message]:
        stored = store(self, *args, **kwargs)  # type: ignore[arg-type]  # passed on as given
        batches.append(stored)
        if len(batches) == 1:
            clearing.delete(Folder.objects.get(user=user, name="Odd"))
        return stored

    monkeypatch.setattr(Session, "store", storing)
    done = run(odd_task(pop_server, destination=folders.ensure_path(user, ["Odd"])))
    assert (done.outcome, done.stored, done.removed) == ("ok", 120, 120)
    assert Message.objects.filter(user=user).count() == 120


def test_a_session_that_fetched_nothing_waits_for_no_farewell(
    pop_server: PopServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It changed nothing, so there is nothing to confirm."""
    pop_server.drop = [("a", letter(1))]
    task = odd_task(pop_server, leave_on_server=True)
    waited: list[bool] = []
    leave = Pop3Source.quit

    def noted(source: Pop3Source, *, wait: bool = True) -> bool:
        waited.append(wait)
        return leave(source, wait=wait)

    monkeypatch.setattr(Pop3Source, "quit", noted)
    assert [run(task).stored for _ in range(2)] == [1, 0]
    assert waited == [True, False]
    wait_until(lambda: pop_server.count("^QUIT") == 2, "the server is told all the same")
