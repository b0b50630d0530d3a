from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from connectivity.models import PushDue
from mailstore.models import Folder, FolderRole, Message, Snooze, Thread
from mailstore.services import clearing, folders, labels, messages, returning, snoozing
from mailstore.services.checking import check
from mailstore.services.snoozing import TimeRefused
from tests.mail import letter, put
from tests.mailstore.test_together import run_all

SEEN = frozenset({"\\Seen"})
HOUR = timedelta(hours=1)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def work(user: User) -> Folder:
    return folders.create(user, parent=None, name="Work")


def place(pk: int) -> tuple[str, bool]:
    row = Message.objects.select_related("folder").get(pk=pk)
    return row.folder.role or row.folder.name, row.is_seen


def test_it_comes_back_unread_where_it_was_and_on_top(
    user: User, work: Folder, now: datetime
) -> None:
    (row,) = put(work, letter("a"), flags=SEEN)
    label = labels.create(user, "label")
    labels.put(user, label, [row.pk])
    arrived = Message.objects.get(pk=row.pk).sort_at
    assert snoozing.snooze(user, [row.pk], now + HOUR, now=now) == 1
    assert place(row.pk) == ("snoozed", True)
    assert snoozing.until(user, [row.pk]) == {row.pk: now + HOUR}
    assert snoozing.wake_due(now=now + HOUR - timedelta(seconds=1)) == 0
    assert snoozing.wake_due(now=now + HOUR) == 1
    assert place(row.pk) == ("Work", False)
    assert snoozing.until(user, [row.pk]) == {}
    lifted = Message.objects.get(pk=row.pk)
    assert (lifted.sort_at, returning.arrived_at(lifted)) == (now + HOUR, arrived)
    assert label.marks.get().sort_at == now + HOUR
    assert snoozing.wake_due(now=now + 2 * HOUR) == 0
    assert check().is_sound
    # Moved on, it stands where it arrived.
    messages.move(user, [row.pk], folders.special(user, FolderRole.ARCHIVE))
    assert Message.objects.get(pk=row.pk).sort_at == arrived
    assert label.marks.get().sort_at == arrived
    assert not Snooze.objects.exists()


def test_two_workers_bring_a_message_back_once(user: User, work: Folder, now: datetime) -> None:
    (row,) = put(work, letter("a"))
    snoozing.snooze(user, [row.pk], now + HOUR, now=now)
    keys = list(Snooze.objects.values_list("pk", flat=True))
    assert snoozing._wake(user, keys, now + HOUR) == 1
    messages.set_flags(user, [row.pk], seen=True)
    # The other one had claimed the same rows before.
    assert snoozing._wake(user, keys, now + 2 * HOUR) == 0
    assert place(row.pk) == ("Work", True)
    assert Message.objects.get(pk=row.pk).sort_at == now + HOUR


def test_snoozed_again_it_goes_where_it_was_first(user: User, work: Folder, now: datetime) -> None:
    (row,) = put(work, letter("a"))
    snoozing.snooze(user, [row.pk], now + HOUR, now=now)
    snoozing.snooze(user, [row.pk], now + 3 * HOUR, now=now)
    assert snoozing.wake_due(now=now + 2 * HOUR) == 0
    assert snoozing.unsnooze(user, [row.pk]) == 1
    assert place(row.pk) == ("Work", False)
    assert not Snooze.objects.exists()
    assert snoozing.unsnooze(user, [row.pk]) == 0


@pytest.mark.parametrize("role", ["trash", "junk"])
def test_what_was_on_its_way_out_comes_to_the_inbox(user: User, role: str, now: datetime) -> None:
    (row,) = put(folders.special(user, role), letter("a"))
    snoozing.snooze(user, [row.pk], now + HOUR, now=now)
    snoozing.wake_due(now=now + HOUR)
    assert place(row.pk) == ("inbox", False)


def test_a_folder_deleted_meanwhile_means_the_inbox(
    user: User, work: Folder, now: datetime
) -> None:
    (row,) = put(work, letter("a"))
    snoozing.snooze(user, [row.pk], now + HOUR, now=now)
    clearing.delete(work)
    assert place(row.pk) == ("snoozed", False)
    snoozing.wake_due(now=now + HOUR)
    assert place(row.pk) == ("inbox", False)


def test_moving_or_deleting_it_means_not_to_see_it_again(
    user: User, work: Folder, now: datetime
) -> None:
    moved, deleted, gone = put(work, letter("a"), letter("b"), letter("c"))
    snoozing.snooze(user, [moved.pk, deleted.pk, gone.pk], now + HOUR, now=now)
    messages.move(user, [moved.pk], work)
    messages.trash(user, [deleted.pk])
    messages.remove(user, [gone.pk])
    assert not Snooze.objects.exists()
    assert snoozing.wake_due(now=now + HOUR) == 0
    assert place(deleted.pk) == ("trash", False)
    assert check().is_sound


