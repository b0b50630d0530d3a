"""The scriptable servers, asked by the standard library's clients: decent until told otherwise."""

from __future__ import annotations

import imaplib
import poplib

import pytest

from standin import ports
from tests.servers.acts import cut, say
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer
from tests.servers.pop import PopServer

RAW = b"From: a@odd.test\r\nMessage-ID: <1@odd.test>\r\n\r\n.hello\r\n..\r\n"


def imap_to(server: ImapServer) -> imaplib.IMAP4:
    client = imaplib.IMAP4(ports.HOST, server.port, timeout=60)
    client.login("mara", 'a "quoted" secret')
    return client


def test_imap_for_a_client_of_another_hand() -> None:
    boxes = {"INBOX": Box({4: RAW, 9: RAW + b"x"}, ids={4: "77"}), 'a "b" \xff': Box({1: b"y"})}
    with ImapServer("X-GM-EXT-1 AUTH=PLAIN") as server:
        server.boxes = boxes
        client = imap_to(server)
        assert client.list()[1][1] == b'() "/" "a \\"b\\" \xff"'
        assert client.status("INBOX", "(MESSAGES)")[1] == [
            b'"INBOX" (MESSAGES 2 UIDNEXT 10 UIDVALIDITY 7)'
        ]
        assert client.select('"INBOX"', readonly=True)[1] == [b"2"]
        kind, data = client.uid("FETCH", "4:*", "(UID X-GM-MSGID BODY.PEEK[])")
        assert kind == "OK"
        assert data[0] == (b"1 (UID 4 X-GM-MSGID 77 BODY[] {%d}" % len(RAW), RAW)
        assert data[2][1] == RAW + b"x"
        _, [(told, text), _] = client.uid("FETCH", "4", "(BODY.PEEK[]<5.7>)")
        assert (told, text) == (b"1 (UID 4 BODY[]<5> {7}", RAW[5:12])
        fields = client.uid("FETCH", "4", "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")[1][0][1]
        assert fields == b"Message-ID: <1@odd.test>\r\n\r\n"
        halves = [
            client.uid("FETCH", "4", f"(BODY.PEEK[{part}])")[1][0][1] for part in ("HEADER", "TEXT")
        ]
        assert b"".join(halves) == RAW
        client.logout()
    assert server.count("FETCH") == 5


def test_pop_for_a_client_of_another_hand() -> None:
    with PopServer(
        ("a", RAW), ("b", b"Subject: b\r\n\r\nx\r\n"), capabilities="UIDL,TOP"
    ) as server:
        server.password = "secret"
        client = poplib.POP3(ports.HOST, server.port, timeout=60)
        client.apop("mara", "secret")
        assert client.capa() == {"UIDL": [], "TOP": []}
        assert client.stat() == (2, len(RAW) + 17)
        assert client.uidl()[1] == [b"1 a", b"2 b"]
        assert b"\r\n".join(client.retr(1)[1]) + b"\r\n" == RAW
        assert client.top(1, 1)[1][-1] == b".hello"
        client.dele(1)
        client.quit()
        assert [uidl for uidl, _ in server.drop] == ["b"]
        with pytest.raises(poplib.error_proto):
            again = poplib.POP3(ports.HOST, server.port, timeout=60)
            again.apop("mara", "wrong")


def test_rules_come_in_order_and_end() -> None:
    with ImapServer() as server:
        server.on("^NOOP", say("%TAG% NO first\r\n"), times=1, skip=1)
        server.on("^NOOP", cut(3), skip=2)
        client = imap_to(server)
        assert [client.noop()[0] for _ in range(3)] == ["OK", "NO", "OK"]
        with pytest.raises(imaplib.IMAP4.abort):
            client.noop()
        server.behave()
        assert imap_to(server).noop()[0] == "OK"
        assert len(server.talks) == 2
        assert server.talks[0].flights == 6
