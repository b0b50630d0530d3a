"""What a pull holds in memory does not grow with the mailbox."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pytest_django import Settings

from lib.checkpoints import set_hook
from retrieval.models import RetrievalTask
from tests.retrieval.conftest import Remote, letter, run
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer

MakeTask = Callable[..., RetrievalTask]


@contextmanager
def blocks_at(name: str, *, every: int) -> Iterator[list[int]]:
    """How many blocks of memory are in use, at every so-manieth passage of a checkpoint."""
    counts: list[int] = []
    passed = 0

    def look(passage: str) -> None:
        nonlocal passed
        passed += passage == name
        if passage == name and not passed % every:
            gc.collect()
            counts.append(sys.getallocatedblocks())

    set_hook(look)
    try:
        yield counts
    finally:
        set_hook(None)


def growth(counts: list[int]) -> int:
    """Blocks in use at the end above those after a third: by then everything was loaded once."""
    third = len(counts) // 3
    return min(counts[-third:]) - min(counts[third : 2 * third])


def test_what_was_fetched_is_not_held(remote: Remote, make_task: MakeTask) -> None:
    remote.fill(range(1, 4501))
    task = make_task()
    with blocks_at("pull: committed", every=5) as counts:
        done = run(task)
    assert (done.outcome, done.stored) == ("ok", 4500)
    # 1500 messages lie between the two: not even one object each was kept.
    assert growth(counts) < 1000


@pytest.mark.long
def test_what_was_discovered_is_not_held(
    imap_server: ImapServer, odd_task: MakeTask, settings: Settings
) -> None:
    """None of it is fetched, being too large, so that discovery is all there is."""
    settings.MAX_MESSAGE_SIZE = 10
    total = 60_000
    raw = letter(1)
    imap_server.boxes = {"INBOX": Box(dict.fromkeys(range(1, total + 1), raw))}
    task = odd_task(imap_server)
    with blocks_at("pull: ledger settled", every=1) as counts:
        done = run(task)
    assert (done.outcome, done.skipped) == ("ok", total)
    assert len(counts) >= 25
    assert growth(counts) < total // 30
