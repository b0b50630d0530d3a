"""Looking for messages on a real server, and on one that knows no search."""

from datetime import UTC, date, datetime

import pytest

from protocols.errors import ProtocolBroken, Refused
from protocols.imap.search import Sought
from standin.dovecot import Dovecot
from standin.hostile import Expect, Hang, Hostile, Send, Step
from tests.protocols.scripted import OPENED, Open, Reach

NOVEMBER = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def put(server: Dovecot, name: str, head: str, at: datetime = NOVEMBER) -> None:
    server.append(name, "Work", f"{head}\r\n\r\nHello.\r\n".encode(), (), at)


@pytest.fixture
def box(dovecot: Dovecot, imap_user: str) -> str:
    put(dovecot, imap_user, "Subject: The lease\r\nFrom: Jonas <jonas@harbour.test>")
    put(dovecot, imap_user, "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: ada@example.test")
    put(
        dovecot,
        imap_user,
        'Subject: She said "no" \\o/\r\nMessage-ID: <lease.7@harbour.test>',
        datetime(2026, 10, 1, tzinfo=UTC),
    )
    return imap_user


@pytest.mark.parametrize(
    ("text", "uids"),
    [
        ("lease", [3, 1]),
        ("LEASE.7@HARBOUR.test", [3]),
        ("jonas@harbour", [1]),
        ("Grüße", [2]),
        ('said "no" \\o/', [3]),
        ("nowhere", []),
    ],
)
def test_finds_by_subject_sender_and_id(
    box: str, open_imap: Open, text: str, uids: list[int]
) -> None:
    with open_imap(box) as source:
        status, found = source.look(b"Work", Sought(text))
        assert status.messages == 3
        assert found == uids


def test_finds_by_day(box: str, open_imap: Open) -> None:
    with open_imap(box) as source:
        span = Sought(since=date(2026, 9, 30), before=date(2026, 10, 3))
        assert source.look(b"Work", span)[1] == [3]
        both = Sought("lease", date(2026, 11, 1), date(2026, 12, 1))
        assert source.look(b"Work", both)[1] == [1]


def test_reads_the_fields_asked_for_and_marks_nothing(
    dovecot: Dovecot, box: str, open_imap: Open
) -> None:
    with open_imap(box) as source:
        source.look(b"Work", Sought("lease"))
        heads = source.heads([1, 3])
        assert [head.uid for head in heads] == [3, 1]
        assert b"Subject: The lease" in heads[1].header
        assert b"From: Jonas <jonas@harbour.test>" in heads[1].header
        assert (heads[1].internal_at, heads[1].size) == (NOVEMBER, 64)
        source.examine(b"Work")
        assert all("\\Seen" not in meta.flags for meta in source.scan(1, 9))


def test_what_does_not_open_is_refused_and_the_next_one_opens(box: str, open_imap: Open) -> None:
    with open_imap(box) as source:
        with pytest.raises(Refused):
            source.look(b"Nowhere", Sought("x"))
        assert source.look(b"Work", Sought("lease"))[1] == [3, 1]
        assert source.look(b"INBOX", Sought("lease"))[1] == []


def test_the_newest_are_read_without_a_search(box: str, open_imap: Open) -> None:
    with open_imap(box) as source:
        status, heads = source.newest(b"Work", 2)
        assert status.messages == 3
        assert [head.uid for head in heads] == [3, 2]
        assert b"Message-ID: <lease.7@harbour.test>" in heads[0].header
        assert source.newest(b"INBOX", 2)[1] == []


def test_letters_beyond_ascii_are_announced_as_such(imap: Reach) -> None:
    """RFC 3501 section 6.4.4: without a charset they are US-ASCII."""
    asked: list[Step] = []
    for number in (2, 3, 4):
        asked += [Expect(b"UID SEARCH CHARSET UTF-8"), Send(b"+ go on\r\n"), Expect(b"")]
        asked.append(Send(b"* SEARCH %d\r\nT%d OK done\r\n" % (number, number)))
    with Hostile([*OPENED, *asked, Hang()]) as server, imap(server) as source:
        assert source.look(b"INBOX", Sought("Grüße"))[1] == [4, 3, 2]


@pytest.mark.parametrize(
    ("answer", "uids"),
    [
        (b"* SEARCH\r\n", []),
        (b"* SEARCH 0 99999999999 2\r\n* SEARCH x\r\n", []),
        (b"* SEARCH 4294967296 0 2\r\n* 3 EXISTS\r\n* SEARCH 2 1\r\n", [2, 1]),
    ],
)
def test_odd_answers_cost_nothing(imap: Reach, answer: bytes, uids: list[int]) -> None:
    done = Send(answer + b"%TAG% OK done\r\n")
    span = Sought(since=date(2026, 9, 30), before=date(2026, 10, 3))
    script = [*OPENED, Expect(b"UID SEARCH SINCE"), done, Hang()]
    with Hostile(script) as server, imap(server) as source:
        assert source.look(b"INBOX", span)[1] == uids


def test_what_nobody_asked_for_is_let_go(imap: Reach, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much a server sends, it fills no memory."""
    monkeypatch.setattr("protocols.imap.search.ANSWER_CAP", 12)
    monkeypatch.setattr("protocols.imap.search.HEADS_CAP", 2)
    told = b"".join(b"* %d FETCH (UID %d)\r\n" % (uid, uid) for uid in (9, 3, 2))
    script = [
        *OPENED,
        Expect(b"UID SEARCH"),
        Send(b"* SEARCH 111 222 333 444\r\n%TAG% OK done\r\n"),
        Expect(b"UID FETCH 2:3 "),
        Send(told + b"%TAG% OK done\r\n"),
        Hang(),
    ]
    with Hostile(script) as server, imap(server) as source:
        assert source.look(b"INBOX", Sought(since=date(2026, 9, 30)))[1] == [444, 333, 222]
        assert [head.uid for head in source.heads([2, 3])] == [3]


def test_no_text_becomes_a_command(box: str, open_imap: Open) -> None:
    with open_imap(box) as source, pytest.raises(ProtocolBroken):
        source.look(b"Work", Sought("x\r\nT9 LOGOUT"))
