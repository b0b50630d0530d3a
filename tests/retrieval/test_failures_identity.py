"""Which message is which: cut-off answers, lists that are empty once, UIDs that lose their meaning,
and messages that lie in several folders at a time."""

from __future__ import annotations

from collections import Counter

import pytest

from accounts.models import User
from mailstore.models import Message
from mailstore.services import messages
from retrieval.models import RemoteFolder, RemoteMessage
from tests.retrieval.conftest import bodies, letter, run
from tests.retrieval.failing import HOUR, MakeTask, letters, states
from tests.servers.acts import first, say, swap
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer


@pytest.mark.accept("A86", "A192")
@pytest.mark.parametrize("limit", [7, 40])
def test_message_limit(user: User, imap_server: ImapServer, odd_task: MakeTask, limit: int) -> None:
    """RFC 9738: OK may stand for a part of what was asked for; the rest is not forgotten."""
    imap_server.capabilities = f"IMAP4rev1 MESSAGELIMIT={limit}"
    imap_server.message_limit = limit
    imap_server.boxes = {
        "INBOX": Box(letters(range(1, 101))),
        "Few": Box(letters(range(201, 204))),
        "Work": Box(letters(range(301, 351))),
        "Zoo": Box(letters(range(401, 405))),
    }
    task = odd_task(imap_server)
    assert run(task).outcome == "ok"
    everything = [*range(1, 101), *range(201, 204), *range(301, 351), *range(401, 405)]
    assert bodies(user) == sorted(letters(everything).values())
    assert states(task) == {"stored": len(everything)}


@pytest.mark.accept("A86")
def test_empty_list_once(user: User, imap_server: ImapServer, odd_task: MakeTask) -> None:
    """A server in trouble lists nothing; that is no reason to take anything for gone."""
    imap_server.boxes = {"INBOX": Box(letters((1, 2))), "Work": Box(letters((3, 4)))}
    task = odd_task(imap_server)
    run(task)
    imap_server.on("^LIST", say("%TAG% OK done\r\n"), times=1)
    imap_server.boxes["Work"].messages[5] = letter(5)
    assert run(task).outcome == "ok"
    assert set(RemoteFolder.objects.filter(task=task).values_list("state", flat=True)) == {"active"}
    run(task)
    assert bodies(user) == sorted(letters(range(1, 6)).values())
    assert max(Counter(imap_server.bodies).values()) == 1


