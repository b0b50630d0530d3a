"""Known failures 25, 26, 28 to 32 and 36: folders and answers of an unusual kind."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from retrieval.models import RemoteFolder, RetrievalTask
from retrieval.services import dispatch
from retrieval.services.pull import pull
from tests.retrieval.conftest import bodies, letter, run
from tests.retrieval.failing import BODIES, HOUR, MakeTask, entry, hurry, letters, states
from tests.servers.acts import before, edit, first, say, swap
from tests.servers.fetching import Asked, Box
from tests.servers.imap import ImapServer

NAMES = [
    "Foo&Bar",
    "a(b",
    'say "x"',
    "back\\slash",
    "Entw&APw-rfe",
    "Entw\xc3\xbcrfe",
    "bad \xff\xfe",
    "100%",
    "*",
    "{3}",
    "a" * 300,
]


def folder_of(task: RetrievalTask, name: str) -> RemoteFolder:
    return RemoteFolder.objects.get(task=task, raw_name=name.encode("latin-1"))


@pytest.mark.accept("A86")
def test_row_25_names_no_parser_likes(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """A name is bytes; every mailbox opens under exactly those, and none stops the others."""
    boxes = {name: Box({1: letter(number)}) for number, name in enumerate(NAMES)}
    imap_server.boxes = {"INBOX": Box({1: letter(99)}), **boxes}
    imap_server.on("^LIST", before('* LIST (\r\n* LIST () "/"\r\n* LIST () NIL {2}\r\n"\r\r\n'))
    task = odd_task(imap_server)
    done = run(task)
    assert done.outcome == "ok"
    assert bodies(user) == sorted(letters([*range(len(NAMES)), 99]).values())
    stored = {bytes(row.raw_name) for row in RemoteFolder.objects.filter(task=task)}
    assert stored >= {name.encode("latin-1") for name in NAMES}
    assert run(task).stored == 0


def test_row_26_folders_that_do_not_open(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """A ghost is this folder's trouble alone: parked for six hours after three refusals."""
    imap_server.boxes = {
        "Calendar": Box(letters((1,))),
        "INBOX": Box(letters((2,))),
        "Work": Box(letters((3,))),
        "Tree": Box(letters((4,)), attributes="\\Noselect"),
    }
    imap_server.on('(EXAMINE|SELECT|STATUS) "?Calendar', say("%TAG% NO [NONEXISTENT] not here\r\n"))
    task = odd_task(imap_server)
    for minutes in (0, 15, 30):
        assert run(task, later=timedelta(minutes=minutes)).outcome == "ok"
    assert bodies(user) == sorted(letters((2, 3)).values())
    parked = folder_of(task, "Calendar")
    assert (parked.state, bool(parked.cause_text)) == ("parked", True)
    assert parked.parked_until is not None
    assert timedelta(hours=6) <= parked.parked_until - timezone.now() < timedelta(hours=7)
    asked = imap_server.count('EXAMINE "?Calendar')
    run(task, later=HOUR)
    assert imap_server.count('EXAMINE "?Calendar') == asked
    imap_server.behave()
    run(task, later=8 * HOUR)
    assert bodies(user) == sorted(letters((1, 2, 3)).values())
    assert imap_server.count("Tree") == 0
    assert folder_of(task, "Calendar").state == "active"


def test_row_28_wrong_uids(user: User, imap_server: ImapServer, odd_task: MakeTask) -> None:
    """A body is taken only under a UID that was asked for, and only one for each."""
    box = Box(letters(range(1, 41)))
    imap_server.boxes = {"INBOX": box, "Other": Box(letters(range(101, 111)))}
    stray = (
        b"* 9 FETCH (UID 205 FLAGS () BODY[] {3}\r\nbad)\r\n"
        b"* 3 FETCH (UID 41 BODY[] {3}\r\nbad)\r\n"
    )
    imap_server.on(BODIES, before(stray))
    task = odd_task(imap_server)
    run(task)
    assert bodies(user, "Inbox") == sorted(box.messages.values())
    assert b"bad" not in bodies(user)
    assert all(text.startswith("UID FETCH") for text in imap_server.heard if "BODY" in text)
    assert not any("SEARCH" in text for text in imap_server.heard)