def test_an_answer_wakes_it(user: User, inbox: Folder, work: Folder, now: datetime) -> None:
    asked, other = put(work, letter("asked"), letter("other"))
    thread = Thread.objects.create(user=user)
    Message.objects.filter(pk=asked.pk).update(thread=thread)
    snoozing.snooze(user, [asked.pk, other.pk], now + 9 * HOUR, now=now)
    mine, old, answer = (
        put(folders.special(user, "sent"), letter("mine"))
        + put(inbox, letter("old"), backfill=True)
        + put(inbox, letter("answer"))
    )
    for row in (mine, old):
        Message.objects.filter(pk=row.pk).update(thread=thread)
        assert snoozing.wake_due(now=now + HOUR) == 0
    Message.objects.filter(pk=answer.pk).update(thread=thread)
    assert snoozing.wake_due(now=now + HOUR) == 1
    assert (place(asked.pk), place(other.pk)) == (("Work", False), ("snoozed", False))


def test_only_times_to_come(user: User, work: Folder, now: datetime) -> None:
    (row,) = put(work, letter("a"))
    for until in (now, now - HOUR, now + snoozing.MOST + HOUR):
        with pytest.raises(TimeRefused):
            snoozing.snooze(user, [row.pk], until, now=now)
    assert place(row.pk) == ("Work", False)


def test_others_are_out_of_reach(user: User, other_user: User, work: Folder, now: datetime) -> None:
    (row,) = put(work, letter("a"))
    assert snoozing.snooze(other_user, [row.pk], now + HOUR, now=now) == 0
    snoozing.snooze(user, [row.pk], now + HOUR, now=now)
    assert snoozing.unsnooze(other_user, [row.pk]) == 0
    assert snoozing.until(other_user, [row.pk]) == {}
    told = returning.remembered(user, [row.pk])
    returning.restore(other_user, told)
    assert Snooze.objects.get().user == user


def test_what_is_remembered_can_be_had_again(user: User, work: Folder, now: datetime) -> None:
    (row,) = put(work, letter("a"))
    snoozing.snooze(user, [row.pk], now + HOUR, now=now)
    snoozing.wake_due(now=now + HOUR)
    told = returning.remembered(user, [row.pk])
    archive = folders.special(user, FolderRole.ARCHIVE)
    messages.move(user, [row.pk], archive)
    messages.move(user, [row.pk], work)
    returning.restore(user, told)
    assert returning.remembered(user, [row.pk]) == told
    assert Message.objects.get(pk=row.pk).sort_at == now + HOUR


def test_what_got_there_otherwise_does_not_stay_for_good(user: User, now: datetime) -> None:
    (row,) = put(folders.special(user, FolderRole.SNOOZED), letter("a"))
    assert snoozing.wake_due(now=now) == 1
    assert place(row.pk) == ("inbox", False)


def test_who_wants_to_hear_of_new_mail_hears_of_what_came_back(
    user: User, work: Folder, now: datetime, settings: Settings
) -> None:
    settings.VAPID_PRIVATE_KEY = "a key"
    (row,) = put(work, letter("a"))
    Folder.objects.filter(pk=work.pk).update(notifies=True)
    snoozing.snooze(user, [row.pk], now + HOUR, now=now)
    assert not PushDue.objects.exists()
    snoozing.wake_due(now=now + HOUR)
    assert list(PushDue.objects.values_list("message", flat=True)) == [row.pk]


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_leaves_everything_to_the_next(
    user: User, work: Folder, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = put(work, letter("a"), flags=SEEN)
    snoozing.snooze(user, [row.pk], now + HOUR, now=now)
    with monkeypatch.context() as patched:
        # The last thing that is done before the transaction ends.
        patched.setattr(returning, "TOLD", ("no.such.place",))
        with pytest.raises(ImportError):
            snoozing.wake_due(now=now + HOUR)
    assert place(row.pk) == ("snoozed", True)
    assert snoozing.wake_due(now=now + HOUR) == 1
    assert place(row.pk) == ("Work", False)


@pytest.mark.django_db(transaction=True)
def test_workers_and_their_person_at_once(user: User, work: Folder, now: datetime) -> None:
    """Two workers, and somebody who puts the same messages off, back and away."""
    ids = [row.pk for row in put(work, *(letter(f"{number}") for number in range(12)))]
    archive = folders.special(user, FolderRole.ARCHIVE)

    def work_on() -> None:
        for step in range(6):
            snoozing.wake_due(now=now + step * HOUR)

    def act() -> None:
        for step in range(6):
            soon = now + timedelta(minutes=step * 20 + 1)
            snoozing.snooze(user, ids[step:], soon, now=now)
            snoozing.unsnooze(user, ids[step : step + 3])
            messages.move(user, ids[step + 3 : step + 5], archive)

    run_all(work_on, work_on, act)
    assert check().is_sound
    waiting = set(Snooze.objects.filter(came_at=None).values_list("message_id", flat=True))
    there = Message.objects.filter(folder__role=FolderRole.SNOOZED)
    assert waiting == set(there.values_list("pk", flat=True))
    snoozing.wake_due(now=now + 99 * HOUR)
    assert not Message.objects.filter(folder__role=FolderRole.SNOOZED).exists()
