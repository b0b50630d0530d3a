"""POP3 servers that are unusual, or out of their minds."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from protocols import wire as wires
from protocols.address import AddressPolicy
from protocols.errors import (
    Dropped,
    Later,
    LoginMethod,
    MailServerError,
    ProtocolBroken,
    TokenExpired,
)
from protocols.pop3 import Pop3Source, PopEntry, messages
from protocols.tls import Trust
from protocols.types import Deadline, Endpoint, Login, Security
from protocols.wire import Wire
from tests.servers.acts import cut, edit, last_words, say
from tests.servers.pop import PopServer

Enter = Callable[..., Pop3Source]
TOKEN = "ya29.canary-token"


def letter(number: int, size: int = 100) -> bytes:
    return b"Subject: %d\r\n\r\n" % number + b"x" * size + b"\r\n"


@pytest.fixture
def server() -> Iterator[PopServer]:
    with PopServer(capabilities="PIPELINING,UIDL,TOP") as running:
        yield running


@pytest.fixture
def enter(server: PopServer, loopback: AddressPolicy, trust: Trust) -> Enter:
    def entered(*, oauth: bool = False, secret: str = TOKEN) -> Pop3Source:
        endpoint = Endpoint("localhost", server.port, Security.NONE)
        login = Login("mara", secret, oauth=oauth)
        return Pop3Source.open(endpoint, login, policy=loopback, trust=trust, deadline=5)

    return entered


def received(source: Pop3Source) -> tuple[dict[int, bytes], MailServerError | None]:
    """The bodies that came, by number, and the error that ended it."""
    found: dict[int, bytes] = {}
    try:
        for batch in source.batches(source.listing(), count=7):
            found |= {one.number: one.body.read() if one.body else b"" for one in batch}
    except MailServerError as error:
        return found, error
    return found, None


def over(data: bytes) -> Wire:
    """A wire on which these bytes come."""
    ours, theirs = socket.socketpair()
    theirs.sendall(data)
    theirs.close()
    return Wire(ours, "odd.test", Deadline(5))


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (b"+OK\r\n.\r\n", b""),
        (b"+OK\r\n..\r\n.\r\n", b".\r\n"),
        (b"+OK\r\n...a\r\n....\r\n.\r\n", b"..a\r\n...\r\n"),
        (b"+OK\r\na\n.\nb\n.\r\n", b"a\n.\nb\n"),
        (b"+OK\r\n.a\r\nb\r\n.\r\n", b".a\r\nb\r\n"),
        (b"+OK\r\na\r\r\n.\r\n", b"a\r\r\n"),
        (b"+OK\n..a\nb\n.\n", b".a\nb\n"),
        (b"+OK\r\n\0\xff\r\n.\r\n", b"\0\xff\r\n"),
    ],
    ids=["empty", "dot", "dots", "lone LF", "not stuffed", "CR", "LF server", "binary"],
)
@pytest.mark.parametrize("at_once", [1, 2, 3, 1000])
def test_a_message_ends_where_it_ends(
    sent: bytes, meant: bytes, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wires, "RECEIVE", at_once)
    monkeypatch.setattr(messages, "PIECE", at_once)
    wire = over(sent + b"+OK next\r\n")
    assert messages.read(wire, wire.readline()).read() == meant
    assert wire.readline() == b"+OK next\r\n"


def test_a_message_without_an_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "BODY_CAP", 10_000)
    monkeypatch.setattr(messages, "PIECE", 1000)
    wire = over(b"+OK\r\n" + b"x" * 20_000 + b"\r\n.\r\n")
    with pytest.raises(ProtocolBroken):
        messages.read(wire, wire.readline(), messages.BODY_CAP)
    assert wire.closed


def test_a_large_message_lies_on_disk(server: PopServer, enter: Enter) -> None:
    large = letter(1, 3_000_000)
    server.drop = [("a", large)]
    with enter() as source:
        ((one,),) = list(source.batches(source.listing()))
        assert one.body is not None
        assert one.body._data is None
        assert one.body.read() == large


def test_requests_are_on_their_way_while_answers_come(server: PopServer, enter: Enter) -> None:
    server.drop = [(str(number), letter(number)) for number in range(1, 501)]
    with enter() as source:
        found, error = received(source)
        before = server.talks[0].flights
    assert (error, found) == (None, {number: letter(number) for number in range(1, 501)})
    assert before < 40
    server.capabilities = "UIDL"
    with enter() as source:
        assert received(source) == (found, None)
    assert server.talks[1].flights > 500


def test_no_more_is_asked_for_than_fits(loopback: AddressPolicy) -> None:
    ours, theirs = socket.socketpair()
    source = Pop3Source(Wire(ours, "odd.test", Deadline(5)), frozenset({"PIPELINING"}))
    wanted = [PopEntry(number, None, 3 << 20) for number in range(1, 11)]
    coming = source.batches(wanted, count=1)
    reader = threading.Thread(target=lambda: next(coming, None), daemon=True)
    reader.start()
    assert theirs.recv(1000) == b"RETR 1\r\nRETR 2\r\n"
    theirs.sendall(b"+OK\r\na\r\n.\r\n+OK\r\n")
    assert theirs.recv(1000).startswith(b"RETR 3\r\n")
    theirs.close()
    reader.join(5)
    coming.close()
    assert source.closed


def test_leaving_early_ends_the_connection_and_the_thread(server: PopServer, enter: Enter) -> None:
    server.drop = [(str(number), letter(number)) for number in range(1, 400)]
    source = enter()
    coming = source.batches(source.listing(), count=1, ahead=1)
    next(coming)
    coming.close()
    assert source.closed
    assert "reads-ahead" not in {thread.name for thread in threading.enumerate()}
    assert server.count("QUIT|DELE") == 0


def test_the_connection_lives_on_once_everything_came(server: PopServer, enter: Enter) -> None:
    server.drop = [(str(number), letter(number)) for number in range(1, 20)]
    source = enter()
    for _ in range(20):
        found, error = received(source)
        assert (len(found), error) == (19, None)
    assert source.delete([1, 2]) == [1, 2]
    assert source.quit()
    assert len(server.drop) == 17


def test_one_that_is_refused_holds_up_no_other(server: PopServer, enter: Enter) -> None:
    server.drop = [(str(number), letter(number)) for number in range(1, 21)]
    server.refused = {"1", "7", "20"}
    with enter() as source:
        found, error = received(source)
    assert error is None
    assert {number for number, body in found.items() if not body} == {1, 7, 20}


def test_row_38_a_day_limit_is_a_matter_of_patience(server: PopServer, enter: Enter) -> None:
    server.drop = [(str(number), letter(number)) for number in range(1, 31)]
    server.on("RETR 12$", say("-ERR Download exceed the daily limit\r\n"))
    with enter() as source:
        found, error = received(source)
        assert source.closed
    assert isinstance(error, Later)
    assert error.cause == "over-quota"
    assert sorted(found) == list(range(1, 12))


def test_row_38_the_rest_of_a_message_in_place_of_an_answer(
    server: PopServer, enter: Enter
) -> None:
    server.drop = [(str(number), letter(number)) for number in range(1, 11)]
    server.drop[4] = ("5", b"Subject: 5\r\n\r\nbefore\r\n.\r\nafter\r\n")
    server.stuffs = False
    with enter() as source:
        found, error = received(source)
    assert isinstance(error, ProtocolBroken)
    assert sorted(found) == [1, 2, 3, 4]


@pytest.mark.parametrize("at", [0, 60])
def test_row_03_what_came_before_the_end_counts(server: PopServer, enter: Enter, at: int) -> None:
    server.drop = [(str(number), letter(number)) for number in range(1, 11)]
    server.on("RETR 6$", cut(at, hard=False))
    with enter() as source:
        found, error = received(source)
    assert isinstance(error, Dropped)
    assert sorted(found) == [1, 2, 3, 4, 5]
    server.sizes = {"5": 5000}
    with enter() as source:
        found, _ = received(source)
    assert sorted(found) == ([1, 2, 3, 4] if at == 0 else [1, 2, 3, 4, 5])


def test_headers_by_top(server: PopServer, enter: Enter) -> None:
    server.drop = [(str(number), letter(number)) for number in range(1, 251)]
    server.on("TOP 3 ", say("-ERR no\r\n"))
    with enter() as source:
        heads = dict(source.heads(range(1, 251)))
    assert heads[3] is None
    assert heads[250] == b"Subject: 250\r\n\r\n"


def test_sign_ins_may_be_counted(server: PopServer, enter: Enter) -> None:
    assert enter().login_delay == 0
    server.capabilities = "TOP,LOGIN-DELAY 900 USER,X y"
    with enter() as source:
        assert source.login_delay == 900
        assert source.capabilities == {"TOP", "LOGIN-DELAY", "X"}


def test_a_token_goes_in_a_line_of_its_own(server: PopServer, enter: Enter) -> None:
    server.tokens = {TOKEN}
    with enter(oauth=True, secret=TOKEN) as source:
        assert source.count() == 0
    assert server.heard[0] == "AUTH XOAUTH2"
    assert server.count("PASS|USER") == 0


def test_a_token_that_is_not_accepted_may_be_renewed(server: PopServer, enter: Enter) -> None:
    server.tokens = {"another"}
    with pytest.raises(TokenExpired) as caught:
        enter(oauth=True, secret=TOKEN)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-ERR unknown command", LoginMethod),
        ("-ERR User is authenticated but not connected.", Later),
        ("+OK signed in, who cares", ProtocolBroken),
        ("220 what", ProtocolBroken),
    ],
)
def test_a_server_that_knows_no_tokens(
    server: PopServer, enter: Enter, words: str, expected: type[MailServerError]
) -> None:
    server.on("^AUTH", say(f"{words}\r\n"))
    with pytest.raises(expected):
        enter(oauth=True, secret=TOKEN)
    assert server.count(re.escape(TOKEN)) == 0


def test_row_20_signed_in_but_not_connected(server: PopServer, enter: Enter) -> None:
    server.on("PASS", say("-ERR User is authenticated but not connected.\r\n"))
    with pytest.raises(Later) as caught:
        enter()
    assert caught.value.cause == "not-connected"


@pytest.mark.parametrize(
    ("event", "words", "cause"),
    [
        ("PASS", "-ERR [IN-USE] maildrop already locked", "in-use"),
        ("PASS", "-ERR [LOGIN-DELAY] minimum time between mail checks violation", "in-use"),
        ("PASS", "-ERR lock busy, wait a few minutes", "in-use"),
        ("GREETING", "-ERR too many connections from your address", "limited"),
        ("LIST", "-ERR [THROTTLED] Suggested Backoff Time: 9000 milliseconds", "throttled"),
    ],
)
def test_row_16_a_request_for_patience_is_understood(
    server: PopServer, enter: Enter, event: str, words: str, cause: str
) -> None:
    server.on(event, last_words(f"{words}\r\n"))
    with pytest.raises(Later) as caught:
        enter().listing()
    assert caught.value.cause == cause
    assert caught.value.retry_after == (9.0 if cause == "throttled" else None)


def test_ids_that_fail_leave_the_listing(server: PopServer, enter: Enter) -> None:
    server.drop = [("a", letter(1)), ("b", letter(2))]
    server.on("UIDL", edit(lambda data: data.replace(b"1 a", b"1    a  ")), times=1)
    with enter() as source:
        assert [entry.uidl for entry in source.listing()] == ["a", "b"]
        server.knows_uidl = False
        assert [entry.uidl for entry in source.listing()] == [None, None]