def test_row_29_capabilities_of_a_proxy(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """What is offered before sign-in, or in a greeting, is not what there is after it."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 11)))}
    imap_server.on("GREETING", say("* OK [CAPABILITY IMAP4rev1 LIST-STATUS LITERAL+] ready\r\n"))
    imap_server.on("CAPABILITY", swap(b"IMAP4rev1", b"IMAP4rev1 LIST-STATUS"), times=1)
    imap_server.on("CAPABILITY", swap(b"\r\n", b" XAPPLEPUSHSERVICE\r\n"))
    imap_server.on("^LOGIN", edit(lambda data: b"* CAPABILITY IMAP4rev1 COMPRESS=X\r\n" + data))
    imap_server.on("^LIST .*RETURN", say("%TAG% BAD what\r\n"))
    task = odd_task(imap_server)
    assert run(task).stored == 10
    said = [text.split(" ")[0] for text in imap_server.heard]
    assert "CAPABILITY" in said[said.index("LOGIN") :]
    assert not any("RETURN" in text for text in imap_server.heard)


@pytest.mark.parametrize("text", ["[CAPABILITY IMAP4rev1 LIST-STATUS] in", "[CAPABILITY X] in"])
def test_capabilities_told_with_the_leave_to_enter_are_not_asked_for(
    imap_server: ImapServer, odd_task: MakeTask, text: str
) -> None:
    """Unless they are none: it saves a round trip of every run."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 11)))}
    imap_server.on("GREETING", say("* OK [CAPABILITY IMAP4rev1 LITERAL+] ready\r\n"))
    imap_server.on("^LOGIN", say(f"%TAG% OK {text}\r\n"))
    assert run(odd_task(imap_server)).stored == 10
    is_told = "IMAP4rev1" in text
    assert any("RETURN" in heard for heard in imap_server.heard) == is_told
    assert ("CAPABILITY" in imap_server.heard) != is_told


@pytest.mark.parametrize("capabilities", ["", "LIST-STATUS"])
def test_row_30_no_fetch_in_an_empty_folder(
    imap_server: ImapServer, odd_task: MakeTask, capabilities: str
) -> None:
    """Some servers answer BAD to it; and SEARCH, which Yahoo breaks, is never needed."""
    imap_server.capabilities = f"IMAP4rev1 {capabilities}"
    imap_server.boxes = {"INBOX": Box(), "Empty": Box(uidnext=50), "Full": Box(letters((1, 2)))}
    imap_server.on("FETCH 1:49|FETCH 1:\\*", say("%TAG% BAD Invalid messageset\r\n"))
    task = odd_task(imap_server)
    assert run(task).outcome == "ok"
    assert run(task).outcome == "ok"
    fetches = [Asked.read(text) for text in imap_server.heard if "FETCH" in text]
    assert fetches
    assert not any(49 in _ends(each) for each in fetches)
    assert imap_server.count("SEARCH") == 0
    assert not RemoteFolder.objects.filter(task=task).exclude(cause_text="").exists()


def _ends(asked: Asked) -> set[int]:
    return {int(end) for end in asked.set.replace(",", ":").split(":")}


def test_row_31_window_of_a_provider(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Exactly 1,000 messages: more may lie behind a limit of the provider, so people are told."""
    imap_server.boxes = {
        "INBOX": Box({uid: b"Subject: %d\r\n\r\n" % uid for uid in range(1, 1001)}),
        "Work": Box(letters(range(1, 10))),
    }
    task = odd_task(imap_server)
    assert run(task).outcome == "ok"
    assert folder_of(task, "INBOX").cause_text
    assert folder_of(task, "Work").cause_text == ""


def test_row_32_id_before_anything_else(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """163.com calls a sign-in unsafe that did not say who it is."""
    imap_server.capabilities = "IMAP4rev1 ID"
    imap_server.boxes = {"INBOX": Box(letters((1, 2)))}
    named: list[str] = []
    unsafe = "%TAG% NO Unsafe Login. Please contact kefu@188.com for help\r\n"

    def instead(text: str) -> str | None:
        if text.startswith("ID"):
            named.append(text)
        guarded = text.startswith(("LIST", "EXAMINE", "STATUS", "SELECT"))
        return unsafe if guarded and not named else None

    imap_server.instead = instead
    assert run(odd_task(imap_server)).stored == 2
    assert "SEARCH" not in " ".join(imap_server.heard)


def test_row_36_answers_nobody_asked_for(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """FETCH in the middle of a listing, several EXISTS, counts of nought: all borne."""
    imap_server.boxes = {"INBOX": Box(letters(range(1, 6))), "Odd": Box(letters(range(11, 16)))}
    stray = "* 2 FETCH (FLAGS (\\Seen))\r\n* 1 EXPUNGE\r\n* 3 RECENT\r\n* OK still here\r\n"
    for command in ("^LIST", "^STATUS", "^CAPABILITY"):
        imap_server.on(command, before(stray))
    imap_server.on("^EXAMINE", before("* 0 EXISTS\r\n* 77 EXISTS\r\n"))
    imap_server.on('^STATUS "Odd"', swap(b"MESSAGES 5", b"MESSAGES 0"))
    imap_server.on(BODIES, before("* 900 EXISTS\r\n* 3 FETCH (UID 3 FLAGS (\\Seen))\r\n"))
    task = odd_task(imap_server)
    assert run(task).outcome == "ok"
    assert bodies(user) == sorted(letters([*range(1, 6), *range(11, 16)]).values())
    assert states(task) == {"stored": 10}
    assert entry(task, 3).state == "stored"


@pytest.mark.parametrize("delimiter", ['"\x00"', '"\x1b"', '"ab"', '"\\\\"', "NIL"])
def test_delimiters_of_an_unusual_kind(
    user: User, imap_server: ImapServer, odd_task: MakeTask, delimiter: str
) -> None:
    imap_server.boxes = {
        "INBOX": Box(letters((1,))),
        "Work": Box(letters((2,)), delimiter=delimiter),
    }
    run(odd_task(imap_server))
    assert len(bodies(user)) == 2


def test_slow_numbers_of_many_folders(
    user: User, imap_server: ImapServer, odd_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer has its own time: together they may take longer than any one of them."""
    hurry(monkeypatch, 2.5)
    imap_server.boxes = {f"Box {number}": Box(letters((number,))) for number in range(1, 11)}
    imap_server.on("^STATUS", first(lambda: time.sleep(0.3)))
    task = odd_task(imap_server)
    assert run(task).outcome == "ok"
    assert len(bodies(user)) == 10


@pytest.mark.parametrize("seconds", [0.2, 0.0])
def test_slice_that_was_used_up_before_the_first_message(
    user: User, imap_server: ImapServer, odd_task: MakeTask, seconds: float
) -> None:
    """Something is brought over in each slice, however little of it the connection (0.0) and the
    list of folders leave."""
    imap_server.boxes = {
        name: Box(letters((uid,))) for uid, name in enumerate(("INBOX", "Work"), 1)
    }
    task = odd_task(imap_server)
    for turn in range(1, 3):
        slice_of(task, seconds=seconds, slow=imap_server)
        assert len(bodies(user)) == turn
    assert task.first_pass_done_at is None


def slice_of(task: RetrievalTask, *, seconds: float, slow: ImapServer) -> None:
    """A pull whose time is over before the folders are listed."""
    slow.behave()
    slow.on("^LIST", first(lambda: time.sleep(seconds)))
    claim = dispatch.claim_one(task, now=timezone.now())
    assert claim is not None
    pull(task_id=task.pk, fence=claim.fence, clock=timezone.now, slice_seconds=seconds)
    task.refresh_from_db()
