"""What a pull remembers: how far it scanned, how fast it may go, what is complete, what is news."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from mailstore.models import Message
from protocols.types import Security
from retrieval import plan
from retrieval.models import RemoteFolder, RetrievalTask
from retrieval.services import accounts
from tests.retrieval.conftest import bodies, letter, run
from tests.servers.acts import cut, say
from tests.servers.base import Answer, Talk
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer

MakeTask = Callable[..., RetrievalTask]
BODIES = r"UID FETCH .*BODY\.PEEK\["


def letters(*numbers: int) -> dict[int, bytes]:
    """UIDs and messages of a mailbox."""
    return {number: letter(number) for number in numbers}


def windows(server: ImapServer, connection: int = -1) -> list[tuple[int, int]]:
    """The UID ranges that one connection asked about without bodies."""
    scans = [
        re.match(r"UID FETCH (\d+):(\d+) ", text)
        for text in server.talks[connection].heard
        if "RFC822.SIZE" in text
    ]
    return [(int(found[1]), int(found[2])) for found in scans if found]


@pytest.mark.accept("A86", "A192")
def test_a_scan_that_was_cut_short_goes_on_at_its_ends(
    user: User, imap_server: ImapServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newest first; what came meanwhile is above, what is missing below, and all of it comes."""
    monkeypatch.setattr(plan, "WINDOW", 10)
    monkeypatch.setattr("retrieval.services.discovery.GROUP", 2)
    box = Box(letters(*range(1, 51)))
    imap_server.boxes = {"INBOX": box}
    imap_server.on(r"UID FETCH 21:30 .*SIZE", cut(0))
    task = odd_task(imap_server)
    assert run(task, expect_failure=True).outcome == "failed"
    assert RemoteFolder.objects.get(task=task).uidnext_scanned == 1
    assert len(bodies(user)) == 20
    imap_server.behave()
    box.messages |= letters(*range(51, 64))
    run(task, later=timedelta(hours=1))
    assert windows(imap_server) == [(51, 60), (61, 63), (21, 30), (11, 20), (1, 10)]
    assert bodies(user) == sorted(box.messages.values())
    assert RemoteFolder.objects.get(task=task).uidnext_scanned == 64


@pytest.mark.accept("A192")
@pytest.mark.parametrize("upwards", [False, True])
def test_a_scan_cut_short_while_a_refused_window_was_halved_leaves_no_gap(
    user: User,
    imap_server: ImapServer,
    odd_task: MakeTask,
    monkeypatch: pytest.MonkeyPatch,
    upwards: bool,
) -> None:
    """What lies behind a refused window is entered after it, or nobody would look there again."""
    monkeypatch.setattr(plan, "WINDOW", 10)
    monkeypatch.setattr("retrieval.services.discovery.GROUP", 5)
    box = Box(letters(*range(1, 61)))
    imap_server.boxes = {"INBOX": box}
    task = odd_task(imap_server)
    if upwards:
        # Only the newest are known, so that the next scan goes up from there.
        box.messages = letters(*range(1, 11))
        imap_server.on("UID FETCH 1:10 .*SIZE", say("%TAG% NO later\r\n"))
        imap_server.on("UID FETCH 1:5 .*SIZE", cut(0))
        run(task, expect_failure=True)
        box.messages = letters(*range(1, 61))
        imap_server.behave()
    imap_server.on("UID FETCH 31:40 .*SIZE", say("%TAG% NO something is wrong\r\n"))
    imap_server.on("UID FETCH (36:40|31:35) .*SIZE", cut(0))
    assert run(task, later=timedelta(hours=1), expect_failure=True).outcome == "failed"
    imap_server.behave()
    # As much went as is missing: counting alone would not show the gap.
    for uid in range(11, 21):
        del box.messages[uid]
    done = run(task, later=timedelta(hours=9))
    assert done.outcome == "ok"
    assert set(box.messages.values()) <= set(bodies(user))
    assert RemoteFolder.objects.get(task=task).uidnext_scanned == 61


def test_a_mailbox_is_opened_once_for_its_windows(
    imap_server: ImapServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "WINDOW", 10)
    imap_server.boxes = {"INBOX": Box(letters(*range(1, 101))), "Work": Box(letters(1))}
    run(odd_task(imap_server))
    opened = [text for text in imap_server.heard if text.startswith("EXAMINE")]
    # Once to look into each, and once for the bodies of each.
    assert len(opened) <= 4
    assert len(windows(imap_server)) == 11


