"""Servers whose answers lie: a body, a list, a date, an id that cannot be trusted."""

import pytest

from protocols.address import AddressPolicy
from protocols.errors import (
    Dropped,
    MailServerError,
    ProtocolBroken,
)
from protocols.imap import Wanted
from protocols.pop3 import Pop3Source, PopEntry
from protocols.tls import Trust
from protocols.types import Endpoint, Security
from standin.hostile import Drop, Expect, Hang, Hostile, Send, Step
from tests.protocols.scripted import (
    LOGIN,
    OPENED,
    SIGNED_IN,
    Reach,
    feed,
)

WANTED = Wanted(b"INBOX", 7, (1, 2, 3))


def fetched(server: Hostile, reach: Reach) -> list[tuple[int, bytes]]:
    with reach(server) as source:
        arrived = source.bodies(feed([WANTED]), depth=3)
        return [(one.uid, one.body.read()) for each in arrived for one in each.messages]


def fetch_answer(data: bytes) -> list[Step]:
    return [*OPENED, Expect(b"UID FETCH"), Send(data)]


def test_a_body_counts_only_if_asked_for_and_present(imap: Reach) -> None:
    answer = (
        b"* 1 FETCH (FLAGS (\\Seen))\r\n"
        b"* 9 FETCH (UID 99 BODY[] {3}\r\nxxx)\r\n"
        b"* 1 FETCH (UID 1 FLAGS () BODY[] NIL)\r\n"
        b"* 2 FETCH (UID 2 BODY[] {0}\r\n)\r\n"
        b'* 3 FETCH (BODY[] "short \\"one\\"" UID 3)\r\n'
        b"%TAG% OK done\r\n"
    )
    with Hostile([*fetch_answer(answer), Hang()]) as server:
        assert fetched(server, imap) == [(3, b'short "one"')]


def test_items_may_come_in_any_order(imap: Reach) -> None:
    answer = b"* 1 FETCH (BODY[] {5}\r\nhello FLAGS (\\Seen) UID 2)\r\n%TAG% OK done\r\n"
    with Hostile([*fetch_answer(answer), Hang()]) as server:
        assert fetched(server, imap) == [(2, b"hello")]


