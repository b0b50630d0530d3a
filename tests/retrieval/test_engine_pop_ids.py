"""Maildrops whose ids say too little: mail that stays there is not fetched again for that."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import pytest
from django.utils import timezone

from accounts.models import User
from mailstore.models import Message
from mailstore.services import messages
from retrieval.models import PopMessage, RetrievalTask
from retrieval.services import pull_pop
from retrieval.timeline import Entry, days_of, runs_of
from tests.retrieval.conftest import bodies, letter, run
from tests.servers.acts import cut, edit, say
from tests.servers.pop import PopServer

MakeTask = Callable[..., RetrievalTask]


def number_anew(server: PopServer, prefix: str) -> None:
    server.drop = [(f"{prefix}{at}", raw) for at, (_, raw) in enumerate(server.drop)]


@pytest.fixture
def server(pop_server: PopServer) -> PopServer:
    """Forty messages, two of them the same."""
    pop_server.capabilities = "TOP,UIDL,PIPELINING"
    pop_server.drop = [(f"a{number}", letter(number)) for number in range(39)]
    pop_server.drop.append(("twin", letter(7)))
    return pop_server


@pytest.fixture
def task(server: PopServer, odd_task: MakeTask) -> RetrievalTask:
    """It leaves mail there."""
    return odd_task(server, leave_on_server=True)


def told(task: RetrievalTask) -> list[Entry]:
    """The task's history as its page tells it."""
    days = days_of(runs_of(task), now=timezone.now())
    return [entry for day in days for entry in day.entries]


def fetched(server: PopServer) -> int:
    """How many messages were asked for since last asked."""
    number = server.count("RETR")
    server.heard.clear()
    return number


@pytest.mark.accept("A192")
@pytest.mark.parametrize("sizes", [{}, {"b3": 1, "a3": 1}], ids=["right", "wrong"])
def test_new_ids_for_everything_cost_headers_only(
    user: User, server: PopServer, task: RetrievalTask, sizes: dict[str, int]
) -> None:
    server.sizes = sizes
    assert run(task).stored == 40
    assert fetched(server) == 40
    number_anew(server, "b")
    server.drop.append(("new", letter(100)))
    done = run(task)
    assert (done.stored, done.linked, fetched(server)) == (1, 40, 1)
    assert run(task).stored == 0
    assert fetched(server) == server.count("TOP") == 0
    assert len(bodies(user)) == 41


@pytest.mark.accept("A192")
def test_no_ids_at_all_cost_headers_only_and_are_told(
    user: User, server: PopServer, task: RetrievalTask
) -> None:
    server.knows_uidl = False
    done = run(task)
    assert (done.stored, fetched(server)) == (40, 40)
    assert (done.outcome, done.cause, done.cause_text) == ("ok", "", pull_pop.NO_IDS)
    assert any(pull_pop.NO_IDS in entry.text for entry in told(task))
    server.drop.insert(0, ("new", letter(7)))
    done = run(task)
    assert (done.stored, fetched(server)) == (1, 1)
    assert bodies(user).count(letter(7)) == 3
    messages.remove(user, list(Message.objects.values_list("pk", flat=True)))
    assert (run(task).stored, fetched(server)) == (0, 0)


@pytest.mark.accept("A192")
@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize("how", ["short", "other", "refused", "cut", "garbage"])
def test_a_server_with_a_bad_top_doubles_nothing(
    user: User, server: PopServer, task: RetrievalTask, how: str, ids: bool
) -> None:
    acts = {
        "short": edit(lambda data: data[:20] + b"\r\n.\r\n"),
        "other": edit(lambda data: data.replace(b"+OK\r\n", b"+OK\r\nX-Status: read\r\n")),
        "refused": say("-ERR unknown\r\n"),
        "cut": cut(10),
        "garbage": say("220 what\r\n"),
    }
    server.on("TOP", acts[how])
    server.knows_uidl = ids
    run(task)
    fetched(server)
    number_anew(server, "c")
    run(task)
    assert fetched(server) == 40
    assert len(bodies(user)) == 40


@pytest.mark.accept("A191")
def test_headers_are_no_proof_for_removing(
    user: User, server: PopServer, task: RetrievalTask
) -> None:
    run(task)
    fetched(server)
    changed = letter(3, body="Jello.")
    server.drop = [(f"b{number}", letter(number)) for number in range(3)]
    server.drop.append(("b3", changed))
    RetrievalTask.objects.filter(pk=task.pk).update(leave_on_server=False)
    done = run(task)
    assert (done.stored, fetched(server), server.count("TOP")) == (1, 4, 0)
    assert changed in bodies(user)
    assert server.drop == []


def test_an_id_two_messages_share_is_none(
    user: User, server: PopServer, task: RetrievalTask
) -> None:
    server.drop = [("same", letter(1)), ("same", letter(2)), ("own", letter(3))]
    assert run(task).stored == 3
    assert fetched(server) == 3
    done = run(task)
    assert (done.stored, done.cause_text, fetched(server)) == (0, "", 0)
    assert set(PopMessage.objects.values_list("state", flat=True)) == {"stored"}


@pytest.mark.accept("A191")
@pytest.mark.parametrize("word", ["sha256", "SHA256", "past"])
def test_ids_that_look_like_keys_of_ours_are_no_danger(
    user: User, server: PopServer, task: RetrievalTask, word: str
) -> None:
    known, other = letter(1), letter(2)
    digest = sha256(known).hexdigest()
    server.drop = [("same", known), ("same", known), (f"{word}:{digest}", other), ("z", letter(3))]
    RetrievalTask.objects.filter(pk=task.pk).update(leave_on_server=False)
    task.refresh_from_db()
    assert run(task).stored == 4
    assert bodies(user) == sorted([known, known, other, letter(3)])
    assert server.drop == []
