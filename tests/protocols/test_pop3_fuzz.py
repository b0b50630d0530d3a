"""POP3 fed with whatever bytes: messages come back exactly, nonsense is an error of ours."""

from __future__ import annotations

import re
import socket
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols import wire as wires
from protocols.errors import MailServerError
from protocols.pop3 import Pop3Source, PopEntry, messages
from protocols.types import Deadline
from protocols.wire import Wire

MESSAGES = st.lists(st.sampled_from([b".", b"\r\n", b"\n", b"\r", b"a", b"..", b"\xff"])).map(
    b"".join
)
SIZES = st.integers(1, 12)
ANSWERS = [b"+OK\r\n", b"-ERR\r\n", b"+ ", b"+OK 3 9\r\n"]
LINES = st.sampled_from([*ANSWERS, b".\r\n", b"1 2\r\n", b"2 b\r\n", b"\r\n", b".", b"\0"])
NONSENSE = st.lists(LINES | st.binary(max_size=8), max_size=20).map(b"".join)


def over(data: bytes) -> Wire:
    ours, theirs = socket.socketpair()
    theirs.sendall(data)
    theirs.shutdown(socket.SHUT_WR)
    # Kept open for what is sent to it.
    wire = Wire(ours, "fuzz.test", Deadline(5))
    _PEERS.append(theirs)
    return wire


_PEERS: list[socket.socket] = []


@pytest.fixture(autouse=True)
def hang_up() -> object:
    yield
    for peer in _PEERS:
        peer.close()
    _PEERS.clear()


def stuffed(raw: bytes) -> bytes:
    """As a server sends it that takes every LF for the end of a line, as most do."""
    ended = raw if not raw or raw.endswith(b"\n") else raw + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended)


@settings(max_examples=300, deadline=None)
@given(st.lists(MESSAGES, min_size=1, max_size=4), SIZES, SIZES)
def test_every_message_comes_back_exactly(raws: list[bytes], receive: int, piece: int) -> None:
    sent = b"".join(b"+OK\r\n" + stuffed(raw) + b".\r\n" for raw in raws) + b"+OK\r\n"
    entries = [PopEntry(number, None, len(raw)) for number, raw in enumerate(raws, 1)]
    with patch.object(wires, "RECEIVE", receive), patch.object(messages, "PIECE", piece):
        source = Pop3Source(over(sent), frozenset({"PIPELINING"}))
        found = [one.body for batch in source.batches(entries, count=2) for one in batch]
        source.drop()
    whole = [raw if not raw or raw.endswith(b"\n") else raw + b"\r\n" for raw in raws]
    assert [None if body is None else body.read() for body in found] == whole


@settings(max_examples=300, deadline=None)
@given(NONSENSE, st.booleans())
def test_nonsense_is_an_error_of_ours(data: bytes, pipelined: bool) -> None:
    names = frozenset({"PIPELINING"} if pipelined else ())
    source = Pop3Source(over(data), names)
    try:
        source.count()
        entries = source.listing()
        list(source.heads([1, 2]))
        for batch in source.batches([*entries, PopEntry(3, "c", 1)]):
            assert all(one.body is not None or one.refusal for one in batch)
        source.delete([1, 2, 3])
    except MailServerError as error:
        assert len(error.server_line) <= 300
    finally:
        source.drop()
