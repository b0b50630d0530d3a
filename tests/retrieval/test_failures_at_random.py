"""Any mixture of misbehaviour, then a decent day: everything is here, once, and nothing is lost.

The seeds are fixed; the name of a failing test tells which one to look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from django.utils import timezone

from accounts.models import User
from retrieval.models import RetrievalTask
from retrieval.services import quarantine
from tests.retrieval.conftest import bodies, letter, run
from tests.retrieval.failing import BODIES, HOUR, MakeTask, hurry, letters
from tests.servers.acts import before, cut, drop, edit, hang, last_words, say, swap
from tests.servers.base import Act
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer
from tests.servers.pop import PopServer

IMAP_COMMANDS = ["^LOGIN", "^CAPABILITY", "^LIST", "^STATUS", "^EXAMINE", "RFC822.SIZE", BODIES]
POP_COMMANDS = ["^PASS", "^LIST", "^UIDL", "^RETR", "^DELE", "^QUIT", "^NOOP"]


def without_a_piece(random: Random) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        at = random.randrange(len(data) + 1)
        return data[:at] + data[at + random.randrange(1, 40) :]

    return change


def misdeed(random: Random, *, imap: bool) -> Act:
    """One of the things servers do."""
    tag, no = ("%TAG% ", "NO") if imap else ("", "-ERR")
    common = [
        cut(random.randrange(3000), hard=random.random() < 0.5),
        drop(hard=random.random() < 0.5),
        say(f"{tag}{no} [UNAVAILABLE] not now\r\n"),
        say(f"{tag}{'OK' if imap else '+OK'} done\r\n"),
        last_words("* BYE AccessTokenExpired\r\n" if imap else "-ERR bye\r\n"),
        hang(),
    ]
    # POP3 has nothing to tell a message by but the order of the answers and their sizes.
    imap_only = [
        edit(without_a_piece(random)),
        edit(lambda data: data + data),
        before("* 3 FETCH (UID 3 FLAGS ())\r\n* 2 EXPUNGE\r\n"),
        swap(b"BODY[] {", b"BODY[] NIL {"),
    ]
    return random.choice(common + imap_only if imap else common)


def misbehave(server: ImapServer | PopServer, random: Random) -> None:
    imap = isinstance(server, ImapServer)
    for _ in range(random.randrange(1, 4)):
        server.on(
            random.choice(IMAP_COMMANDS if imap else POP_COMMANDS),
            misdeed(random, imap=imap),
            times=random.randrange(1, 4),
            skip=random.randrange(4),
        )


def recover(task: RetrievalTask, since: int) -> None:
    """Decent days, and a person who presses the button."""
    for hours in (since, since + 30, since + 60):
        run(task, later=hours * HOUR, expect_failure=True)
        quarantine.retry(task, now=timezone.now() + hours * HOUR)
    for hours in (since + 90, since + 120):
        run(task, later=hours * HOUR)


@pytest.mark.accept("A86", "A192")
@pytest.mark.parametrize("seed", range(10))
def test_imap_at_random(
    user: User,
    imap_server: ImapServer,
    odd_task: MakeTask,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    random = Random(seed)
    imap_server.capabilities = f"IMAP4rev1 {random.choice(['', 'LIST-STATUS', 'LITERAL+'])}"
    boxes = {"INBOX": Box(letters(range(1, 61))), "Work": Box(letters(range(101, 131)))}
    imap_server.boxes = {**boxes, "Empty": Box()}
    task = odd_task(imap_server)
    expunged: set[bytes] = set()
    for turn in range(5):
        misbehave(imap_server, random)
        # Decent answers are waited for as long as they take, later on.
        with monkeypatch.context() as short:
            hurry(short, 0.25)
            run(task, later=turn * HOUR, expect_failure=True)
        imap_server.behave()
        box = random.choice(list(boxes.values()))
        box.messages[max(box.messages) + 1] = letter(1000 + turn)
        if random.random() < 0.5:
            expunged.add(box.messages.pop(random.choice(list(box.messages))))
        if random.random() < 0.3:
            box.uidvalidity += 1
    recover(task, 10)
    stored = Counter(bodies(user))
    there = {raw for box in boxes.values() for raw in box.messages.values()}
    assert there <= set(stored) <= there | expunged
    assert max(stored.values()) == 1


@pytest.mark.accept("A191", "A192")
@pytest.mark.parametrize("seed", range(10))
def test_pop_at_random(
    user: User,
    pop_server: PopServer,
    odd_task: MakeTask,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    random = Random(seed)
    pop_server.capabilities = random.choice(["", "UIDL,TOP,PIPELINING"])
    pop_server.window = random.choice([0, 25])
    pop_server.drop = [(f"id{number}", letter(number)) for number in range(1, 61)]
    everything = {raw for _, raw in pop_server.drop}
    task = odd_task(pop_server)
    for turn in range(5):
        misbehave(pop_server, random)
        with monkeypatch.context() as short:
            hurry(short, 0.25)
            run(task, later=turn * HOUR, expect_failure=True)
        pop_server.behave()
        assert everything <= set(bodies(user)) | {raw for _, raw in pop_server.drop}
        pop_server.drop.append((f"new{turn}", letter(1000 + turn)))
        everything.add(letter(1000 + turn))
    recover(task, 10)
    stored = Counter(bodies(user))
    # What came of answers out of step may lie here too; no message is missing or doubled.
    assert everything <= set(stored)
    assert max(stored.values()) == 1
    # A server that agrees to a DELE and forgets it keeps what it likes.
    assert {raw for _, raw in pop_server.drop} <= set(stored)
