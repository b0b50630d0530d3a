"""The same for POP3, where a message may also be removed from the server, once it is here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from mailstore.models import Message
from mailstore.services import messages
from retrieval.models import PopMessage
from tests.retrieval.interleaving import (
    NUMBERS,
    TROUBLES,
    Trouble,
    Truth,
    key,
    local,
    make_task,
    meanwhile,
    pull_through,
    raw,
)
from tests.servers.pop import PopServer, PopTalk

EVENTS = strategies.sampled_from(["append", "cut"])
_people = count(1)


class Listing(PopServer):
    """Remembers how many of a kind it told of at once.

    What is listed after its like was removed may be the same one come back, which POP3 cannot
    tell; what is listed together is several.
    """

    def __init__(self) -> None:
        super().__init__()
        self.listed: Counter[tuple[str, bytes]] = Counter()

    def do_list(self, state: PopTalk, rest: str) -> bytes:
        self.listed |= Counter(_counted(content) for _, content in state.drop)
        return super().do_list(state, rest)


class Maildrop(RuleBasedStateMachine):
    """A maildrop in memory, the real engine, and a model of what must have come of both."""

    people: ClassVar[Callable[..., User]]

    def __init__(self) -> None:
        super().__init__()
        self.server = Listing()
        self.server.__enter__()
        self.user = self.people(f"drop{next(_people)}@example.test")
        self.truth = Truth(Counter(), Counter(), Counter())
        self.hours = 0
        self.names = count(1)

    @initialize(leave=strategies.booleans())
    def configure(self, leave: bool) -> None:
        self.leave = leave
        self.task = make_task(self.user, "pop", self.server.port, leave_on_server=leave)

    def teardown(self) -> None:
        """Let things come to rest, and look at everything."""
        try:
            if not hasattr(self, "task"):
                return
            self.server.removes = self.server.confirms_quit = True
            for _ in range(3):
                self.pull(None, {}, [])
            self.truth.now = self.server.listed
            self.truth.check_end(self.user)
            assert self.leave or not self.server.drop, "what is here was not removed there"
            open_rows = PopMessage.objects.filter(task=self.task, state="pending")
            assert not open_rows.exists()
        finally:
            self.server.__exit__()

    # On the server

    @rule(numbers=NUMBERS)
    def append(self, numbers: list[int]) -> None:
        for number in numbers:
            self.server.drop.append((f"id{next(self.names)}", raw(number)))
            self.truth.ever[key("Inbox", number)] += 1

    @rule()
    def rename(self) -> None:
        """Every message gets another id, as after a move to another machine."""
        self.server.drop = [(f"id{next(self.names)}", content) for _, content in self.server.drop]

    @rule(knows=strategies.booleans())
    def forget_ids(self, knows: bool) -> None:
        self.server.knows_uidl = knows

    @rule(confirms=strategies.booleans(), removes=strategies.booleans())
    def doubt_quit(self, confirms: bool, removes: bool) -> None:
        self.server.confirms_quit, self.server.removes = confirms, removes

    # Here

    @rule(
        trouble=TROUBLES,
        events=strategies.dictionaries(strategies.integers(1, 14), EVENTS, max_size=2),
        numbers=NUMBERS,
    )
    def pull(self, trouble: Trouble | None, events: dict[int, str], numbers: list[int]) -> None:
        """A pull during which mail arrives or the line breaks, and perhaps the worker dies."""
        self.hours += 30
        before = local(self.user)
        acts = {
            at: (lambda: self.append(numbers)) if event == "append" else self._cut
            for at, event in events.items()
        }
        with meanwhile(self.server, acts):
            run = pull_through(self.task, trouble, hours=self.hours)
        assert run is None or run.cause != "internal"
        assert not before - local(self.user), "a pull took mail away"
        self._nothing_removed_early()

    def _cut(self) -> None:
        self.server.talks[-1].drop()

    def _nothing_removed_early(self) -> None:
        there = Counter(_counted(content) for _, content in self.server.drop)
        lost = self.server.listed - there - local(self.user) - self.truth.deleted
        assert not lost, f"removed there and not here: {lost}"

    @rule(place=strategies.integers(0, 30))
    def delete_here(self, place: int) -> None:
        mine = list(Message.objects.filter(user=self.user).select_related("folder", "blob"))
        if mine:
            one = mine[place % len(mine)]
            self.truth.deleted[one.folder.name.casefold(), bytes(one.blob.sha256)] += 1
            messages.remove(self.user, [one.pk])

    @invariant()
    def nothing_twice(self) -> None:
        self.truth.check(self.user)


def _counted(content: bytes) -> tuple[str, bytes]:
    return next(key("Inbox", number) for number in range(6) if raw(number) == content)


@pytest.mark.long
@pytest.mark.accept("A191", "A192", "A193")
def test_every_interleaving_loses_nothing_and_doubles_nothing(
    make_user: Callable[..., User],
) -> None:
    Maildrop.people = staticmethod(make_user)
    run_state_machine_as_test(
        Maildrop,
        settings=settings(
            max_examples=40,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.accept("A191")
def test_copies_that_were_listed_together_are_all_kept(
    make_user: Callable[..., User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where one is removed before the other one is fetched."""
    monkeypatch.setattr("retrieval.services.pull_pop.SESSION_MESSAGES", 1)
    user = make_user("copies@example.test")
    with PopServer(("a", raw(1)), ("b", raw(1)), ("c", raw(2))) as server:
        task = make_task(user, "pop", server.port)
        for hours in range(3):
            pull_through(task, None, hours=30 * hours)
    assert local(user) == Counter({key("Inbox", 1): 2, key("Inbox", 2): 1})
    assert not server.drop
