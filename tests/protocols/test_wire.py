"""Deadlines and caps of the wire, after the opening."""

import socket
import threading

import pytest

from protocols import wire as wires
from protocols.errors import Dropped, Hung, ProtocolBroken, Stage
from protocols.types import Deadline
from protocols.wire import Wire
from standin.hostile import Drip, Drop, Hang, Hostile, Send, Step


def meet(server: Hostile) -> Wire:
    wire = Wire(socket.create_connection(("localhost", server.port)), "localhost", Deadline(5))
    wire.release()
    return wire


@pytest.mark.parametrize(
    "script",
    [[Hang()], [Drip(b"x" * 3_000)], [Drip(b"* OK\r\n" * 500)]],
    ids=["no", "line", "lines"],
)
def test_a_step_ends_in_time_however_the_bytes_come(script: list[Step]) -> None:
    """Were each byte given a time of its own, this would take minutes."""
    with Hostile(script) as server:
        wire = meet(server)
        wire.limit(0.5, Stage.FETCH)
        with pytest.raises(Hung) as caught:
            while True:
                wire.readline()
        assert caught.value.stage is Stage.FETCH
        assert wire.closed


def test_bytes_that_come_earn_time_for_more() -> None:
    """A slow server may take longer than the step, as long as it is no slower than it must be."""
    much = b"x" * wires.SLOWEST * 10 + b"\r\n"
    with Hostile([Send(much), Drip(b"ab\n", seconds=0.5), Hang()]) as server:
        wire = meet(server)
        wire.limit(0.4, Stage.FETCH)
        assert wire.readline(len(much) + 1) == much
        assert wire.readline() == b"ab\n"
        # What was earned counts for its step alone.
        wire.limit(0.2, Stage.FETCH)
        with pytest.raises(Hung):
            wire.readline()


def test_a_server_that_takes_nothing_holds_up_nobody() -> None:
    with Hostile([Hang()]) as server:
        wire = meet(server)
        wire.limit(0.5, Stage.SEND)
        with pytest.raises(Hung):
            wire.send(bytes(64 << 20))


def test_lines_of_any_cut_are_found_and_capped() -> None:
    with Hostile(
        [Send(b"one\ntwo\r\n\nthree" + b"z" * 90), Send(b"\n" + b"y" * 200), Drop()]
    ) as server:
        wire = meet(server)
        assert [wire.readline() for _ in range(3)] == [b"one\n", b"two\r\n", b"\n"]
        assert wire.readline(cap=100) == b"three" + b"z" * 90 + b"\n"
        with pytest.raises(ProtocolBroken):
            wire.readline(cap=100)
        assert wire.closed


def test_another_thread_can_end_the_waiting() -> None:
    with Hostile([Hang()]) as server:
        wire = meet(server)
        wire.limit(60, Stage.FETCH)
        threading.Timer(0.1, wire.shut).start()
        with pytest.raises(Dropped):
            wire.readline()


def test_what_came_before_the_end_is_read_first() -> None:
    """A server says why it hangs up, and hangs up; both may be here when somebody looks."""
    server, client = socket.socketpair()
    with server:
        server.sendall(b"* BYE too many\r\n")
    wire = Wire(client, "localhost", Deadline(5))
    wire.gather()
    assert wire.readline() == b"* BYE too many\r\n"
    with pytest.raises(Dropped):
        wire.gather()


def test_a_compressed_stream_of_nothing_ends() -> None:
    """Empty blocks (RFC 1951 section 3.2.4) are no answer, however many a server sends."""
    with Hostile([Send(b"\x00\x00\x00\xff\xff" * 400_000), Hang()]) as server:
        wire = meet(server)
        wire.compress()
        wire.limit(5, Stage.FETCH)
        with pytest.raises(ProtocolBroken):
            wire.readline()
