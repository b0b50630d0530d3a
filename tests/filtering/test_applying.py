"""A filter applied to mail that is here: all of it once, stopped, killed, undone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from filtering import tasks
from filtering.actions import Action, Do
from filtering.models import Decision, Filter, FilterRun, ForwardDue, RunState, RunStep
from filtering.services import applying, rounds
from filtering.services.applying import RunRefused
from lib.checkpoints import set_hook
from mailstore.models import Folder, FolderRole, Message, MessageLabel
from mailstore.services import folders, labels, messages, snoozing
from mailstore.services.checking import check
from tests.filtering.making import made, move
from tests.mail import NOW, letter, put
from webmail.celery import app


class Killed(BaseException):
    """A worker dies."""


@pytest.fixture
def bills(user: User) -> Folder:
    return folders.create(user, parent=None, name="Bills")


@pytest.fixture
def row(user: User, bills: Folder) -> Filter:
    """A filter that does everything there is to stored mail."""
    label, copies = labels.create(user, "Pay"), folders.create(user, parent=bills, name="Copies")
    return made(
        user,
        "bill",
        move(bills.pk),
        Action(Do.COPY, copies.pk),
        Action(Do.LABEL, label.pk),
        Action(Do.STAR),
        Action(Do.READ),
        Action(Do.FORWARD, "a@x.test"),
    )


@pytest.fixture
def mail(inbox: Folder, monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    monkeypatch.setattr(rounds, "BATCH", 3)
    raws = [letter(f"{'Bill' if n % 2 else 'Hello'} {n}") for n in range(10)]
    return put(inbox, *raws)


@pytest.fixture
def unhooked() -> Iterator[None]:
    yield
    set_hook(None)


def work(run: FilterRun, now: datetime = NOW) -> None:
    while rounds.go_on(run.pk, clock=lambda: now, seconds=0):
        pass
    run.refresh_from_db()


def look(user: User) -> list[object]:
    """All a run can change, but for ids of copies."""
    rows = Message.objects.filter(user=user).order_by("subject", "folder__name")
    return [
        *rows.values_list("subject", "folder__name", "is_seen", "is_flagged", "sort_at"),
        *MessageLabel.objects.order_by("message").values_list("message", "label__name"),
        *Decision.objects.order_by("message").values_list("message", "kind", "why"),
        *Folder.objects.filter(user=user).order_by("pk").values_list("name", "total", "unread"),
    ]


def test_applied_once_and_undone(
    user: User, mail: list[Message], row: Filter, bills: Folder
) -> None:
    before = look(user)
    run = applying.request(user, row, folder=None, now=NOW)
    with pytest.raises(RunRefused):
        applying.request(user, row, folder=None, now=NOW)
    assert run.total == 10
    assert rounds.due(now=NOW) == [run.pk]
    work(run)
    assert (run.state, run.looked, run.changed) == (RunState.DONE, 10, 5)
    moved = list(Message.objects.filter(folder=bills))
    assert {one.subject.split()[0] for one in moved} == {"Bill"}
    assert all(one.is_seen and one.is_flagged for one in moved)
    assert Message.objects.filter(folder__name="Copies").count() == 5
    assert MessageLabel.objects.count() == Decision.objects.count() == 5
    assert not ForwardDue.objects.exists()
    after = look(user)
    # What a second run finds is as it should be.
    again = applying.request(user, row, folder=None, now=NOW)
    work(again)
    assert (again.state, again.changed) == (RunState.DONE, 0)
    assert look(user) == after
    assert not applying.can_undo(again, now=NOW)
    assert applying.can_undo(run, now=NOW)
    assert applying.undo(run, now=NOW)
    work(run)
    assert run.state == RunState.UNDONE
    assert look(user) == before
    assert not RunStep.objects.exists()
    assert check().is_sound


def test_killed_anywhere_it_goes_on(
    user: User, mail: list[Message], row: Filter, unhooked: None
) -> None:
    run, moment = applying.request(user, row, folder=None, now=NOW), [NOW]
    places: list[str] = []

    def die(at: int) -> None:
        """Work, and be killed at the checkpoint with this number."""
        places.clear()

        def kill(name: str) -> None:
            places.append(name)
            if len(places) == at:
                raise Killed

        set_hook(kill)
        with pytest.raises(Killed):
            rounds.go_on(run.pk, clock=lambda: moment[0])
        set_hook(None)
        # Another worker waits until the lease is over.
        assert rounds.due(now=moment[0]) == []
        assert not rounds.go_on(run.pk, clock=lambda: moment[0])
        moment[0] += rounds.LEASE + timedelta(seconds=1)

    for at in range(1, 5):
        die(at)
    work(run, moment[0])
    assert (run.state, run.looked, run.changed) == (RunState.DONE, 10, 5)
    assert Message.objects.filter(folder__name="Copies").count() == 5
    assert MessageLabel.objects.count() == 5
    assert check().is_sound
    # Killed while it is undone, too.
    assert applying.undo(run, now=moment[0])
    die(1)
    work(run, moment[0])
    assert run.state == RunState.UNDONE
    assert not Message.objects.filter(folder__name="Copies").exists()
    assert not MessageLabel.objects.exists()
    assert check().is_sound


def test_stopped_in_the_middle_of_a_batch(
    user: User, mail: list[Message], row: Filter, unhooked: None
) -> None:
    run = applying.request(user, row, folder=None, now=NOW)
    seen: list[str] = []

    def stop(name: str) -> None:
        seen.append(name)
        if seen.count("run: looked") == 2 and name == "run: looked":
            assert applying.stop(FilterRun.objects.get(pk=run.pk), now=NOW)

    set_hook(stop)
    rounds.go_on(run.pk, clock=lambda: NOW)
    set_hook(None)
    run.refresh_from_db()
    assert (run.state, run.looked) == (RunState.STOPPED, 3)
    assert Message.objects.filter(folder__name="Bills").count() == run.changed
    assert not applying.stop(run, now=NOW)
    assert applying.undo(run, now=NOW)
    work(run)
    assert not Message.objects.filter(folder__name="Bills").exists()


def test_what_somebody_moved_on_stays_there(
    user: User, inbox: Folder, mail: list[Message], row: Filter
) -> None:
    archive = folders.special(user, FolderRole.ARCHIVE)
    bill, later = mail[1], mail[3]
    snoozing.snooze(user, [later.pk], NOW + timedelta(days=1), now=NOW)
    run = applying.request(user, row, folder=inbox, now=NOW)
    work(run)
    later.refresh_from_db()
    assert later.folder.role == FolderRole.SNOOZED
    messages.move(user, [bill.pk], archive)
    applying.undo(run, now=NOW)
    work(run)
    bill.refresh_from_db()
    assert bill.folder == archive
    assert not Message.objects.filter(folder__name="Bills").exists()


def test_a_folder_that_goes_ends_it(
    user: User, mail: list[Message], row: Filter, bills: Folder
) -> None:
    run = applying.request(user, row, folder=None, now=NOW)
    for inner in Folder.objects.filter(parent=bills):
        inner.delete()
    bills.delete()
    work(run)
    assert run.state == RunState.STOPPED
    assert run.problem
    with pytest.raises(RunRefused):
        applying.request(user, row, folder=None, now=NOW)


def test_it_is_the_filter_that_was_asked_for(
    user: User, mail: list[Message], row: Filter, bills: Folder
) -> None:
    run = applying.request(user, row, folder=None, now=NOW)
    row.delete()
    work(run)
    assert (run.state, run.changed) == (RunState.DONE, 5)


def test_after_an_hour_there_is_no_way_back(user: User, mail: list[Message], row: Filter) -> None:
    run = applying.request(user, row, folder=None, now=NOW)
    work(run)
    late = NOW + applying.UNDO + timedelta(seconds=1)
    applying.tidy(now=late - timedelta(minutes=1))
    assert RunStep.objects.exists()
    assert not applying.undo(run, now=late)
    applying.tidy(now=late)
    assert not RunStep.objects.exists()
    assert applying.recent(user, now=late) == [run]


def test_nobody_applies_to_somebody_else(
    user: User, other_user: User, row: Filter, inbox: Folder
) -> None:
    for person, folder in ((other_user, None), (user, folders.special(other_user, "inbox"))):
        with pytest.raises(ValueError, match="someone else"):
            applying.request(person, row, folder=folder, now=NOW)


def test_the_schedule_and_hints_carry_it_to_the_end(
    user: User, mail: list[Message], row: Filter, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: list[dict[str, object]] = []
    monkeypatch.setattr(tasks.apply_filter, "delay", lambda **given: carried.append(given))
    monkeypatch.setattr(rounds, "SLICE", 0)
    run = applying.request(user, row, folder=None, now=timezone.now())
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert tasks.dispatch_runs.name in scheduled
    assert tasks.dispatch_runs() == 1
    while carried:
        tasks.apply_filter(**carried.pop())
    run.refresh_from_db()
    assert (run.state, run.changed) == (RunState.DONE, 5)
    # A broker may deliver a hint twice, or late.
    assert tasks.apply_filter(run_id=run.pk) is False
    assert tasks.dispatch_runs() == 0
