"""IMAP servers and moments that lose or double mail in other programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from mailstore.models import Folder, Message
from mailstore.services import clearing, folders
from protocols.imap.parse import wire_name
from protocols.types import Security
from retrieval.models import RemoteFolder, RemoteMessage, RetrievalTask
from retrieval.services import accounts, session
from retrieval.services.session import Session
from tests.retrieval.conftest import Remote, bodies, letter, run
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer

MakeTask = Callable[..., RetrievalTask]


def letters(*numbers: int) -> dict[int, bytes]:
    """UIDs and messages of a mailbox."""
    return {number: letter(number) for number in numbers}


@pytest.mark.accept("A192")
def test_views_of_mail_that_lies_elsewhere_are_not_copied(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.boxes = {
        "INBOX": Box(letters(1, 2)),
        "Starred": Box(letters(1), attributes="\\Flagged"),
        "Important": Box(letters(1, 2), attributes="\\Important"),
    }
    run(odd_task(imap_server))
    assert bodies(user) == sorted(letters(1, 2).values())


@pytest.mark.accept("A192")
def test_all_mail_without_server_ids_adds_only_what_lies_nowhere_else(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.boxes = {
        "Archive of all": Box({5: letter(1), 6: letter(1), 7: letter(2)}, attributes="\\All"),
        "INBOX": Box({1: letter(1)}),
    }
    run(odd_task(imap_server))
    assert bodies(user) == sorted([letter(1), letter(1), letter(2)])
    assert bodies(user, "Inbox") == [letter(1)]


def test_a_message_the_server_refuses_holds_up_no_other(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.boxes = {
        "INBOX": Box(letters(*range(1, 1201))),
        "Work": Box({1: letter(2000)}),
    }
    imap_server.refused = {1150}
    task = odd_task(imap_server)
    run(task)
    assert bodies(user, "Work") == [letter(2000)]
    assert Message.objects.filter(user=user).count() >= 1151
    imap_server.refused = set()
    run(task, later=timedelta(hours=2))
    assert Message.objects.filter(user=user).count() == 1201


@pytest.mark.accept("A86")
def test_an_answer_without_data_proves_nothing(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.boxes = {"INBOX": Box(letters(*range(1, 11)))}
    imap_server.instead = lambda line: "%TAG% OK done\r\n" if "FETCH" in line else None
    task = odd_task(imap_server)
    run(task)
    assert bodies(user) == []
    imap_server.instead = lambda line: "%TAG% OK done\r\n" if "BODY" in line else None
    run(task)
    imap_server.instead = lambda _line: None
    run(task, later=timedelta(hours=2))
    assert len(bodies(user)) == 10


@pytest.mark.accept("A86")
def test_bodies_and_ids_withheld_once_are_asked_for_again(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.boxes = {"INBOX": Box(letters(*range(1, 11)))}
    answers = iter([None])  # the first FETCH, of the discovery

    def silent(line: str) -> str | None:
        return next(answers, "%TAG% OK done\r\n") if "FETCH" in line else None

    imap_server.instead = silent
    task = odd_task(imap_server)
    run(task)
    imap_server.instead = lambda _line: None
    run(task, later=timedelta(hours=2))
    assert len(bodies(user)) == 10


def test_messages_removed_meanwhile_are_settled(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    box = Box(letters(1, 2, 3))
    imap_server.boxes = {"INBOX": box}

    def removing(line: str) -> str | None:
        if "BODY" in line:
            box.messages.pop(2, None)
        return None

    imap_server.instead = removing
    task = odd_task(imap_server)
    for hours in (0, 2, 4):
        run(task, later=timedelta(hours=hours))
    assert len(bodies(user)) == 2
    assert not RemoteMessage.objects.filter(folder__task=task, state="pending").exists()


@pytest.mark.parametrize("uidnext", [4_294_967_290, 0], ids=["told", "not told"])
def test_uids_with_wide_gaps_take_few_commands(
    user: User, imap_server: ImapServer, odd_task: MakeTask, uidnext: int
) -> None:
    uids = [*range(1, 1501), 900_000_000, 4_294_967_289]
    imap_server.boxes = {"INBOX": Box({uid: letter(uid) for uid in uids}, uidnext=uidnext)}
    task = odd_task(imap_server)
    run(task)
    assert Message.objects.filter(user=user).count() == 1502
    assert len(imap_server.heard) < 60
    assert run(task).stored == 0


@pytest.mark.accept("A192")
def test_another_account_in_the_same_task_starts_afresh(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """The new account's UIDVALIDITY and UIDs may well be those of the old one."""
    imap_server.boxes = {"INBOX": Box(letters(1, 2, 3))}
    task = odd_task(imap_server)
    run(task)
    _edit(task, username="other")
    imap_server.boxes = {"INBOX": Box({1: letter(11), 2: letter(2), 3: letter(13)})}
    run(task)
    assert bodies(user) == sorted(letters(1, 2, 3, 11, 13).values())


