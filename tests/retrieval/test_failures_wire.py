"""Known failures 1 to 6 and 10: connections that hang, drip, break off and lie about lengths."""

from __future__ import annotations

from collections import Counter

import pytest
from pytest_django import Settings

from accounts.models import User
from retrieval.models import RemoteState
from standin.certs import TlsFiles
from tests.retrieval.conftest import bodies, letter, run
from tests.retrieval.failing import BODIES, HOUR, MakeTask, batches, entry, hurry, letters, states
from tests.servers.acts import before, cut, drip, hang, swap
from tests.servers.base import CONNECT, GREETING
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer
from tests.servers.pop import PopServer


@pytest.mark.parametrize("event", [CONNECT, GREETING])
def test_row_01_silent_greeting(
    odd_task: MakeTask,
    tls_files: TlsFiles,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    event: str,
) -> None:
    """A handshake or a greeting that never comes is a network error, found by a deadline."""
    hurry(monkeypatch, 0.3)
    settings.CONNECTIVITY_CA_FILE = tls_files.ca_file
    with ImapServer(tls=tls_files.good) as server:
        server.on(event, hang())
        task = odd_task(server, host="localhost", security="tls")
        done = run(task, expect_failure=True)
    assert (done.outcome, done.cause) == ("failed", "hung")
    assert (task.state, task.refused_count, task.fail_count) == ("backoff", 0, 1)
    assert task.next_at is not None
    assert server.heard == []


