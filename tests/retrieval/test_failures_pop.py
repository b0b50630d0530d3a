"""Known failure 38, and what else maildrops do to those who collect from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from connectivity.catalogue import root
from filtering.services import deliver
from lib.checkpoints import set_hook
from retrieval.models import PopMessage
from tests.retrieval.conftest import bodies, letter, run
from tests.retrieval.failing import HOUR, MakeTask, due_in, hurry
from tests.servers.acts import cut, drop, edit, last_words, say
from tests.servers.pop import PopServer


def drop_of(*numbers: int) -> list[tuple[str, bytes]]:
    return [(f"id{number}", letter(number)) for number in numbers]


@pytest.mark.accept("A191")
@pytest.mark.parametrize("pipelining", ["", "PIPELINING,UIDL,TOP"])
def test_row_38_unstuffed_dot(
    user: User, pop_server: PopServer, odd_task: MakeTask, pipelining: str
) -> None:
    """A message that ends early by a bare dot is not taken for whole, and stays there."""
    cut_short = letter(2, body="before\r\n.\r\nafter")
    pop_server.capabilities = pipelining
    pop_server.stuffs = False
    pop_server.drop = [("a", letter(1)), ("b", cut_short), *drop_of(3, 4)]
    task = odd_task(pop_server)
    for hours in (0, 2, 30, 60):
        run(task, later=hours * HOUR, expect_failure=True)
    assert bodies(user) == sorted([letter(1), letter(3), letter(4)])
    assert pop_server.drop == [("b", cut_short)]


@pytest.mark.parametrize("command", ["^PASS", "^RETR"])
def test_row_38_limit_of_the_day(
    user: User, pop_server: PopServer, odd_task: MakeTask, command: str
) -> None:
    """-ERR Download exceed: wait, hold nothing against the messages, remove nothing unseen."""
    pop_server.drop = drop_of(*range(1, 6))
    pop_server.on(command, say("-ERR Download exceed limit, try again tomorrow\r\n"))
    task = odd_task(pop_server)
    done = run(task, expect_failure=True)
    assert done.cause == "over-quota"
    assert (task.state, task.refused_count) == ("backoff", 0)
    due_in(task, HOUR, 1.1 * HOUR)
    assert not PopMessage.objects.filter(task=task, attempts__gt=0).exists()
    assert len(pop_server.drop) == 5
    pop_server.behave()
    run(task, later=2 * HOUR)
    assert len(bodies(user)) == 5


@pytest.mark.parametrize("words", ["[IN-USE] locked", "[LOGIN-DELAY] wait", "lock busy"])
def test_maildrop_in_use(pop_server: PopServer, odd_task: MakeTask, words: str) -> None:
    """The exclusive lock of a maildrop is no refusal of the password."""
    pop_server.on("^PASS", say(f"-ERR {words}\r\n"))
    task = odd_task(pop_server)
    assert root(run(task, expect_failure=True).cause) == "in-use"
    assert (task.state, task.refused_count) == ("backoff", 0)
    due_in(task, timedelta(minutes=5), timedelta(minutes=15))


@pytest.mark.accept("A191")
def test_failed_store_with_a_server_that_forgets(
    user: User, pop_server: PopServer, odd_task: MakeTask
) -> None:
    """Gmail hides at QUIT whatever was retrieved: after a failed store there must be none."""
    pop_server.drop = drop_of(*range(1, 121))
    pop_server.forgets = True
    task = odd_task(pop_server, leave_on_server=True)
    stores = 0

    def fail(name: str) -> None:
        nonlocal stores
        stores += name == "pull: filed, not committed"
        if stores == 2:
            stores += 1
            raise OSError(28, "No space left on device")

    set_hook(fail)
    try:
        done = run(task, expect_failure=True)
    finally:
        set_hook(None)
    assert (done.outcome, done.cause) == ("failed", "storage")
    assert "QUIT" not in pop_server.talks[-1].heard
    run(task, later=HOUR)
    assert bodies(user) == sorted(letter(number) for number in range(1, 121))


@pytest.mark.accept("A191")
@pytest.mark.parametrize("ids", [True, False])
def test_row_08_message_that_cannot_be_stored(
    user: User,
    pop_server: PopServer,
    odd_task: MakeTask,
    monkeypatch: pytest.MonkeyPatch,
    ids: bool,
) -> None:
    """A fault of ours with one message holds up no other, and takes it from nobody."""
    pop_server.forgets = True
    pop_server.drop = drop_of(*range(1, 11))
    if not ids:
        pop_server.on("^UIDL", say("-ERR no ids\r\n"))
    task = odd_task(pop_server)
    prepare: Callable[..., Any] = deliver.prepare

    def trip(incoming: Sequence[deliver.Incoming], **options: Any) -> Any:
        if any(one.body.read() == letter(4) for one in incoming):
            raise ValueError("what nobody thought of")
        return prepare(incoming, **options)

    monkeypatch.setattr(deliver, "prepare", trip)
    run(task, expect_failure=not ids)
    assert bodies(user) == sorted(letter(number) for number in range(1, 11) if number != 4)
    assert [raw for _, raw in pop_server.drop] == [letter(4)] or not ids
    monkeypatch.undo()
    run(task, later=2 * HOUR)
    assert bodies(user) == sorted(letter(number) for number in range(1, 11))


@pytest.mark.accept("A191", "A192")
@pytest.mark.parametrize("at", [0, 3])
def test_quit_without_an_answer(
    user: User, pop_server: PopServer, odd_task: MakeTask, at: int
) -> None:
    """Removed or not, nobody can tell: nothing is counted as removed, nothing comes twice."""
    pop_server.drop = drop_of(1, 2, 3)
    pop_server.on("^QUIT", cut(at), times=1)
    task = odd_task(pop_server)
    assert run(task, expect_failure=True).removed == 0
    pop_server.drop = drop_of(1, 2, 3)
    run(task, later=HOUR)
    assert pop_server.drop == []
    assert len(bodies(user)) == 3
    assert len(pop_server.retrieved()) == 3


@pytest.mark.accept("A191", "A192")
def test_dropped_before_the_quit(user: User, pop_server: PopServer, odd_task: MakeTask) -> None:
    """What was only marked is still there: it is marked again without being fetched again."""
    pop_server.drop = drop_of(1, 2, 3)
    pop_server.on("^DELE 2", drop(hard=True), times=1)
    task = odd_task(pop_server)
    run(task, expect_failure=True)
    run(task, later=HOUR)
    assert pop_server.drop == []
    assert bodies(user) == sorted(letter(number) for number in (1, 2, 3))
    assert len(pop_server.retrieved()) == 3


@pytest.mark.accept("A192")
def test_dropped_in_the_middle_of_a_message(
    user: User, pop_server: PopServer, odd_task: MakeTask
) -> None:
    pop_server.drop = drop_of(*range(1, 81))
    pop_server.on("^RETR", cut(60, hard=True), times=1, skip=65)
    task = odd_task(pop_server)
    run(task, expect_failure=True)
    run(task, later=HOUR)
    assert bodies(user) == sorted(letter(number) for number in range(1, 81))
    assert pop_server.drop == []


@pytest.mark.accept("A192")
def test_same_id_for_several_messages(
    user: User, pop_server: PopServer, odd_task: MakeTask
) -> None:
    """An id that two messages bear tells neither apart; their bytes do."""
    pop_server.drop = [("x", letter(1)), ("x", letter(2)), ("y", letter(3)), ("x", letter(2))]
    pop_server.removes = False
    task = odd_task(pop_server, leave_on_server=True)
    for hours in (0, 1, 2):
        run(task, later=hours * HOUR)
    assert bodies(user) == sorted([letter(1), letter(2), letter(2), letter(3)])


@pytest.mark.accept("A192")
@pytest.mark.parametrize("leave", [True, False])
def test_no_ids_at_all(user: User, pop_server: PopServer, odd_task: MakeTask, leave: bool) -> None:
    pop_server.knows_uidl = False
    pop_server.drop = [("", letter(1)), ("", letter(2)), ("", letter(1))]
    task = odd_task(pop_server, leave_on_server=leave)
    run(task)
    pop_server.drop.append(("", letter(4)))
    run(task, later=HOUR)
    assert bodies(user) == sorted([letter(1), letter(1), letter(2), letter(4)])


@pytest.mark.accept("A192")
def test_every_id_renumbered(user: User, pop_server: PopServer, odd_task: MakeTask) -> None:
    """After a migration there every id is new; what is here already is recognised."""
    pop_server.drop = drop_of(*range(1, 41))
    task = odd_task(pop_server, leave_on_server=True)
    run(task)
    pop_server.drop = [(f"new{number}", letter(number)) for number in range(1, 43)]
    done = run(task, later=HOUR)
    assert (done.stored, done.linked) == (2, 40)
    assert len(bodies(user)) == 42


@pytest.mark.accept("A191")
@pytest.mark.parametrize("leave", [True, False])
def test_listing_that_is_a_window(
    user: User, pop_server: PopServer, odd_task: MakeTask, leave: bool
) -> None:
    """Gmail shows some hundred at a time and hides those at QUIT: not listed is not gone."""
    pop_server.drop = drop_of(*range(1, 101))
    pop_server.window, pop_server.forgets = 30, True
    task = odd_task(pop_server, leave_on_server=leave)
    for hours in range(4):
        run(task, later=hours * HOUR)
    assert bodies(user) == sorted(letter(number) for number in range(1, 101))


def test_farewell_in_the_middle(user: User, pop_server: PopServer, odd_task: MakeTask) -> None:
    pop_server.drop = drop_of(*range(1, 11))
    pop_server.on("^RETR 5", last_words("-ERR [SYS/TEMP] shutting down\r\n"), times=1)
    task = odd_task(pop_server)
    run(task, expect_failure=True)
    run(task, later=30 * HOUR)
    assert bodies(user) == sorted(letter(number) for number in range(1, 11))
    assert not PopMessage.objects.filter(task=task, state="quarantined").exists()


@pytest.mark.accept("A191")
@pytest.mark.parametrize("answer", ["+OK\r\n", ""], ids=["without a body", "none"])
def test_answer_that_never_came(
    user: User,
    pop_server: PopServer,
    odd_task: MakeTask,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
) -> None:
    """The answers behind it seem to belong to the requests before: none of that is believed."""
    pop_server.capabilities = "PIPELINING,UIDL"
    pop_server.drop = drop_of(*range(10, 60))
    pop_server.on("^RETR", say(answer), times=1, skip=20)
    task = odd_task(pop_server)
    with monkeypatch.context() as short:
        hurry(short, 0.3)
        run(task, expect_failure=True)
    run(task, later=30 * HOUR)
    run(task, later=60 * HOUR)
    stored = bodies(user)
    assert {letter(number) for number in range(10, 60)} <= set(stored)
    assert len(stored) == len(set(stored)) <= 51
    assert pop_server.drop == []


@pytest.mark.accept("A191")
def test_answer_that_came_twice(user: User, pop_server: PopServer, odd_task: MakeTask) -> None:
    pop_server.capabilities = "PIPELINING,UIDL"
    pop_server.drop = drop_of(*range(10, 60))
    pop_server.on("^RETR", edit(lambda data: data + data), times=2, skip=20)
    task = odd_task(pop_server)
    run(task, expect_failure=True)
    run(task, later=30 * HOUR)
    run(task, later=60 * HOUR)
    stored = bodies(user)
    assert {letter(number) for number in range(10, 60)} <= set(stored)
    assert len(stored) <= 52  # what the server gave twice may lie here twice
    assert pop_server.drop == []
