"""Known failures 7 to 9, 11, 12, 27, 33, 34 and 37: single messages that make trouble."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from filtering.services import deliver
from mailstore.models import Message
from retrieval.models import RemoteMessage, RemoteState, RetrievalRun
from retrieval.services import quarantine
from tests.retrieval.conftest import Remote, bodies, letter, run
from tests.retrieval.failing import BODIES, HOUR, MakeTask, entry, letters, states
from tests.servers.acts import first, say
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer
from tests.servers.pop import PopServer


@pytest.mark.parametrize(
    "forms", [{"whole"}, {"whole", "pieces"}], ids=["pieces help", "halves help"]
)
def test_row_07_refused_body_comes_another_way(
    user: User,
    imap_server: ImapServer,
    odd_task: MakeTask,
    monkeypatch: pytest.MonkeyPatch,
    forms: set[str],
) -> None:
    """NO [SERVERBUG] for one message: the others go on, and it is asked for in other forms."""
    monkeypatch.setattr("protocols.imap.bodies.PIECE", 50_000)
    box = Box({**letters(range(1, 61)), 33: letter(33, body="long\r\n" * 30_000)})
    imap_server.boxes = {"INBOX": box}
    imap_server.refused, imap_server.refused_forms = {33}, forms
    done = run(odd_task(imap_server))
    assert (done.outcome, done.stored) == ("ok", 60)
    assert bodies(user) == sorted(box.messages.values())


def test_row_05_bodies_far_larger_than_told(
    user: User, imap_server: ImapServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that holds far more than its sizes told of is asked for in smaller ones."""
    monkeypatch.setattr("protocols.imap.bodies.BATCH_CAP", 100_000)
    large = {uid: letter(uid, body="long\r\n" * 4_000) for uid in range(1, 41)}
    imap_server.boxes = {"INBOX": Box(large, sizes=dict.fromkeys(large, 10))}
    task = odd_task(imap_server)
    run(task)
    assert states(task) == {"stored": 40}
    assert bodies(user) == sorted(large.values())
    # Not all of the rest each time.
    assert len(imap_server.bodies) <= 40 * 4


