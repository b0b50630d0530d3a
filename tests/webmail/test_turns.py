"""Few threads at once work on pages, and none that waits keeps the others from it."""

from __future__ import annotations

from threading import Event, Thread
from time import monotonic

import pytest

from tests.waiting import wait_until
from webmail.turns import Turns

FOR_EVER = 3600.0


class Worker:
    """A thread that wants a turn, and keeps it until it is told to end."""

    def __init__(self, turns: Turns) -> None:
        self.has_turn, self._done, self._turns = Event(), Event(), turns
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        with self._turns.turn():
            self.has_turn.set()
            self._done.wait(60)

    def end(self) -> None:
        self._done.set()
        self._thread.join(60)


def test_one_more_than_may_waits_until_one_is_done() -> None:
    turns = Turns(2, FOR_EVER)
    first, second = Worker(turns), Worker(turns)
    assert first.has_turn.wait(60)
    assert second.has_turn.wait(60)
    third = Worker(turns)
    wait_until(lambda: turns.waiting == 1, "the third waits")
    assert not third.has_turn.is_set()
    first.end()
    assert third.has_turn.wait(60)
    assert turns.waiting == 0
    second.end()
    third.end()


def test_one_that_takes_long_does_not_count() -> None:
    turns = Turns(1, 0.01)
    first = Worker(turns)
    assert first.has_turn.wait(60)
    second = Worker(turns)
    assert second.has_turn.wait(60)
    first.end()
    second.end()


def test_those_that_take_long_make_room_for_no_more_than_may() -> None:
    now = 0.0
    turns = Turns(1, FOR_EVER, clock=lambda: now)
    slow = Worker(turns)
    assert slow.has_turn.wait(60)
    now = FOR_EVER + 1
    second = Worker(turns)
    assert second.has_turn.wait(60)
    third = Worker(turns)
    wait_until(lambda: turns.waiting == 1, "the third waits")
    assert not third.has_turn.is_set()
    for one in (second, third, slow):
        one.end()


def test_what_fails_gives_its_turn_back() -> None:
    turns = Turns(1, FOR_EVER)
    with pytest.raises(ZeroDivisionError), turns.turn():
        raise ZeroDivisionError
    again = Worker(turns)
    assert again.has_turn.wait(60)
    again.end()


def test_they_come_in_their_order() -> None:
    """Who comes at the moment of a turn's end is behind those that wait already."""
    turns = Turns(1, FOR_EVER)
    turns._begun.append(monotonic())  # somebody's turn
    second = Worker(turns)
    wait_until(lambda: turns.waiting == 1, "the second waits")
    third = Worker(turns)
    wait_until(lambda: turns.waiting == 2, "the third waits")
    with turns._changed:  # nobody wakes up before it is let go
        turns._begun.clear()
        turns._changed.notify_all()
        late = Worker(turns)
    assert second.has_turn.wait(60)
    second.end()
    assert third.has_turn.wait(60)
    assert not late.has_turn.is_set()
    third.end()
    assert late.has_turn.wait(60)
    late.end()