def test_a_changed_destination_holds_for_new_mail(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.boxes = {"INBOX": Box(letters(1)), "Work": Box(letters(2))}
    task = odd_task(imap_server, transfer="root")
    run(task)
    _edit(task, transfer="subfolders", destination=folders.ensure_path(user, ["Odd"]))
    imap_server.boxes["Work"].messages[3] = letter(3)
    run(task)
    work = Folder.objects.get(user=user, name="Work", parent__name="Odd")
    assert (work.total, Message.objects.filter(user=user).count()) == (1, 3)


def _edit(task: RetrievalTask, **changes: Any) -> None:
    values = replace(
        accounts.values_of(task), password="another", security=Security.NONE, **changes
    )
    outcome = accounts.save(
        user=task.user, values=values, now=timezone.now(), task=task, test=False
    )
    assert outcome.ok
    task.refresh_from_db()


def test_a_folder_deleted_here_during_a_pull_is_made_again(
    user: User, remote: Remote, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.fill(range(1, 121), "Work")
    store, batches = Session.store, []

    def storing(self: Session, *args: object, **kwargs: object) -> list[Message]:
        stored = store(self, *args, **kwargs)  # type: ignore[arg-type]  # passed on as given
        batches.append(stored)
        if len(batches) == 1:
            clearing.delete(Folder.objects.get(user=user, name="Work"))
        return stored

    monkeypatch.setattr(Session, "store", storing)
    done = run(make_task())
    assert (done.outcome, done.stored) == ("ok", 120)
    assert Message.objects.filter(user=user).count() == 120


@pytest.mark.accept("A192")
def test_a_folder_renamed_there_is_not_fetched_again(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    work = Box(letters(*range(1, 31)), uidvalidity=99)
    imap_server.boxes = {"INBOX": Box(), "Work": work, "Other": Box(letters(77), uidvalidity=98)}
    task = odd_task(imap_server)
    run(task)
    work.messages |= letters(31)
    new = Box({1: letter(501)}, uidvalidity=99)
    imap_server.boxes = {"INBOX": Box(), "Projects": work, "Third": new}
    done = run(task)
    assert done.stored == 2
    assert Message.objects.filter(user=user).count() == 33
    names = set(RemoteFolder.objects.filter(task=task).values_list("name", flat=True))
    assert {"Projects", "Third", "Other"} <= names
    assert "Work" not in names


@pytest.mark.accept("A192")
def test_uids_given_out_twice_are_noticed(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """A server restored from a backup goes on with numbers it used before."""
    box = Box(letters(*range(1, 11)))
    imap_server.boxes = {"INBOX": box}
    task = odd_task(imap_server)
    run(task)
    for uid in (8, 9, 10):
        del box.messages[uid]
    box.messages[8] = letter(100, body="A new letter, longer than the others.")
    box.uidnext = 9
    run(task)
    assert bodies(user) == sorted([*letters(*range(1, 11)).values(), box.messages[8]])


def test_a_stale_answer_about_uids_changes_nothing(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    box = Box(letters(*range(1, 11)))
    imap_server.boxes = {"INBOX": box}
    task = odd_task(imap_server)
    run(task)
    box.uidnext = 9
    assert run(task).found == 0
    box.uidnext = None
    box.messages[11] = letter(11)
    assert run(task).stored == 1
    assert RemoteFolder.objects.get(task=task).generation == 1


def test_a_folder_that_is_gone_for_years_is_only_gone(
    imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.boxes = {"INBOX": Box(), "Work": Box(letters(1))}
    task = odd_task(imap_server)
    run(task)
    del imap_server.boxes["Work"]
    for _ in range(5):
        run(task)
    row = RemoteFolder.objects.get(task=task, name="Work")
    assert (row.state, row.missed_lists) == ("gone", 3)


def test_the_inbox_is_pulled_even_where_the_list_is_empty(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    imap_server.boxes = {"INBOX": Box(letters(1))}
    imap_server.instead = lambda line: "%TAG% OK done\r\n" if line.startswith("LIST") else None
    run(odd_task(imap_server))
    assert bodies(user) == [letter(1)]


@pytest.mark.parametrize("name", ["\u200b", "...", "a/../b", "x" * 400, "Work\u202e", "/"])
def test_names_nobody_can_read_do_not_stop_a_pull(
    user: User, imap_server: ImapServer, odd_task: MakeTask, name: str
) -> None:
    imap_server.boxes = {wire_name(name).decode(): Box(letters(1)), "INBOX": Box(letters(2))}
    run(odd_task(imap_server))
    assert len(bodies(user)) == 2


def test_flags_and_numbers_beyond_reason_do_not_stop_a_pull(
    user: User, imap_server: ImapServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "PUBLISH_EVERY", 0.0)  # or only slow machines say it in between
    flags = " ".join(["a\x00b", *(f"k{number}" * 100 for number in range(300))])
    imap_server.boxes = {"INBOX": Box(letters(1), flags=flags), "Work": Box(letters(2))}

    def boast(line: str) -> str | None:
        if line.startswith("EXAMINE") and "Work" in line:
            return (
                "* 9999999999 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 3] x\r\n"
                "%TAG% OK done\r\n"
            )
        if line.startswith("STATUS") and "Work" in line:
            big = "9" * 19
            return (
                f'* STATUS "Work" (MESSAGES {big} UIDNEXT 3 UIDVALIDITY {big})\r\n%TAG% OK done\r\n'
            )
        if line.startswith("UID FETCH 1:2 ") and "BODY" not in line:
            return f"* 1 FETCH (UID 2 RFC822.SIZE {'9' * 19} FLAGS ())\r\n%TAG% OK done\r\n"
        return None

    imap_server.instead = boast
    task = odd_task(imap_server)
    run(task)
    assert bodies(user) == [letter(1)]