@pytest.mark.parametrize("at", ["EXAMINE", "UID FETCH .*SIZE"])
def test_a_folder_that_breaks_the_connection_holds_up_no_other(
    user: User, imap_server: ImapServer, odd_task: MakeTask, at: str
) -> None:
    names = ("INBOX", "Alpha", "Broken", "Zulu")
    imap_server.boxes = {name: Box(letters(uid)) for uid, name in enumerate(names, 1)}

    def breaking(talk: Talk, answer: Answer) -> None:
        opened = [text for text in talk.heard if text.startswith("EXAMINE")]
        if "Broken" in opened[-1]:
            talk.drop()
        else:
            talk.send(answer())

    imap_server.on(at, breaking)
    task = odd_task(imap_server)
    done = run(task, expect_failure=True)
    assert (done.outcome, done.cause, done.stored) == ("failed", "dropped", 3)
    assert len(imap_server.talks) <= 3
    assert RemoteFolder.objects.get(task=task, name="INBOX").counts == {"stored": 1}
    imap_server.behave()
    assert run(task, later=timedelta(hours=1)).stored == 1
    assert bodies(user) == sorted(letters(1, 2, 3, 4).values())


def test_every_folder_is_counted_after_a_pass(imap_server: ImapServer, odd_task: MakeTask) -> None:
    imap_server.boxes = {"INBOX": Box(letters(*range(1, 11))), "Empty": Box()}
    imap_server.refused = {4}
    task = odd_task(imap_server)
    done = run(task)
    inbox = RemoteFolder.objects.get(task=task, name="INBOX")
    assert inbox.counts == {"stored": 9, "pending": 1}
    assert (inbox.server_count, inbox.uidnext_scanned, inbox.settled_uid) == (10, 11, 3)
    assert (done.folders, done.expected) == (2, 10)
    assert done.expected_bytes == sum(map(len, letters(*range(1, 11)).values()))
    imap_server.refused = set()
    again = run(task, later=timedelta(hours=2))
    assert (again.expected, again.expected_bytes) == (1, len(letter(4)))
    inbox.refresh_from_db()
    assert (inbox.counts, inbox.settled_uid) == ({"stored": 10}, 10)


def test_what_a_server_can_and_whose_it_is_are_noted(
    imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.capabilities = "IMAP4rev1 IDLE UIDPLUS"
    task = odd_task(imap_server)
    run(task)
    assert {"IDLE", "UIDPLUS"} <= set(task.capabilities.split())
    assert task.provider_key == "127.0.0.1"


def test_the_size_of_batches_is_remembered(imap_server: ImapServer, odd_task: MakeTask) -> None:
    imap_server.boxes = {"INBOX": Box(letters(*range(1, 51)))}
    imap_server.on(BODIES, cut(500, hard=True), times=1)
    task = odd_task(imap_server)
    run(task)
    assert task.batch_size is not None
    assert 25 <= task.batch_size < 50
    imap_server.boxes["INBOX"].messages |= letters(*range(51, 251))
    run(task)
    assert task.batch_size is None


@pytest.mark.parametrize(("hours", "is_old"), [(1, False), (100, True)])
def test_older_mail_of_a_folder_that_turns_up_later_is_no_news(
    user: User, imap_server: ImapServer, odd_task: MakeTask, hours: int, is_old: bool
) -> None:
    imap_server.boxes = {"INBOX": Box(letters(1))}
    task = odd_task(imap_server)
    run(task)
    date = timezone.now() - timedelta(hours=hours)
    imap_server.boxes["Shared"] = Box(letters(2), dates={2: f"{date:%d-%b-%Y %H:%M:%S} +0000"})
    run(task)
    assert Message.objects.get(user=user, subject="Letter 2").is_backfill == is_old


@pytest.mark.accept("A192")
def test_a_letter_to_two_people_comes_from_both_accounts(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Its id, size and date are the same in both; its headers are not."""
    imap_server.capabilities = "IMAP4rev1 OBJECTID"
    ours = b"Delivered-To: mara@odd.test\r\n" + letter(1)
    theirs = b"Delivered-To: jona@odd.test\r\n" + letter(1)
    imap_server.boxes = {"INBOX": Box({1: ours}, ids={1: "M1"})}
    task = odd_task(imap_server)
    run(task)
    values = replace(
        accounts.values_of(task), username="jona", password="another", security=Security.NONE
    )
    accounts.save(user=user, values=values, now=timezone.now(), task=task, test=False)
    task.refresh_from_db()
    imap_server.boxes = {"INBOX": Box({1: theirs}, ids={1: "M1"})}
    run(task)
    assert bodies(user) == sorted([ours, theirs])


def test_another_entry_of_a_message_is_not_pinned_to_the_top_by_a_date_to_come(
    imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.capabilities = "IMAP4rev1 OBJECTID"
    dates = {1: "01-Jan-2099 09:00:00 +0000"}
    imap_server.boxes = {
        "INBOX": Box(letters(1), ids={1: "M1"}),
        "Archive": Box(letters(1), ids={1: "M1"}, dates=dates),
    }
    done = run(odd_task(imap_server))
    assert (done.stored, done.linked) == (1, 1)
    latest = Message.objects.latest("sort_at")
    assert latest.sort_at < timezone.now() + timedelta(days=1)