def test_row_08_message_that_cannot_be_stored(
    user: User, imap_server: ImapServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours with one message holds up no other; it is set aside in the end."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 31)))}
    task = odd_task(imap_server)
    prepare: Callable[..., Any] = deliver.prepare

    def trip(incoming: Sequence[deliver.Incoming], **options: Any) -> Any:
        if any(one.body.read() == letter(13) for one in incoming):
            raise ValueError("what nobody thought of")
        return prepare(incoming, **options)

    monkeypatch.setattr(deliver, "prepare", trip)
    assert run(task).outcome == "ok"
    assert len(bodies(user)) == 29
    assert (entry(task, 13).state, entry(task, 13).attempts) == ("pending", 1)
    # Where nothing else can be stored either, no message is blamed.
    assert run(task, later=2 * HOUR, expect_failure=True).cause == "internal"
    assert entry(task, 13).attempts == 1
    monkeypatch.undo()
    run(task, later=30 * HOUR)
    assert bodies(user) == sorted(letters(range(1, 31)).values())


def test_row_07_message_refused_for_ever(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Tried at once, after an hour and after a day, then set aside with a reason and a button."""
    box = Box(letters(range(1, 61)))
    imap_server.boxes = {"INBOX": box}
    imap_server.refused = {33}
    task = odd_task(imap_server)
    for hours, attempts in ((0, 1), (0, 1), (2, 2), (2, 2), (30, 3)):
        done = run(task, later=hours * HOUR)
        assert (done.outcome, entry(task, 33).attempts) == ("ok", attempts)
    assert states(task) == {"stored": 59, "quarantined": 1}
    assert entry(task, 33).error
    imap_server.refused = set()
    run(task, later=40 * HOUR)
    assert len(bodies(user)) == 59
    assert quarantine.retry(task, now=timezone.now(), only=entry(task, 33).pk) == 1
    run(task, later=41 * HOUR)
    assert bodies(user) == sorted(box.messages.values())


def test_row_08_poison_blocks_nothing(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Progress never depends on the worst messages, wherever they lie."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 101))), "Work": Box(letters((201,)))}
    imap_server.refused = {1, 50, 100}
    imap_server.misstated = {20: 5}
    task = odd_task(imap_server)
    done = run(task)
    good = [number for number in range(1, 101) if number not in {1, 20, 50, 100}]
    assert bodies(user) == sorted(letters([*good, 201]).values())
    assert (done.outcome, task.state) == ("ok", "ok")


def test_row_09_nul_and_surrogates(user: User, imap_server: ImapServer, odd_task: MakeTask) -> None:
    """Bytes no text column takes: kept in the message, absent from everything derived."""
    odd = (
        b"From: a\0b <a@odd.test>\r\nSubject: nul \0 =?utf-8?b?7aCA?= =?utf-16?b?ANgA2A==?=\r\n"
        b"Message-ID: <x\0y@odd.test>\r\n\r\nnul \0 and \xed\xa0\x80 here\r\n"
    )
    imap_server.boxes = {"INBOX": Box({1: odd, 2: letter(2)})}
    done = run(odd_task(imap_server))
    assert (done.outcome, done.stored) == ("ok", 2)
    assert bodies(user) == sorted([odd, letter(2)])
    for message in Message.objects.filter(user=user):
        text = "".join(str(getattr(message, field.attname)) for field in Message._meta.fields)
        assert "\0" not in text
        assert text.encode("utf-8", "replace").decode() == text


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Type: text/plain; charset=unknown-8bit\r\nSubject: \xe4\xf6\xfc\r\n",
        b"Content-Type: text/plain; charset=unicode\r\nContent-Transfer-Encoding: x-what\r\n",
        b"Subject: =?no-such-charset?q?=E4?=\r\nFrom: \xff\xfe <\xff@\xff>\r\n",
        b'Content-Type: multipart/mixed; boundary="\r\n\r\n--\r\n',
        b"",
    ],
    ids=["8 bit", "no codec", "no charset", "bad boundary", "no header"],
)
def test_row_11_bad_charsets(user: User, make_task: MakeTask, remote: Remote, head: bytes) -> None:
    """What cannot be parsed is stored all the same, byte for byte."""
    odd = head + b"\r\n\xe4\xf6\xfc caf\xe9 \x80\r\n"
    remote.put(odd)
    remote.put(letter(1))
    done = run(make_task())
    assert (done.outcome, done.stored, done.quarantined) == ("ok", 2, 0)
    assert bodies(user) == sorted([odd, letter(1)])


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("16-Nov-2026 09:00:00 +0000", datetime(2026, 11, 16, 9, tzinfo=UTC)),
        (" 6-Nov-2026 09:00:00 +0100", datetime(2026, 11, 6, 8, tzinfo=UTC)),
        ("00-Jan-0000 00:00:00 +0000", datetime(2026, 11, 14, 7, 8, 9, tzinfo=UTC)),
        ("yesterday", datetime(2026, 11, 14, 7, 8, 9, tzinfo=UTC)),
        ("01-Jan-9026 00:00:00 +0000", datetime(2026, 11, 14, 7, 8, 9, tzinfo=UTC)),
    ],
)
def test_row_12_unparseable_dates(
    user: User, imap_server: ImapServer, odd_task: MakeTask, told: str, expected: datetime
) -> None:
    """INTERNALDATE, else the top Received, so that old mail is not new."""
    received = (
        b"Received: from a by b; Sat, 14 Nov 2026 07:08:09 +0000\r\n"
        b"Received: from c by a; Fri, 13 Nov 2026 07:08:09 +0000\r\n"
    )
    imap_server.boxes = {"INBOX": Box({1: received + letter(1)}, dates={1: told})}
    assert run(odd_task(imap_server)).stored == 1
    assert Message.objects.get(user=user).sort_at == expected


def test_row_12_no_date_at_all(user: User, imap_server: ImapServer, odd_task: MakeTask) -> None:
    box = Box({1: b"Date: the day before\r\n\r\nHello\r\n"}, dates={1: "never"})
    imap_server.boxes = {"INBOX": box}
    run(odd_task(imap_server))
    assert abs(Message.objects.get(user=user).sort_at - timezone.now()) < HOUR


PLACEHOLDER = (
    b"From: jonas@harbourline.test\r\n"
    b"Subject: Retrieval using the IMAP4 protocol failed for the following message: 2\r\n\r\n"
    b'The server couldn\'t retrieve the following message:\r\n\r\nSubject: "Letter 2"\r\n'
    b"The message hasn't been deleted. You might be able to view it using either Outlook or "
    b"Outlook Web App.\r\n"
)


def test_row_27_exchange_placeholder(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """A stand-in that Exchange makes up is not the message; the real one is asked for again."""
    box = Box({1: letter(1), 2: PLACEHOLDER}, sizes={2: 900})
    imap_server.boxes = {"INBOX": box}
    task = odd_task(imap_server)
    run(task)
    assert letter(1) in bodies(user)
    assert entry(task, 2).next_try_at is not None
    assert entry(task, 2).error
    box.messages[2] = letter(2)
    run(task, later=25 * HOUR)
    assert letter(2) in bodies(user)
    assert entry(task, 2).state == RemoteState.STORED
    box.messages[2] = letter(3)
    run(task, later=90 * HOUR)
    assert letter(3) not in bodies(user)


@pytest.mark.parametrize("kind", ["imap", "pop"])
def test_row_33_too_big(
    user: User,
    imap_server: ImapServer,
    pop_server: PopServer,
    odd_task: MakeTask,
    settings: Settings,
    kind: str,
) -> None:
    """A message over the limit is named and left there; it comes when the limit is raised."""
    big = letter(2, body="x" * 70_000)
    imap_server.boxes = {"INBOX": Box({1: letter(1), 2: big})}
    pop_server.drop = [("a", letter(1)), ("b", big)]
    settings.MAX_MESSAGE_SIZE = 50_000
    task = odd_task(imap_server if kind == "imap" else pop_server)
    assert run(task).outcome == "ok"
    assert bodies(user) == [letter(1)]
    assert pop_server.drop[-1] == ("b", big)
    settings.MAX_MESSAGE_SIZE = 150 << 20
    assert run(task, later=HOUR).stored == 0
    assert quarantine.retry(task, now=timezone.now()) == 1
    run(task, later=2 * HOUR)
    assert bodies(user) == sorted([letter(1), big])


@pytest.mark.accept("A191")
@pytest.mark.parametrize("kind", ["imap", "pop"])
def test_row_34_no_room_here(
    user: User,
    imap_server: ImapServer,
    pop_server: PopServer,
    odd_task: MakeTask,
    settings: Settings,
    tmp_path: Path,
    kind: str,
) -> None:
    """A disk of ours that takes nothing is no message's fault, and nothing is removed there."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 6)))}
    pop_server.drop = [(str(number), letter(number)) for number in range(1, 6)]
    task = odd_task(imap_server if kind == "imap" else pop_server)
    good, settings.BLOB_DIR = settings.BLOB_DIR, tmp_path / "file" / "blobs"
    (tmp_path / "file").write_text("in the way")
    done = run(task, expect_failure=True)
    assert (done.outcome, done.cause) == ("failed", "storage")
    assert (task.state, task.refused_count) == ("backoff", 0)
    assert task.next_at is not None
    assert task.next_at - timezone.now() < timedelta(minutes=5)
    assert pop_server.count("DELE|QUIT") == 0
    assert not RemoteMessage.objects.filter(folder__task=task, attempts__gt=0).exists()
    settings.BLOB_DIR = good
    run(task, later=HOUR)
    assert bodies(user) == sorted(letters(range(1, 6)).values())


def test_row_37_vanished_between_list_and_fetch(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Gone is gone, once the server has shown it twice; it is no error."""
    box = Box(letters(range(1, 11)))
    imap_server.boxes = {"INBOX": box}
    imap_server.on(BODIES, first(lambda: box.messages.pop(4, None)))
    task = odd_task(imap_server)
    for hours in (0, 2, 30):
        done = run(task, later=hours * HOUR)
        assert (done.outcome, done.quarantined) == ("ok", 0)
    assert states(task) == {"stored": 9, "vanished": 1}
    assert len(bodies(user)) == 9


def test_row_37_what_ended_a_worker_was_not_missing_then(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """An attempt is counted before it is made; only two answers without it prove it gone."""
    box = Box(letters(range(1, 11)))
    imap_server.boxes = {"INBOX": box}
    imap_server.on(BODIES, say("%TAG% NO [UNAVAILABLE] not now\r\n"))
    task = odd_task(imap_server)
    run(task, expect_failure=True)
    imap_server.behave()
    # As a worker leaves it that died while it fetched this message.
    rows = RemoteMessage.objects.filter(folder__task=task, state="pending")
    assert rows.update(attempts=0, next_try_at=None, error="") == 10
    rows.filter(uid=4).update(attempts=1)
    RetrievalRun.objects.filter(task=task).update(outcome="running")
    imap_server.on(BODIES, first(lambda: box.messages.pop(4, None)))
    run(task, later=2 * HOUR)
    assert states(task) == {"stored": 9, "pending": 1}
    run(task, later=40 * HOUR)
    assert states(task) == {"stored": 9, "vanished": 1}