@pytest.mark.parametrize(
    ("answer", "end", "expected"),
    [
        (b"* 1 FETCH (UID 1 BODY[] {50}\r\nonly this)\r\n", Drop(), Dropped),
        (b"* 1 FETCH (UID 1 BODY[] {3}\r\nlonger than said)\r\n", Hang(), ProtocolBroken),
        (b"* 1 FETCH (UID 1 BODY[] {3}\r\nlonger\r\n%TAG% OK\r\n", Hang(), ProtocolBroken),
        (b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n", Hang(), ProtocolBroken),
        (b"* 1 FETCH (UID 1 BODY[] {5}\r\nhello)\r\n* BYE expired\r\n", Hang(), Dropped),
        (b"T99 OK who asked\r\n", Hang(), ProtocolBroken),
        (b"* " + b"z" * (17 << 20), Hang(), ProtocolBroken),
    ],
    ids=["cut", "junk", "too short", "huge", "bye", "foreign tag", "endless line"],
)
def test_a_broken_body_is_an_error_and_the_connection_of_no_more_use(
    imap: Reach, answer: bytes, end: Step, expected: type[MailServerError]
) -> None:
    with Hostile([*fetch_answer(answer), end]) as server, imap(server) as source:
        with pytest.raises(expected):
            list(source.bodies(feed([WANTED]), depth=3))
        with pytest.raises(MailServerError):
            source.scan(1, 3)


def test_one_bad_line_does_not_lose_the_list(imap: Reach) -> None:
    answer = (
        b'* LIST () "/" INBOX\r\n'
        b'* LIST (\\HasNoChildren "/" broken\r\n'
        b'* LIST () "/" "Foo&Bar"\r\n'
        b'* LIST () "/" "a(b"\r\n'
        b"* LIST () NIL flat\r\n"
        b'* LIST (\\Noselect) "/" ghost\r\n'
        b'* LIST () "." {7}\r\nB\xc3\xbccher\r\n'
        b'* LIST () "/" "\xff\xfe raw"\r\n'
        b"* LIST nonsense\r\n"
        b"* STATUS INBOX (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 5)\r\n"
        b"%TAG% OK done\r\n"
    )
    no = [step for _ in range(6) for step in (Expect(b"STATUS"), Send(b"%TAG% NO ghost\r\n"))]
    with Hostile([*SIGNED_IN, Expect(b"LIST"), Send(answer), *no, Hang()]) as server:
        source = imap(server)
        boxes = {box.raw_name: box for box in source.list_folders()}
    assert boxes[b"Foo&Bar"].name == "Foo&Bar"
    assert boxes[b"B\xc3\xbccher"].name == "Bücher"
    assert boxes[b"flat"].delimiter is None
    assert not boxes[b"ghost"].selectable
    assert {b"INBOX", b"a(b", b"\xff\xfe raw"} <= set(boxes)
    status = boxes[b"INBOX"].status
    assert status is not None
    assert (status.messages, status.uidnext, status.uidvalidity) == (3, 9, 5)


def test_dates_that_do_not_exist_are_none(imap: Reach) -> None:
    answer = b"".join(
        b'* %d FETCH (UID %d RFC822.SIZE 5 INTERNALDATE "%b" FLAGS ())\r\n' % (uid, uid, date)
        for uid, date in enumerate(
            [
                b" 1-Feb-2024 10:00:00 +0100",
                b"00-Jan-0000 00:00:00 +0000",
                b"31-Feb-2024 10:00:00 +0000",
                b"nonsense",
                b"1-Jan-2024 23:59:60 -0030",
            ],
            1,
        )
    )
    with (
        Hostile([*fetch_answer(answer + b"%TAG% OK\r\n"), Hang()]) as server,
        imap(server) as source,
    ):
        source.examine(b"INBOX")
        metas = source.scan(1, 5)
    dates = [meta.internal_at.isoformat() if meta.internal_at else None for meta in metas]
    assert dates == ["2024-02-01T09:00:00+00:00", None, None, None, "2024-01-02T00:29:59+00:00"]


POP_IN: list[Step] = [
    Send(b"+OK\r\n"),
    Expect(b"USER"),
    Send(b"+OK\r\n"),
    Expect(b"PASS"),
    Send(b"+OK\r\n"),
    Expect(b"CAPA"),
    Send(b"-ERR unknown\r\n"),
]


@pytest.mark.parametrize(
    ("uidl", "expected"),
    [
        (b"-ERR unknown\r\n", [None, None, None]),
        (b"+OK\r\n1 a\r\n2 a\r\n3 b\r\n.\r\n", [None, None, "b"]),
        (
            b"+OK\r\n1   padded  \r\n2 two words\r\n3 " + b"z" * 200 + b"\r\n.\r\n",
            ["padded", None, None],
        ),
    ],
    ids=["none", "repeated", "odd"],
)
def test_odd_uidls_are_tolerated(
    loopback: AddressPolicy, trust: Trust, uidl: bytes, expected: list[str | None]
) -> None:
    listing: list[Step] = [Expect(b"LIST"), Send(b"+OK\r\n1 10\r\n2 20\r\n3 30\r\n.\r\n")]
    with Hostile([*POP_IN, *listing, Expect(b"UIDL"), Send(uidl), Hang()]) as server:
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        with Pop3Source.open(endpoint, LOGIN, policy=loopback, trust=trust) as source:
            assert [entry.uidl for entry in source.listing()] == expected


def test_a_message_cut_off_is_no_message(loopback: AddressPolicy, trust: Trust) -> None:
    with Hostile(
        [*POP_IN, Expect(b"RETR"), Send(b"+OK\r\nSubject: x\r\n\r\nhal"), Drop()]
    ) as server:
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        source = Pop3Source.open(endpoint, LOGIN, policy=loopback, trust=trust)
        with pytest.raises(Dropped):
            list(source.batches([PopEntry(1, None, 10)]))


def test_a_quit_without_an_answer_confirms_nothing(loopback: AddressPolicy, trust: Trust) -> None:
    with Hostile([*POP_IN, Expect(b"QUIT"), Drop()]) as server:
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        source = Pop3Source.open(endpoint, LOGIN, policy=loopback, trust=trust)
        assert source.quit() is False