def test_ids_that_no_database_takes(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """An id that is none names nothing; the message it came with is fetched like any other."""
    imap_server.capabilities = "IMAP4rev1 OBJECTID"
    ids = {1: "a\x00b", 2: "\xff\xfe", 3: "M3", 4: "a\x00b"}
    imap_server.boxes = {"INBOX": Box(letters(range(1, 5)), ids=ids)}
    task = odd_task(imap_server)
    run(task)
    assert bodies(user) == sorted(letters(range(1, 5)).values())
    rows = RemoteMessage.objects.filter(folder__task=task).order_by("uid")
    assert list(rows.values_list("server_id", flat=True)) == ["", "", "M3", ""]


@pytest.mark.parametrize("removed", [0, 3, 5])
def test_new_mail_is_kept_back(
    user: User, imap_server: ImapServer, odd_task: MakeTask, removed: int
) -> None:
    """OK and nothing else, however often: what the numbers told of is still to be looked for."""
    box = Box(letters(range(1, 6)))
    imap_server.boxes = {"INBOX": box}
    task = odd_task(imap_server)
    run(task)
    box.messages |= letters(range(6, 9))
    for uid in range(1, removed + 1):
        del box.messages[uid]
    imap_server.on("^(UID )?FETCH", say("%TAG% OK done\r\n"))
    for hours in (1, 2, 3):
        run(task, later=hours * HOUR)
    imap_server.behave()
    run(task, later=4 * HOUR)
    assert bodies(user) == sorted(letters(range(1, 9)).values())


def test_new_mail_is_gone_again(user: User, imap_server: ImapServer, odd_task: MakeTask) -> None:
    """Where mail came and went nothing is told either; that is looked at once, not for ever."""
    box = Box(letters(range(1, 6)))
    imap_server.boxes = {"INBOX": box}
    task = odd_task(imap_server)
    run(task)
    box.uidnext = 9
    run(task, later=HOUR)
    imap_server.behave()
    run(task, later=2 * HOUR)
    assert imap_server.count("EXAMINE|FETCH") == 0


@pytest.mark.accept("A192")
def test_expunge_in_the_middle_of_a_scan(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Places shift when mail is removed there meanwhile; UIDs do not, so nothing is passed over."""
    box = Box(letters(range(1, 2501)))
    imap_server.boxes = {"INBOX": box}

    def expunge() -> None:
        for uid in (5, 500, 1500, 1501, 2400):
            box.messages.pop(uid, None)

    imap_server.on("UID FETCH .*RFC822.SIZE", first(expunge), skip=1)
    task = odd_task(imap_server)
    for hours in (0, 2, 30):
        assert run(task, later=hours * HOUR).outcome == "ok"
    assert len(set(bodies(user)) & set(box.messages.values())) == 2495
    assert "pending" not in states(task)
    assert max(Counter(imap_server.bodies).values()) <= 3


@pytest.mark.accept("A192")
def test_uidvalidity_changes_for_no_reason(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """The same messages under another UIDVALIDITY are here already: hardly a body comes again."""
    box = Box(letters(range(1, 101)))
    imap_server.boxes = {"INBOX": box}
    task = odd_task(imap_server)
    run(task)
    imap_server.bodies.clear()
    box.uidvalidity = 8
    box.messages[101] = letter(101)
    done = run(task, later=HOUR)
    assert (done.outcome, done.stored) == ("ok", 1)
    assert len(bodies(user)) == 101
    assert {uid for _, uid in imap_server.bodies} == {101}
    imap_server.bodies.clear()
    assert run(task, later=2 * HOUR).stored == 0
    assert imap_server.bodies == []


@pytest.mark.accept("A192")
def test_uidvalidity_changes_with_the_messages(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """A mailbox made anew gives old UIDs to other messages; some of them may be known."""
    box = Box(letters(range(1, 51)))
    imap_server.boxes = {"INBOX": box}
    task = odd_task(imap_server)
    run(task)
    box.uidvalidity = 9
    box.messages = {uid: letter(uid + 40) for uid in range(1, 51)}
    box.dates = dict.fromkeys(box.messages, "17-Nov-2026 10:00:00 +0000")
    run(task, later=HOUR)
    assert bodies(user) == sorted(letters(range(1, 91)).values())
    assert run(task, later=2 * HOUR).stored == 0


@pytest.mark.accept("A192")
def test_uidvalidity_that_never_rests(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """A server that makes it up each time is looked at rarely, and told apart by bytes alone."""
    box = Box(letters(range(1, 11)))
    imap_server.boxes = {"INBOX": box}
    task = odd_task(imap_server)
    for turn in range(6):
        box.uidvalidity = 100 + turn
        run(task, later=turn * HOUR / 10)
    assert len(bodies(user)) == 10
    folder = RemoteFolder.objects.get(task=task)
    assert folder.state == "unstable"
    assert folder.cause_text
    box.messages[11] = letter(11)
    # Once an hour, whatever it says meanwhile.
    box.uidvalidity = 200
    asked = imap_server.count("^EXAMINE")
    run(task, later=0.9 * HOUR)
    assert imap_server.count("^EXAMINE") == asked
    run(task, later=3 * HOUR)
    assert len(bodies(user)) == 11


@pytest.mark.accept("A192")
@pytest.mark.parametrize(
    ("silent", "answer"),
    [("EXAMINE", b"* OK [UIDVALIDITY 7] x\r\n"), ("STATUS", b" UIDVALIDITY 7")],
)
def test_uidvalidity_is_told_in_one_place_only(
    user: User, imap_server: ImapServer, odd_task: MakeTask, silent: str, answer: bytes
) -> None:
    """A number that is not told is not another one: nothing comes again, nothing is put off."""
    box = Box(letters(range(1, 6)))
    imap_server.boxes = {"INBOX": box}
    imap_server.on(silent, swap(answer, b""))
    task = odd_task(imap_server)
    for number in range(6, 11):
        box.messages[number] = letter(number)
        assert run(task, later=(number - 6) * HOUR / 6).linked == 0
    assert len(bodies(user)) == 10
    assert len(imap_server.bodies) == 10


@pytest.mark.accept("A192")
@pytest.mark.parametrize("capability", ["X-GM-EXT-1", "OBJECTID"])
def test_labels_share_one_body(
    user: User, imap_server: ImapServer, odd_task: MakeTask, capability: str
) -> None:
    """A message in several folders there lies in the same ones here and is fetched once."""
    ids = {number: str(1_700_000_000_000_000_000 + number) for number in range(1, 31)}
    imap_server.capabilities = f"IMAP4rev1 {capability}"

    def box(numbers: range, offset: int, attributes: str = "") -> Box:
        return Box(
            {number + offset: letter(number) for number in numbers},
            attributes=attributes,
            ids={number + offset: ids[number] for number in numbers},
        )

    imap_server.boxes = {
        "[Gmail]/All Mail": box(range(1, 31), 500, "\\All"),
        "[Gmail]/Starred": box(range(1, 4), 900, "\\Flagged"),
        "INBOX": box(range(1, 11), 0),
        "Label": box(range(6, 21), 100),
    }
    task = odd_task(imap_server)
    done = run(task)
    assert done.outcome == "ok"
    fetched = Counter(imap_server.boxes[name].messages[uid] for name, uid in imap_server.bodies)
    assert len(fetched) == 30
    assert max(fetched.values()) == 1
    assert bodies(user, "Inbox") == sorted(letters(range(1, 11)).values())
    assert bodies(user, "Label") == sorted(letters(range(6, 21)).values())
    assert len(bodies(user)) == 10 + 15 + 10
    assert Message.objects.filter(user=user).values("blob").distinct().count() == 30
    assert not any("Starred" in text for text in imap_server.heard if "EXAMINE" in text)
    examined = [text for text in imap_server.heard if text.startswith("EXAMINE")]
    assert "All Mail" in examined[-1]


@pytest.mark.accept("A192")
def test_deleted_here_does_not_come_back_by_another_label(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """What the person removed here is known still, in whatever folder it turns up there."""
    imap_server.capabilities = "IMAP4rev1 OBJECTID"
    inbox = Box(letters((1, 2)), ids={1: "m1", 2: "m2"})
    imap_server.boxes = {"INBOX": inbox}
    task = odd_task(imap_server)
    run(task)
    gone = Message.objects.filter(user=user, subject="Letter 1")
    messages.remove(user, list(gone.values_list("pk", flat=True)))
    imap_server.boxes["Later"] = Box(letters((1, 3)), ids={1: "m1", 3: "m3"})
    imap_server.boxes["All"] = Box(
        letters((1, 2, 3)), ids={1: "m1", 2: "m2", 3: "m3"}, attributes="\\All"
    )
    run(task, later=HOUR)
    assert bodies(user) == sorted(letters((2, 3)).values())
    assert max(Counter(uid for _, uid in imap_server.bodies).values()) == 1


@pytest.mark.accept("A192")
def test_ids_of_messages_that_never_came(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """An id is known once its message is stored, not when it was only listed."""
    imap_server.capabilities = "IMAP4rev1 OBJECTID"
    imap_server.boxes = {
        "INBOX": Box(letters((1, 2)), ids={1: "m1", 2: "m2"}),
        "Work": Box(letters((1, 2)), ids={1: "m1", 2: "m2"}),
    }
    imap_server.on('EXAMINE "INBOX"', say("%TAG% NO not now\r\n"), times=2)
    task = odd_task(imap_server)
    for hours in (0, 10, 20):
        run(task, later=hours * HOUR)
    assert bodies(user, "Work") == sorted(letters((1, 2)).values())
    assert bodies(user, "Inbox") == sorted(letters((1, 2)).values())


@pytest.mark.accept("A86")
@pytest.mark.parametrize("capability", ["X-GM-EXT-1", "OBJECTID"])
def test_one_id_for_different_messages(
    user: User, imap_server: ImapServer, odd_task: MakeTask, capability: str
) -> None:
    """An id is believed only where the size agrees: a server that repeats itself loses nothing."""
    imap_server.capabilities = f"IMAP4rev1 {capability}"
    inbox = {uid: letter(uid, body="x" * uid) for uid in range(1, 31)}
    work = {uid: letter(uid, body="y" * uid) for uid in range(101, 131)}
    everything = {uid: letter(uid, body="z" * uid) for uid in range(201, 211)}
    imap_server.boxes = {
        "INBOX": Box(inbox, ids=dict.fromkeys(inbox, "7")),
        "Work": Box(work, ids=dict.fromkeys(work, "7")),
        "All": Box(everything, ids=dict.fromkeys(everything, "7"), attributes="\\All"),
    }
    task = odd_task(imap_server)
    for hours in (0, 2, 4):
        assert run(task, later=hours * HOUR).outcome == "ok"
    assert bodies(user) == sorted([*inbox.values(), *work.values(), *everything.values()])
    assert max(Counter(imap_server.bodies).values()) == 1


@pytest.mark.accept("A192")
def test_deleted_here_stays_deleted_through_new_uids(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """What was removed here does not come back because the numbers there are new."""
    box = Box(letters(range(1, 11)))
    imap_server.boxes = {"INBOX": box}
    task = odd_task(imap_server)
    run(task)
    gone = Message.objects.filter(user=user, subject__in=["Letter 3", "Letter 4"])
    messages.remove(user, list(gone.values_list("pk", flat=True)))
    for uidvalidity in (8, 9):
        box.uidvalidity = uidvalidity
        run(task, later=(uidvalidity - 7) * HOUR)
    good = [number for number in range(1, 11) if number not in {3, 4}]
    assert bodies(user) == sorted(letters(good).values())


@pytest.mark.accept("A192")
def test_folder_that_was_gone_and_is_back(
    user: User, imap_server: ImapServer, odd_task: MakeTask
) -> None:
    """Missed by many lists it counts as gone; its mail stays, and nothing comes twice later."""
    work = Box(letters(range(1, 6)))
    imap_server.boxes = {"INBOX": Box(letters((9,))), "Work": work}
    task = odd_task(imap_server)
    run(task)
    del imap_server.boxes["Work"]
    for hours in range(1, 5):
        run(task, later=hours * HOUR)
    assert RemoteFolder.objects.get(task=task, name="Work").state == "gone"
    assert len(bodies(user)) == 6
    work.messages[6] = letter(6)
    imap_server.boxes["Work"] = work
    run(task, later=6 * HOUR)
    assert RemoteFolder.objects.get(task=task, name="Work").state == "active"
    assert bodies(user, "Work") == sorted(letters(range(1, 7)).values())
    assert max(Counter(imap_server.bodies).values()) == 1


@pytest.mark.accept("A86")
def test_uidnext_is_never_told(user: User, imap_server: ImapServer, odd_task: MakeTask) -> None:
    box = Box(letters(range(1, 6)), uidnext=0)
    imap_server.boxes = {"INBOX": box, "Empty": Box(uidnext=0)}
    task = odd_task(imap_server)
    for number in (6, 7):
        run(task, later=(number - 6) * HOUR)
        box.messages[number] = letter(number)
        box.messages.pop(number - 4)
    run(task, later=3 * HOUR)
    assert bodies(user) == sorted(letters(range(1, 8)).values())
    assert max(Counter(imap_server.bodies).values()) == 1
