"""IMAP against a real Dovecot."""

from datetime import UTC, datetime

import pytest

from protocols.body import SPOOL_LIMIT
from protocols.errors import LoginRefused, ProtocolBroken, Refused
from protocols.imap import Wanted
from protocols.imap.parse import wire_name
from protocols.types import Security
from standin.dovecot import Dovecot
from tests.protocols.scripted import Open, feed


@pytest.mark.parametrize("security", list(Security))
@pytest.mark.parametrize(
    ("name", "password"),
    [("mara@provider.test", "korrekt-pferd"), ("mara", "a pass word"), ("jürgen", "pässwörd-ключ")],
)
def test_signs_in_by_every_encryption_with_any_characters(
    open_imap: Open, name: str, password: str, security: Security
) -> None:
    with open_imap(name, password, security) as source:
        assert "IMAP4REV1" in source.capabilities
        # Dovecot tells its full list only after sign-in.
        assert "LIST-STATUS" in source.capabilities


def test_a_wrong_password_is_the_servers_word_and_not_repeated(open_imap: Open) -> None:
    with pytest.raises(LoginRefused) as caught:
        open_imap("mara", "not-the-password")
    assert "AUTHENTICATIONFAILED" in caught.value.server_line
    assert "not-the-password" not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("bad", ["a\r\nX1 DELETE INBOX", "a\nb", "a\x00b"])
def test_control_characters_never_reach_the_wire(open_imap: Open, bad: str) -> None:
    for name, password in ((bad, "x"), ("mara", bad)):
        with pytest.raises(ProtocolBroken):
            open_imap(name, password)


@pytest.mark.accept("A86")
def test_lists_every_folder_with_role_and_numbers(
    dovecot: Dovecot, imap_user: str, open_imap: Open
) -> None:
    names = ["Projekte/Entwürfe & Co", "日本語", 'Say "hi"', "back\\slash", "Work"]
    for number, name in enumerate(names, 1):
        for _ in range(number):
            dovecot.append(imap_user, name, b"Subject: x\r\n\r\nx\r\n")
    with open_imap(imap_user) as source:
        boxes = {box.name: box for box in source.list_folders()}
        assert {"INBOX", "Drafts", "Sent", "Archive", "Junk", "Trash", *names} <= set(boxes)
        assert {box.role for box in boxes.values()} >= {
            "inbox",
            "drafts",
            "sent",
            "archive",
            "junk",
            "trash",
        }
        for number, name in enumerate(names, 1):
            status = boxes[name].status
            assert status is not None
            assert (status.messages, status.uidnext) == (number, number + 1)
            assert source.examine(boxes[name].raw_name) == status
        assert boxes["日本語"].raw_name == wire_name("日本語")


def test_status_is_asked_for_where_the_server_cannot_list_it(
    dovecot: Dovecot, imap_user: str, open_imap: Open
) -> None:
    for number in range(30):
        dovecot.append(imap_user, f"F{number}", b"Subject: x\r\n\r\nx\r\n")
    with open_imap(imap_user) as source:
        source.capabilities -= {"LIST-STATUS", "SPECIAL-USE"}
        boxes = source.list_folders()
        assert sum(box.status.messages for box in boxes if box.status) == 30
        assert all(box.status for box in boxes if box.selectable)


def test_a_folder_that_does_not_exist_is_refused_and_the_connection_lives(
    imap_user: str, open_imap: Open
) -> None:
    with open_imap(imap_user) as source:
        with pytest.raises(Refused):
            source.examine(b"No such folder")
        assert source.examine(b"INBOX").messages == 0


@pytest.mark.parametrize("name", [b"a\r\nX DELETE INBOX", b"a\x00b"])
def test_control_characters_in_a_folder_name_are_refused(
    imap_user: str, open_imap: Open, name: bytes
) -> None:
    with open_imap(imap_user) as source, pytest.raises(ProtocolBroken):
        source.examine(name)


def test_scan_tells_size_date_and_flags(dovecot: Dovecot, imap_user: str, open_imap: Open) -> None:
    when = datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC)
    raw = b"Subject: scan\r\n\r\nhello\r\n"
    dovecot.append(imap_user, "INBOX", raw, ["\\Seen", "\\Flagged"], when)
    dovecot.append(imap_user, "INBOX", raw)
    with open_imap(imap_user) as source:
        source.examine(b"INBOX")
        first, second = source.scan(1, 1000)
        assert (first.uid, first.size, first.internal_at) == (1, len(raw), when)
        assert {"\\Seen", "\\Flagged"} <= first.flags
        assert "\\Seen" not in second.flags
        assert [meta.uid for meta in source.scan(2, 1000)] == [2]
        # A server answers n:* with its last message even below n; ours is never shown it.
        assert source.scan(3, 1000) == []


def test_an_empty_folder_is_not_asked(imap_user: str, open_imap: Open) -> None:
    with open_imap(imap_user) as source:
        source.examine(b"INBOX")
        assert source.scan(1, 10) == []
        arrived = list(source.bodies(feed([Wanted(b"INBOX", 0, (1,))]), depth=3))
        assert [each.messages for each in arrived] == [[]]


@pytest.mark.accept("A87")
def test_fetch_brings_every_byte_and_leaves_no_trace(
    dovecot: Dovecot, imap_user: str, open_imap: Open
) -> None:
    raws = [
        b"Subject: plain\r\n\r\nhello\r\n",
        b"Subject: no newline at the end\r\n\r\nhello",
        b"Subject: 8-bit \xe4\xff\r\n\r\n\x80\x81\r\n.\r\n..dots\r\n)\r\n* 1 FETCH (UID 9)\r\n",
        b"Subject: long line\r\n\r\n" + b"y" * 300_000 + b"\r\n",
        b"Subject: {5}\r\n\r\n{99}\r\n",
        b"Subject: large\r\n\r\n" + b"0123456789abcde\r\n" * 100_000,
    ]
    for raw in raws:
        dovecot.append(imap_user, "INBOX", raw)
    assert len(raws[-1]) > SPOOL_LIMIT
    with open_imap(imap_user) as source:
        source.examine(b"INBOX")
        batches = [Wanted(b"INBOX", 0, uids) for uids in ((1, 2), (3, 4), (5, 6))]
        arrived = list(source.bodies(feed(batches), depth=3))
        found = [message for each in arrived for message in each.messages]
        assert [message.uid for message in found] == [1, 2, 3, 4, 5, 6]
        assert [message.body.read() for message in found] == raws
        assert [message.body.size for message in found] == [len(raw) for raw in raws]
        assert not any("\\Seen" in meta.flags for meta in source.scan(1, 10))
    assert dovecot.read_mailbox(imap_user) == raws


def test_fetch_leaves_out_what_is_gone_and_asks_for_all_the_rest(
    dovecot: Dovecot, imap_user: str, open_imap: Open
) -> None:
    for number in range(120):
        dovecot.append(imap_user, "INBOX", b"Subject: %d\r\n\r\nx\r\n" % number)
    with open_imap(imap_user) as source:
        source.examine(b"INBOX")
        wanted = [*range(120, 60, -1), 500, 501, *range(1, 61)]
        # Every other one: as a set of UIDs too long for one command.
        batches = [Wanted(b"INBOX", 0, tuple(wanted[place::2])) for place in range(2)]
        arrived = source.bodies(feed(batches), depth=2)
        found = [message.uid for each in arrived for message in each.messages]
        assert sorted(found) == list(range(1, 121))
        assert len(found) == 120
