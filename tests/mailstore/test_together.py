"""Many workers at once on one mailbox: nothing is lost, nothing doubled, counters stay true."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from accounts.models import User
from mailstore.models import Blob, Folder, Message
from mailstore.services import blobs, deriving, folders, indexing, messages, threads
from mailstore.services.checking import check
from mailstore.services.sweeping import sweep
from tests.mail import letter, put
from tests.waiting import wait_until

ROUNDS = 12


def run_all(*jobs: Callable[[], object]) -> None:
    """Run every job in a thread of its own; what one raises is raised here."""

    def closing(job: Callable[[], object]) -> None:
        try:
            job()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        for future in [pool.submit(closing, job) for job in jobs]:
            future.result(timeout=120)


@pytest.mark.django_db(transaction=True)
def test_delivery_flags_moves_and_sweeps_at_once(user: User) -> None:
    inbox, archive = folders.special(user, "inbox"), folders.special(user, "archive")
    shared = [letter(f"shared {number}") for number in range(6)]

    def deliver(folder: Folder, worker: int) -> Callable[[], None]:
        def job() -> None:
            chance = random.Random(worker)
            for step in range(ROUNDS):
                # The same bytes in another order from every worker.
                put(folder, *chance.sample(shared, 4), letter(f"own {worker} {step}"))

        return job

    def act() -> None:
        chance = random.Random(7)
        for _ in range(ROUNDS * 2):
            ids = list(Message.objects.filter(user=user).values_list("pk", flat=True))
            some = chance.sample(ids, min(len(ids), 5))
            messages.set_flags(user, some, seen=chance.random() < 0.7)
            messages.move(user, some, chance.choice([inbox, archive]))

    def tidy() -> None:
        for _ in range(ROUNDS):
            # No grace for rows: what nobody needs at this very moment goes at once.
            sweep(now=timezone.now(), grace=timedelta(0))
            indexing.index_batch(20)
            threads.thread_batch(20)

    run_all(deliver(inbox, 1), deliver(archive, 2), deliver(inbox, 3), act, tidy)
    assert Message.objects.count() == 3 * ROUNDS * 5
    assert Blob.objects.count() == 6 + 3 * ROUNDS
    found = check()
    assert found.is_sound, found
    assert all(blobs.read(row.blob) for row in Message.objects.select_related("blob__segment"))


@pytest.mark.django_db(transaction=True)
def test_bytes_being_swept_can_be_delivered_again(user: User, inbox: Folder) -> None:
    raws = [letter(f"{number}") for number in range(8)]

    def come_and_go() -> None:
        for _ in range(ROUNDS):
            rows = put(inbox, *raws)
            assert [blobs.read(row.blob) for row in rows] == raws
            messages.remove(user, [row.pk for row in rows])

    def tidy() -> None:
        for _ in range(ROUNDS * 2):
            sweep(now=timezone.now(), grace=timedelta(0))

    run_all(come_and_go, come_and_go, tidy)
    assert Message.objects.count() == 0
    sweep(now=timezone.now(), grace=timedelta(0))
    assert Blob.objects.count() == 0
    assert check().is_sound


def somebody_waits() -> bool:
    """Whether a transaction of this database stands at a lock; SQLite's would wait outside."""
    if connection.vendor == "sqlite":
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone() is not None


@pytest.mark.parametrize(
    "job",
    [indexing.index_batch, indexing.rebuild, deriving.derive_all, threads.thread_batch],
    ids=lambda job: job.__name__,
)
@pytest.mark.django_db(transaction=True)
def test_what_goes_over_all_mail_waits_its_turn(
    user: User, inbox: Folder, job: Callable[[], object]
) -> None:
    """A move holds the second message when the job comes, and asks for the first one after."""
    first, second = put(inbox, letter("one"), letter("two"), backfill=True)
    # Rebuilding goes over what is in the index, the others over what waits.
    Message.objects.update(is_indexed=job is indexing.rebuild)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            messages.set_flags(user, [second.pk], seen=True)
            done = pool.submit(lambda: run_all(job))
            wait_until(somebody_waits, "the job waits for the move")
            messages.set_flags(user, [first.pk], seen=True)
        done.result(timeout=120)
    assert not Message.objects.filter(is_seen=False).exists()