@pytest.mark.parametrize("kind", ["imap", "pop"])
def test_row_02_slow_drip(
    user: User,
    imap_server: ImapServer,
    pop_server: PopServer,
    odd_task: MakeTask,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    """Single bytes keep a receive happy for ever; the command has a deadline all the same."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 21)))}
    pop_server.drop = [(str(number), letter(number)) for number in range(1, 21)]
    server = imap_server if kind == "imap" else pop_server
    server.on(BODIES if kind == "imap" else "RETR", drip(0.03))
    task = odd_task(server)
    with monkeypatch.context() as short:
        hurry(short, 0.3)
        done = run(task, expect_failure=True)
    assert (done.outcome, done.cause, task.state) == ("failed", "hung", "backoff")
    assert pop_server.count("DELE") == 0
    server.behave()
    run(task, later=2 * HOUR)
    assert bodies(user) == sorted(letters(range(1, 21)).values())


@pytest.mark.accept("A192")
@pytest.mark.parametrize("at", [1, 700, 5_000])
def test_row_03_disconnect_mid_literal(
    user: User, imap_server: ImapServer, odd_task: MakeTask, at: int
) -> None:
    """The run goes on over a new connection, with half batches, asking only for what is missing."""
    box = Box(letters(range(1, 121)))
    imap_server.boxes = {"INBOX": box}
    imap_server.on(BODIES, cut(at), times=1, skip=1)
    done = run(odd_task(imap_server))
    assert (done.outcome, done.stored) == ("ok", 120)
    assert bodies(user) == sorted(box.messages.values())
    first, *others = [talk for talk in imap_server.talks if batches(talk, box)]
    again = [uid for talk in others for batch in batches(talk, box) for uid in batch]
    assert len(others) == 1
    assert len(again) == len(set(again)) <= 70
    assert set(batches(first, box)[0]).isdisjoint(again)
    assert max(len(batch) for batch in batches(others[0], box)) <= 25


@pytest.mark.parametrize("wrong", [-9, 1, 40], ids=["short", "one more", "long"])
def test_row_04_wrong_literal_length(
    user: User,
    imap_server: ImapServer,
    odd_task: MakeTask,
    monkeypatch: pytest.MonkeyPatch,
    wrong: int,
) -> None:
    """The stream is poisoned there: reconnect, bisect to the message, set that one aside."""
    # A length that is too great makes us wait for what never comes.
    hurry(monkeypatch, 1.2 if wrong > 0 else 30.0)
    imap_server.boxes = {"INBOX": Box(letters(range(1, 31))), "Work": Box({1: letter(99)})}
    imap_server.misstated = {7: wrong}
    task = odd_task(imap_server)
    for hours in (0, 2, 30):
        done = run(task, later=hours * HOUR)
    good = [letter(number) for number in range(1, 31) if number != 7]
    assert bodies(user) == sorted([*good, letter(99)])
    assert (done.outcome, task.state) == ("ok", "ok")
    assert entry(task, 7).state == RemoteState.QUARANTINED
    assert entry(task, 7).error
    assert states(task) == {"stored": 30, "quarantined": 1}


@pytest.mark.parametrize("told", [0, 1, 10, 900_000], ids=str)
def test_row_05_size_is_a_hint(
    user: User,
    imap_server: ImapServer,
    odd_task: MakeTask,
    caplog: pytest.LogCaptureFixture,
    told: int,
) -> None:
    """Sizes decide how batches are cut and nothing else; what counts is the literal."""
    caplog.set_level("INFO")
    box = Box(letters(range(1, 21)), sizes=dict.fromkeys(range(1, 21), told))
    imap_server.boxes = {"INBOX": box}
    task = odd_task(imap_server)
    assert run(task).stored == 20
    assert bodies(user) == sorted(box.messages.values())
    assert caplog.messages.count(
        f"task {task.pk}: a message differs much from its listed size"
    ) == (20 if told else 0)
    assert run(task).stored == 0
    assert max(Counter(imap_server.bodies).values()) == 1


@pytest.mark.accept("A191")
@pytest.mark.parametrize(
    "empty", [b"BODY[] NIL", b'BODY[] ""', b"BODY[] {0}\r\n", b"FLAGS (\\Seen)"], ids=str
)
def test_row_06_answer_without_a_body(
    user: User, imap_server: ImapServer, odd_task: MakeTask, empty: bytes
) -> None:
    """OK without a body proves nothing: the message stays open and comes another day."""
    box = Box(letters(range(1, 6)))
    imap_server.boxes = {"INBOX": box}
    imap_server.withheld = {3}
    for form in ("", "HEADER", "TEXT"):
        shown = b"BODY[%b] NIL" % form.encode()
        imap_server.on(
            rf"PEEK\[{form}\]", swap(shown, empty.replace(b"[]", b"[%b]" % form.encode()))
        )
    task = odd_task(imap_server)
    done = run(task)
    assert (done.outcome, done.stored) == ("ok", 4)
    assert entry(task, 3).state == RemoteState.PENDING
    imap_server.withheld.clear()
    run(task, later=2 * HOUR)
    assert bodies(user) == sorted(box.messages.values())


@pytest.mark.accept("A191")
def test_row_06_empty_pop_message_stays_there(
    user: User, pop_server: PopServer, odd_task: MakeTask
) -> None:
    """A server in trouble hands out nothing under a good answer; removing that would lose mail."""
    pop_server.drop = [("a", letter(1)), ("b", letter(2))]
    pop_server.withheld = {"b"}
    task = odd_task(pop_server)
    run(task, expect_failure=True)
    assert bodies(user) == [letter(1)]
    assert ("b", letter(2)) in pop_server.drop
    pop_server.withheld.clear()
    run(task, later=30 * HOUR)
    assert bodies(user) == sorted([letter(1), letter(2)])
    assert pop_server.drop == []


def test_row_10_long_lines(
    user: User, imap_server: ImapServer, pop_server: PopServer, odd_task: MakeTask
) -> None:
    """Lines of megabytes are read; imaplib gives up at one, poplib at 2048 bytes."""
    long = letter(1, body="x" * 3_000_000)
    imap_server.boxes = {"INBOX": Box({1: letter(2)})}
    imap_server.on(BODIES, before("* SEARCH" + " 1" * 1_500_000 + "\r\n"))
    pop_server.drop = [("a", long)]
    run(odd_task(imap_server))
    run(odd_task(pop_server))
    assert bodies(user) == sorted([letter(2), long])


def test_row_10_endless_line(imap_server: ImapServer, odd_task: MakeTask) -> None:
    """No line is read for ever: past the cap the connection is of no more use."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 4)))}
    imap_server.on("EXAMINE", before(b"* X" + b"x" * (17 << 20) + b"\r\n"))
    task = odd_task(imap_server)
    done = run(task, expect_failure=True)
    assert (done.outcome, done.cause, task.state) == ("failed", "protocol", "backoff")
