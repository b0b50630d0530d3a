"""Any interleaving of what servers, workers and people do ends with one verdict a message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.models import User
from mailstore.models import Message
from mailstore.services import messages
from retrieval.models import RemoteFolder, RemoteMessage
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
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer

FOLDERS = strategies.sampled_from(["INBOX", "Archive"])
EVENTS = strategies.sampled_from(["append", "expunge", "turn", "renumber"])
DATE = "{:02d}-Nov-2026 {:02d}:00:00 +0000"
_people = count(1)


class Mailboxes(RuleBasedStateMachine):
    """A server in memory, the real engine, and a model of what must have come of both."""

    people: ClassVar[Callable[..., User]]

    def __init__(self) -> None:
        super().__init__()
        self.server = ImapServer(Archive=Box())
        self.server.__enter__()
        self.user = self.people(f"person{next(_people)}@example.test")
        self.task = make_task(self.user, "imap", self.server.port)
        self.truth = Truth(Counter(), Counter(), Counter())
        self.hours = 0
        self.numbers = count()

    def teardown(self) -> None:
        """Let things come to rest, and look at everything."""
        try:
            for _ in range(4):
                self.pull(None, {}, "INBOX", [])
            self.truth.check_end(self.user)
            self.check_verdicts()
        finally:
            self.server.__exit__()

    # On the server

    @rule(folder=FOLDERS, numbers=NUMBERS)
    def append(self, folder: str, numbers: list[int]) -> None:
        box = self.server.boxes[folder]
        for number in numbers:
            uid = box.next
            box.messages[uid] = raw(number)
            # A server has one date for a message for ever; two of one id came at two times.
            hour, day = divmod(next(self.numbers), 28)
            box.dates[uid] = DATE.format(day + 1, hour % 24)
            self.truth.ever[key(folder, number)] += 1
            self.truth.now[key(folder, number)] += 1

    @rule(folder=FOLDERS, place=strategies.integers(0, 30))
    def expunge(self, folder: str, place: int) -> None:
        box = self.server.boxes[folder]
        if uids := sorted(box.messages):
            content = box.messages.pop(uids[place % len(uids)])
            self.truth.now -= Counter([_counted(folder, content)])

    @rule(folder=FOLDERS)
    def turn(self, folder: str) -> None:
        """A new UIDVALIDITY and nothing else."""
        self._replace(folder, {uid: uid for uid in self.server.boxes[folder].messages})

    @rule(folder=FOLDERS)
    def renumber(self, folder: str) -> None:
        """A new UIDVALIDITY, and every UID stands for another message."""
        uids = sorted(self.server.boxes[folder].messages)
        self._replace(folder, dict(zip(uids, range(len(uids), 0, -1), strict=True)))

    def _replace(self, folder: str, uids: dict[int, int]) -> None:
        # Who has the old one open keeps seeing it, as sessions do.
        old = self.server.boxes[folder]
        self.server.boxes[folder] = Box(
            {new: old.messages[uid] for uid, new in sorted(uids.items(), key=lambda pair: pair[1])},
            uidvalidity=old.uidvalidity + 1,
            dates={new: old.dates[uid] for uid, new in uids.items()},
        )

    # Here

    @rule(
        trouble=TROUBLES,
        events=strategies.dictionaries(strategies.integers(1, 14), EVENTS, max_size=3),
        folder=FOLDERS,
        numbers=NUMBERS,
    )
    def pull(
        self, trouble: Trouble | None, events: dict[int, str], folder: str, numbers: list[int]
    ) -> None:
        """A pull during which things happen on the server, and perhaps to the worker."""
        self.hours += 30
        before = local(self.user)
        arguments = {"append": (folder, numbers), "expunge": (folder, len(numbers))}
        acts = {
            at: lambda event=event: getattr(self, event)(*arguments.get(event, (folder,)))
            for at, event in events.items()
        }
        with meanwhile(self.server, acts):
            run = pull_through(self.task, trouble, hours=self.hours)
        assert run is None or run.cause != "internal"
        assert not before - local(self.user), "a pull took mail away"

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

    def check_verdicts(self) -> None:
        """Every message there has one verdict, which is true; nothing is open any more."""
        for row in RemoteFolder.objects.filter(task=self.task):
            box = self.server.boxes[row.name]
            ledger = {
                one.uid: one
                for one in RemoteMessage.objects.filter(folder=row, generation=row.generation)
            }
            assert set(box.messages) <= set(ledger)
            for uid, one in ledger.items():
                content = box.messages.get(uid)
                if content is None:
                    assert one.state in {"stored", "linked", "vanished"}
                else:
                    assert one.state in {"stored", "linked"}
                    assert bytes(one.sha256 or b"") == _counted(row.name, content)[1]


def _counted(folder: str, content: bytes) -> tuple[str, bytes]:
    return next(key(folder, number) for number in range(6) if raw(number) == content)


@pytest.mark.long
@pytest.mark.accept("A191", "A192", "A193")
def test_every_interleaving_ends_with_one_verdict_a_message(
    make_user: Callable[..., User],
) -> None:
    Mailboxes.people = staticmethod(make_user)
    run_state_machine_as_test(
        Mailboxes,
        settings=settings(
            max_examples=40,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
