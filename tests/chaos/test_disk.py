"""No room on the disk: nothing is lost or removed, and the pull goes on once there is some."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from retrieval.models import RetrievalTask
from tests.chaos.conftest import time_passes
from tests.chaos.mailbox import Mailbox, check_at_death, check_complete
from tests.chaos.test_kills import finish
from tests.chaos.workers import Workers
from tests.retrieval.conftest import run

MakeTask = Callable[..., RetrievalTask]
MakeMailbox = Callable[[RetrievalTask], Mailbox]
ROOM = 1 << 20
pytestmark = pytest.mark.django_db(transaction=True)


class NoMount(Exception):
    """This process may not mount a file system."""


@contextmanager
def small_disk(place: Path) -> Iterator[Callable[[], None]]:
    """A file system of one megabyte at a place, and a way to make it a large one."""
    place.mkdir(parents=True)
    if os.geteuid() or subprocess.run(_mount(place, ROOM), capture_output=True).returncode:
        raise NoMount

    def enlarge() -> None:
        subprocess.run(_mount(place, 1 << 30, "remount,"), check=True)

    try:
        yield enlarge
    finally:
        subprocess.run(["umount", str(place)], check=True)


def _mount(place: Path, room: int, more: str = "") -> list[str]:
    return ["mount", "-t", "tmpfs", "-o", f"{more}size={room}", "tributary-test", str(place)]


@pytest.mark.accept("A191", "A192")
@pytest.mark.parametrize("type", ["imap", "pop"])
def test_a_full_disk(
    user: User,
    make_task: MakeTask,
    make_mailbox: MakeMailbox,
    settings: Settings,
    tmp_path: Path,
    figure: Callable[[str], None],
    type: str,
) -> None:
    """On a tmpfs of its own; where none may be mounted the test after this one has to do."""
    task = make_task(type)
    mailbox = make_mailbox(task)
    mailbox.fill(400)
    settings.BLOB_DIR = tmp_path / "small"
    try:
        with small_disk(settings.BLOB_DIR) as enlarge:
            for _ in range(3):
                done = run(task, expect_failure=True)
                assert (done.outcome, done.cause) == ("failed", "storage")
                check_at_death(user, mailbox)
                time_passes(task)
            assert 0 < user.messages.count() < mailbox.total
            enlarge()
            finish(task)
            check_complete(user, mailbox, task)
            figure(f"| {type}, disk full (tmpfs of 1 MiB) | 3 pulls | 0 lost, 0 doubled |")
    except NoMount:
        figure(f"| {type}, disk full (tmpfs) | not permitted here: file size limit only | |")


@pytest.mark.accept("A191", "A192")
@pytest.mark.parametrize("type", ["imap", "pop"])
def test_files_that_may_not_grow(
    user: User,
    make_task: MakeTask,
    make_mailbox: MakeMailbox,
    workers: Workers,
    figure: Callable[[str], None],
    type: str,
) -> None:
    """A limit on the size of files (RLIMIT_FSIZE), which SQLite's file meets too."""
    task = make_task(type)
    mailbox = make_mailbox(task)
    mailbox.fill(200)
    for largest in (4_000, 20_000, 80_000, 150_000):
        end = workers.start(task.pk, largest=largest).wait()
        assert end.last != "ok"
        check_at_death(user, mailbox)
        time_passes(task)
    finish(task)
    check_complete(user, mailbox, task)
    figure(f"| {type}, files may not grow (RLIMIT_FSIZE) | 4 pulls | 0 lost, 0 doubled |")
