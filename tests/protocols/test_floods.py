"""Servers that send far more than anybody has use for: little of it is held at a time."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from protocols.address import AddressPolicy
from protocols.errors import ProtocolBroken
from protocols.imap import ImapSource
from protocols.pop3 import Pop3Source
from protocols.tls import Trust
from protocols.types import Endpoint, Login, Security
from standin.hostile import Expect, Hang, Hostile, Send
from tests.protocols.scripted import SIGNED_IN, Reach
from tests.servers.acts import before
from tests.servers.base import Act, Answer, Server, Talk
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer
from tests.servers.pop import PopServer

LONG = 50_000
MIB = 1 << 20
WORDS = b"* X " + b"x" * LONG + b"\r\n"


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer() as running:
        yield running


@pytest.fixture
def entered(loopback: AddressPolicy, trust: Trust) -> Callable[[Server], ImapSource]:
    def enter(server: Server) -> ImapSource:
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        return ImapSource.open(endpoint, Login("mara", "secret"), policy=loopback, trust=trust)

    return enter


def flood(piece: Callable[[int], bytes], number: int) -> Act:
    """Say so many pieces before the answer."""

    def act(talk: Talk, answer: Answer) -> None:
        for each in range(number):
            talk.send(piece(each))
        talk.send(answer())

    return act


@contextmanager
def held_below(limit: int) -> Iterator[None]:
    """No more memory than that is in use at any time, by this program's own count."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [b"STATUS", b"LIST", b"X"])
@pytest.mark.parametrize("command", ["LIST", "STATUS"])
def test_names_without_end(
    server: ImapServer, entered: Callable[[Server], ImapSource], command: str, kind: bytes
) -> None:
    name = b'"%d' + b"x" * LONG + b'" '
    lines = {
        b"STATUS": b"* STATUS " + name + b"(MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)\r\n",
        b"LIST": b'* LIST () "/" ' + name + b"\r\n",
        b"X": b"* X " + name + b"\r\n",
    }
    server.on(f"^{command} ", flood(lambda each: lines[kind] % each, 500))
    with entered(server) as source, held_below(8 * MIB):
        assert [box.name for box in source.list_folders()] == ["INBOX"]


def test_flags_without_end(server: ImapServer, entered: Callable[[Server], ImapSource]) -> None:
    server.boxes = {"INBOX": Box(dict.fromkeys(range(1, 101), b"x"))}

    def answer(talk: Talk, _answer: Answer) -> None:
        for uid in range(1, 101):
            words = b" ".join(b"%x" % (uid << 16 | each) for each in range(1000))
            line = b"* %d FETCH (UID %d RFC822.SIZE 1 FLAGS (%b \\Seen))\r\n"
            talk.send(line % (uid, uid, words))
        talk.send(b"%TAG% OK done\r\n")

    server.on("^UID FETCH", answer)
    with entered(server) as source, held_below(6 * MIB):
        source.examine(b"INBOX")
        metas = source.scan(1, 100)
        assert len(metas) == 100
        assert all("\\Seen" in meta.flags and len(meta.flags) <= 100 for meta in metas)


def test_a_response_of_many_long_lines(
    server: ImapServer,
    entered: Callable[[Server], ImapSource],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("protocols.imap.channel.LINE_CAP", 4 * LONG)
    server.on("^LIST", before(b"* X" + (b"x" * LONG + b" {1}\r\nx") * 5 + b"\r\n"))
    with entered(server) as source, pytest.raises(ProtocolBroken):
        source.list_folders()


def test_words_in_answer_to_a_small_question(
    server: ImapServer, entered: Callable[[Server], ImapSource]
) -> None:
    server.boxes["INBOX"].messages[1] = b"x"
    server.on("^FETCH", flood(lambda _: WORDS, 2000))
    with entered(server) as source, held_below(40 * MIB):
        source.examine(b"INBOX")
        with pytest.raises(ProtocolBroken):
            source.uid_at(1)


def test_words_in_place_of_the_leave_to_go_on(imap: Reach) -> None:
    """A name that no quoted string can hold is sent when the server says so."""
    script = [*SIGNED_IN, Expect(b"EXAMINE {"), *[Send(WORDS)] * 2000, Hang()]
    with (
        Hostile(script) as server,
        imap(server) as source,
        held_below(40 * MIB),
        pytest.raises(ProtocolBroken),
    ):
        source.examine("Entw\u00fcrfe".encode())


def test_a_greeting_without_end(
    server: ImapServer, entered: Callable[[Server], ImapSource]
) -> None:
    server.on("^LOGIN", flood(lambda _: WORDS, 500))
    with held_below(8 * MIB), pytest.raises(ProtocolBroken):
        entered(server)


@pytest.mark.parametrize("command", ["LIST", "UIDL"])
def test_a_listing_of_long_lines(loopback: AddressPolicy, trust: Trust, command: str) -> None:
    def listing(talk: Talk, _answer: Answer) -> None:
        talk.send(b"+OK\r\n")
        for _ in range(500):
            talk.send(b"1 %b\r\n" % (b"9" * LONG))
        talk.send(b".\r\n")

    with PopServer(("a", b"x")) as server:
        server.on(f"^{command}", listing)
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        login = Login("mara", "secret")
        with (
            Pop3Source.open(endpoint, login, policy=loopback, trust=trust) as source,
            held_below(8 * MIB),
        ):
            assert len(source.listing()) <= 1
