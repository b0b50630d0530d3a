"""A filter applied to mail that is here: all of it once, stopped, killed, undone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from filtering import tasks
from filtering.actions import Action, Do
from filtering.facts import Facts
from filtering.models import Decision, Filter, FilterRun, ForwardDue, RunState, RunStep
from filtering.services import applying, emptying, personal, rounds, stored
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
    assert MessageLabel.objects.count() == 5
    # Copies say as well why they are there.
    assert Decision.objects.count() == Decision.objects.filter(kind="filter").count() == 10
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
    # What lies there has a row of its own beside it.
    for role in (FolderRole.DRAFTS, FolderRole.SNOOZED):
        with pytest.raises(RunRefused):
            applying.request(user, row, folder=folders.special(user, role), now=NOW)


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


def test_undoing_never_takes_the_last_of_a_letter(
    user: User, inbox: Folder, mail: list[Message], row: Filter, bills: Folder
) -> None:
    """People delete what they have a copy of, and move copies on."""
    before = Message.objects.count()
    run = applying.request(user, row, folder=inbox, now=NOW)
    work(run)
    binned, gone, moved = mail[1], mail[3], mail[5]
    messages.trash(user, [binned.pk])
    messages.remove(user, [gone.pk])
    copies = Message.objects.filter(folder__name="Copies")
    elsewhere = copies.get(blob=moved.blob_id)
    messages.move(user, [elsewhere.pk], folders.special(user, FolderRole.ARCHIVE))
    assert applying.undo(run, now=NOW)
    work(run)
    assert set(copies.values_list("blob", flat=True)) == {binned.blob_id, gone.blob_id}
    assert Message.objects.filter(pk=elsewhere.pk).exists()
    assert Message.objects.count() == before - 1 + 3
    assert check().is_sound


def test_what_its_owner_did_meanwhile_is_not_undone(
    user: User, inbox: Folder, mail: list[Message], row: Filter, unhooked: None
) -> None:
    read, junked = mail[9], mail[7]

    def reads(name: str) -> None:
        if name == "run: looked":
            messages.set_flags(user, [read.pk], seen=True)

    set_hook(reads)
    run = applying.request(user, row, folder=inbox, now=NOW)
    work(run)
    set_hook(None)
    junk = folders.special(user, FolderRole.JUNK)
    personal.moving(user, [junked.pk], to=junk, now=NOW)
    messages.move(user, [junked.pk], junk)
    assert applying.undo(run, now=NOW)
    work(run)
    assert Message.objects.get(pk=read.pk).is_seen
    # Its days in Junk count from when it was moved there.
    assert Decision.objects.get(message=junked).kind == "person"
    assert Decision.objects.count() == 1


def test_what_a_run_moves_to_junk_stays_its_days_there(
    user: User, inbox: Folder, mail: list[Message]
) -> None:
    Message.objects.filter(user=user).update(stored_at=NOW - timedelta(days=400))
    run = applying.request(user, made(user, "bill", move_to_junk(user)), folder=inbox, now=NOW)
    work(run)
    assert run.changed == 5
    assert emptying.empty_due(now=NOW + timedelta(days=29)) == 0
    assert emptying.empty_due(now=NOW + timedelta(days=31)) == 5


def move_to_junk(user: User) -> Action:
    return move(folders.special(user, FolderRole.JUNK).pk)


def test_copies_need_room(user: User, inbox: Folder, mail: list[Message], row: Filter) -> None:
    user.quota = sum(one.size for one in mail) + 2 * mail[1].size
    user.save()
    run = applying.request(user, row, folder=inbox, now=NOW)
    work(run)
    # The batch that had no room changed nothing; the one before can be undone.
    assert (run.state, run.looked, run.changed) == (RunState.STOPPED, 3, 2)
    assert "full" in run.problem
    assert Message.objects.filter(folder__name="Copies").count() == 2
    assert Message.objects.filter(folder=inbox).count() == 8
    assert check().is_sound
    assert applying.undo(run, now=NOW)


def test_one_message_that_cannot_be_read_holds_nothing_up(
    user: User, mail: list[Message], row: Filter, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = stored.facts

    def breaks(person: User, message: Message, *, now: datetime) -> Facts:
        if message.pk == mail[5].pk:
            raise RecursionError
        return facts(person, message, now=now)

    monkeypatch.setattr(stored, "facts", breaks)
    run = applying.request(user, row, folder=None, now=NOW)
    work(run)
    assert (run.state, run.looked, run.changed) == (RunState.DONE, 10, 4)
