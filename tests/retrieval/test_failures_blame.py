"""Whose fault it is: the message's, the folder's, the account's, or that of our own worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from filtering.services import deliver
from retrieval.models import PopMessage, RemoteMessage, RetrievalTask
from retrieval.services import dispatch
from retrieval.services.pull import pull
from tests.retrieval.conftest import bodies, letter, run, wait
from tests.retrieval.failing import BODIES, HOUR, MakeTask, entry, letters, states
from tests.servers.acts import cut, first, say
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer
from tests.servers.pop import PopServer


class Killed(BaseException):
    """The end of a worker, as a signal that nothing can catch makes it."""


def attempts(task: RetrievalTask) -> int:
    """How often messages were held responsible."""
    imap = RemoteMessage.objects.filter(folder__task=task, attempts__gt=0).count()
    return imap + PopMessage.objects.filter(task=task, attempts__gt=0).count()


@pytest.mark.parametrize("kind", ["imap", "pop"])
def test_row_08_too_many_to_be_messages(
    user: User, imap_server: ImapServer, pop_server: PopServer, odd_task: MakeTask, kind: str
) -> None:
    """Where a fifth of a batch fails, the folder is sick: wait, and set nothing aside."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 51)))}
    imap_server.refused = set(range(1, 31))
    pop_server.drop = [(str(number), letter(number)) for number in range(1, 51)]
    pop_server.refused = {str(number) for number in range(1, 31)}
    task = odd_task(imap_server if kind == "imap" else pop_server, leave_on_server=True)
    for hours in (0, 2, 30, 60):
        run(task, later=hours * HOUR, expect_failure=True)
    assert attempts(task) == 0
    imap_server.refused, pop_server.refused = set(), set()
    run(task, later=100 * HOUR)
    assert bodies(user) == sorted(letters(range(1, 51)).values())


def test_row_08_sick_folder_that_begins_with_a_few(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Nothing is counted against the first that fail where all after them fail too."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 51)))}
    imap_server.refused = set(range(1, 36))
    task = odd_task(imap_server)
    # In batches of ten, one after another.
    RetrievalTask.objects.filter(pk=task.pk).update(slowed_until=timezone.now() + HOUR)
    run(task, expect_failure=True)
    assert attempts(task) == 0
    assert len(bodies(user)) == 15


def test_row_08_folder_that_hands_out_nothing(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Another folder's mail comes all the same, whenever it arrives there."""
    work = Box(letters(range(201, 211)))
    imap_server.boxes = {"INBOX": Box(letters((101, 102))), "Sick": Box(letters(range(1, 41)))}
    imap_server.boxes["Work"] = work
    imap_server.refused = set(range(1, 41))
    task = odd_task(imap_server)
    for turn in range(5):
        work.messages[300 + turn] = letter(300 + turn)
        assert run(task, later=turn * HOUR / 4).outcome == "ok"
        assert len(bodies(user, "Work")) == 11 + turn
    assert attempts(task) == 0
    assert len(imap_server.talks) <= 10


@pytest.mark.parametrize("at", [0, 400])
def test_row_35_dropped_at_every_body(
    user: User, imap_server: ImapServer, odd_task: MakeTask, at: int
) -> None:
    """No message is blamed for a server that breaks off at all of them, and few sign-ins show."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 101)))}
    imap_server.on(BODIES, cut(at))
    task = odd_task(imap_server)
    for _ in range(3):
        done = run(task, expect_failure=True)
        assert (done.outcome, done.cause) == ("failed", "dropped")
    assert attempts(task) == 0
    assert len(imap_server.talks) <= 3 * 20
    imap_server.behave()
    run(task)
    assert len(bodies(user)) == 100
    assert states(task) == {"stored": 100}


def test_row_35_only_progress_ends_the_count(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """What was stored before the break counts; that the sign-in worked does not."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 201)))}
    imap_server.on(BODIES, cut(0), times=20)
    task = odd_task(imap_server)
    run(task, expect_failure=True)
    run(task, expect_failure=True)
    assert task.fail_count == 2
    imap_server.behave()
    imap_server.on(BODIES, cut(0), skip=1)
    done = run(task, expect_failure=True)
    assert done.stored > 0
    assert task.fail_count == 1
    imap_server.behave()
    run(task)
    assert (task.fail_count, len(bodies(user))) == (0, 200)


@pytest.mark.accept("A193")
@pytest.mark.parametrize("kind", ["imap", "pop"])
def test_row_08_message_that_kills_the_worker(
    user: User,
    imap_server: ImapServer,
    pop_server: PopServer,
    odd_task: MakeTask,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    """A worker that dies says nothing: the attempt is counted before, and the third is the last."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 61)))}
    pop_server.drop = [(str(number), letter(number)) for number in range(1, 61)]
    task = odd_task(imap_server if kind == "imap" else pop_server, leave_on_server=True)
    _die_of(letter(33), monkeypatch)
    deaths = 0
    for turn in range(12):
        deaths += _dies(task, later=turn * timedelta(minutes=10))
    assert 3 <= deaths <= 5
    good = [number for number in range(1, 61) if number != 33]
    assert bodies(user) == sorted(letters(good).values())
    if kind == "imap":
        assert entry(task, 33).state == "quarantined"
    else:
        assert PopMessage.objects.get(task=task, key="33").state == "quarantined"


def _die_of(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare: Callable[..., Any] = deliver.prepare

    def deadly(incoming: Sequence[deliver.Incoming], **options: Any) -> Any:
        if any(one.body.read() == raw for one in incoming):
            raise Killed
        return prepare(incoming, **options)

    monkeypatch.setattr(deliver, "prepare", deadly)


def _dies(task: RetrievalTask, *, later: timedelta) -> bool:
    wait(task, timedelta(minutes=10))
    claim = dispatch.claim_one(task, now=timezone.now() + later)
    assert claim is not None
    try:
        pull(task_id=task.pk, fence=claim.fence, clock=lambda: timezone.now() + later)
    except Killed:
        return True
    return False


@pytest.mark.accept("A192")
def test_uidvalidity_turns_in_the_middle(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Between the list and the bodies the mailbox was made anew: nothing goes under old UIDs."""
    box = Box(letters(range(1, 31)))
    imap_server.boxes = {"INBOX": box}

    def turn() -> None:
        box.uidvalidity = 8
        box.messages = {uid: letter(uid + 10) for uid in range(1, 31)}

    imap_server.on("^EXAMINE", first(turn), times=1, skip=1)
    task = odd_task(imap_server)
    for hours in range(4):
        run(task, later=hours * HOUR)
    stored = bodies(user)
    assert len(stored) == len(set(stored))
    assert set(stored) >= set(box.messages.values())
    for row in RemoteMessage.objects.filter(folder__task=task, generation=2):
        assert row.state in {"stored", "linked"}


@pytest.mark.accept("A86")
def test_refused_list_loses_nothing(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.boxes = {"INBOX": Box(letters((1, 2))), "Work": Box(letters((3,)))}
    imap_server.on("^LIST", say("%TAG% NO [UNAVAILABLE] try later\r\n"), times=2)
    task = odd_task(imap_server)
    for hours in range(3):
        run(task, later=hours * HOUR, expect_failure=True)
    assert len(bodies(user)) == 3
