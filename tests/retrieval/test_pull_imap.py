"""Pulling from a real IMAP server."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from connectivity.models import Feature
from connectivity.services import credentials, features
from mailstore.models import Folder, FolderRole, Message
from mailstore.services import folders, messages
from retrieval.models import RemoteFolder, RemoteMessage, RetrievalRun, RetrievalTask
from retrieval.services import dispatch
from retrieval.services.pull import pull
from retrieval.services.session import Session
from tests.retrieval.conftest import Remote, bodies, letter, run, wait
from tests.waiting import wait_until

MakeTask = Callable[..., RetrievalTask]


@pytest.mark.accept("A57", "A86", "A87")
def test_all_messages_of_all_folders_come_and_stay_on_the_server(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    inbox = remote.fill(range(1, 121))
    work = remote.fill(range(200, 205), "Work/Reports")
    done = run(make_task())
    assert (done.outcome, done.found, done.stored) == ("ok", 125, 125)
    assert bodies(user, "Inbox") == sorted(inbox)
    reports = Folder.objects.get(user=user, name="Reports")
    assert reports.parent is not None
    assert reports.parent.name == "Work"
    assert bodies(user, "Reports") == sorted(work)
    assert len(remote.read()) == 120
    assert len(remote.read("Work/Reports")) == 5


@pytest.mark.accept("A192")
def test_a_second_run_brings_nothing_twice_and_only_what_is_new(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.fill(range(1, 11))
    task = make_task()
    run(task)
    assert run(task).stored == 0
    new = letter(99)
    remote.put(new)
    again = run(task)
    assert (again.found, again.stored) == (1, 1)
    assert Message.objects.filter(user=user).count() == 11


def test_date_and_flags_are_kept(user: User, remote: Remote, make_task: MakeTask) -> None:
    received = datetime(2019, 3, 31, 1, 30, tzinfo=UTC)
    remote.put(letter(1), flags=["\\Seen", "\\Flagged", "\\Answered"], date=received)
    run(make_task())
    message = Message.objects.get(user=user)
    assert message.sort_at == received
    assert (message.is_seen, message.is_flagged, message.is_answered) == (True, True, True)
    inbox = folders.special(user, FolderRole.INBOX)
    assert (inbox.total, inbox.unread) == (1, 0)


def test_reading_leaves_no_trace_on_the_server(remote: Remote, make_task: MakeTask) -> None:
    remote.fill(range(1, 4))
    before = sorted((remote.server.maildir(remote.name).root / "cur").iterdir())
    run(make_task())
    assert sorted((remote.server.maildir(remote.name).root / "cur").iterdir()) == before


@pytest.mark.accept("A84")
def test_special_folders_join_ours_at_root_level(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.fill([1], "Sent")
    remote.fill([2], "Trash")
    run(make_task(transfer="root"))
    assert folders.special(user, FolderRole.SENT).total == 1
    assert folders.special(user, FolderRole.TRASH).total == 1


@pytest.mark.accept("A12", "A85")
def test_subfolders_keep_an_account_apart(user: User, remote: Remote, make_task: MakeTask) -> None:
    remote.fill([1])
    remote.fill([2], "Sent")
    yahoo = folders.ensure_path(user, ["Yahoo"])
    run(make_task(transfer="subfolders", destination=yahoo))
    names = set(Folder.objects.filter(parent=yahoo, total=1).values_list("name", flat=True))
    assert names == {"Inbox", "Sent"}
    assert folders.special(user, FolderRole.INBOX).total == 0
    assert folders.special(user, FolderRole.SENT).total == 0


def test_odd_folder_names_are_shown_and_pulled(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    for number, name in enumerate(["Entwürfe & Pläne", "日本語", "with space"], 1):
        remote.fill([number], name)
    assert run(make_task()).stored == 3
    for name in ("Entwürfe & Pläne", "日本語", "with space"):
        assert Folder.objects.get(user=user, name=name).total == 1


def test_mail_deleted_here_does_not_come_back(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.fill(range(1, 4))
    task = make_task()
    run(task)
    gone = list(Message.objects.filter(user=user).values_list("pk", flat=True)[:2])
    messages.remove(user, gone)
    assert run(task).stored == 0
    assert Message.objects.filter(user=user).count() == 1


def test_two_identical_messages_are_both_kept(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.put(letter(1))
    remote.put(letter(1))
    run(make_task())
    assert bodies(user) == [letter(1), letter(1)]


def test_a_new_uidvalidity_neither_loses_nor_doubles(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.fill(range(1, 6))
    remote.put(letter(1))
    task = make_task()
    run(task)
    _renumber(remote)
    remote.put(letter(50))
    done = run(task)
    assert (done.stored, done.linked) == (1, 6)
    assert bodies(user) == sorted([*map(letter, range(1, 6)), letter(1), letter(50)])
    assert RemoteFolder.objects.get(task=task, name="INBOX").generation == 2


def _renumber(remote: Remote) -> None:
    """Give the remote Inbox a new UIDVALIDITY and its messages new UIDs."""
    server, name = remote.server, remote.name
    # A session still signing out would write the old list back.
    wait_until(lambda: name not in server.ask("who", "-1", name), "nobody is signed in")
    root = server.maildir(name).root
    was = server.ask("mailbox", "status", "-u", name, "uidvalidity", "INBOX")
    (root / "dovecot-uidlist").write_text(f"3 V{int(was.partition('=')[2]) + 1000} N1\n")
    for index in root.glob("dovecot.index*"):
        index.unlink()
    shutil.rmtree(root / "dovecot.list.index", ignore_errors=True)
    assert server.ask("mailbox", "status", "-u", name, "uidvalidity", "INBOX") != was


@pytest.mark.accept("A192")
def test_every_remote_message_has_one_verdict(
    user: User, remote: Remote, make_task: MakeTask, settings: Settings
) -> None:
    settings.MAX_MESSAGE_SIZE = 2000
    remote.fill(range(1, 4))
    remote.put(letter(4, body="x" * 3000))
    remote.put(letter(5), flags=["\\Deleted"])
    task = make_task()
    done = run(task)
    assert (done.found, done.stored, done.skipped) == (5, 3, 2)
    states = sorted(RemoteMessage.objects.filter(folder__task=task).values_list("state", flat=True))
    assert states == ["skipped", "stored", "stored", "stored", "too-big"]


def test_large_and_binary_messages_are_byte_exact(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    large = letter(1, body="Zeile mit Inhalt\r\n" * 200_000)
    eight_bit = letter(2).replace(b"Hello.", b"\xff\xfe caf\xe9 \x80" + b"y" * 5000)
    remote.put(large)
    remote.put(eight_bit)
    run(make_task())
    assert bodies(user) == sorted([large, eight_bit])


def test_the_first_pass_is_marked_as_old_mail(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.fill([1])
    task = make_task()
    run(task)
    remote.fill([2])
    run(task)
    marks = Message.objects.filter(user=user).order_by("pk").values_list("is_backfill", flat=True)
    assert list(marks) == [True, False]


@pytest.mark.accept("A89", "A197")
@pytest.mark.parametrize("screen", [True, False])
def test_filters_see_the_inbox_only_and_only_when_asked(
    user: User, remote: Remote, make_task: MakeTask, screen: bool
) -> None:
    task = make_task(filter_enabled=screen)
    # What lies there already is not screened.
    remote.put(b"X-Spam-Flag: YES\r\n" + letter(9))
    remote.fill([0], "Lists")
    run(task)
    spam = b"X-Spam-Flag: YES\r\n" + letter(1)
    remote.put(spam)
    remote.put(b"X-Spam-Flag: YES\r\n" + letter(2), "Lists")
    run(task)
    assert folders.special(user, FolderRole.JUNK).total == (1 if screen else 0)
    assert folders.special(user, FolderRole.INBOX).total == (1 if screen else 2)
    assert Folder.objects.get(user=user, name="Lists").total == 2


@pytest.mark.accept("A193")
def test_one_run_at_a_time(remote: Remote, make_task: MakeTask) -> None:
    task = make_task()
    now = timezone.now()
    first = dispatch.claim_due(now=now)
    assert [claim.task_id for claim in first] == [task.pk]
    assert dispatch.claim_due(now=now) == []
    assert dispatch.claim_one(task, now=now) is None
    # A worker that died lets go by itself; the one that comes after has a higher fence.
    wait(task, timedelta(minutes=6))
    later = dispatch.claim_due(now=now + timedelta(minutes=6))
    assert later[0].fence > first[0].fence


@pytest.mark.accept("A193")
def test_a_worker_that_lost_its_lease_writes_nothing(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.fill(range(1, 4))
    task = make_task()
    now = timezone.now()
    old = dispatch.claim_one(task, now=now)
    wait(task, timedelta(minutes=6))
    new = dispatch.claim_one(task, now=now + timedelta(minutes=6))
    assert old is not None
    assert new is not None
    assert pull(task_id=task.pk, fence=old.fence, clock=timezone.now) is None
    assert not Message.objects.filter(user=user).exists()
    assert pull(task_id=task.pk, fence=new.fence, clock=timezone.now) is not None
    assert Message.objects.filter(user=user).count() == 3


def test_pausing_stops_a_running_pull_at_its_next_commit(
    user: User, remote: Remote, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.fill(range(1, 121))
    task = make_task()
    claim = dispatch.claim_one(task, now=timezone.now())
    assert claim is not None
    commits = _after_commits(1, lambda: dispatch.pause(task), monkeypatch)
    assert pull(task_id=task.pk, fence=claim.fence, clock=timezone.now) is None
    assert Message.objects.filter(user=user).count() == sum(commits) < 120
    task.refresh_from_db()
    assert task.state == "paused"
    assert RetrievalRun.objects.get(task=task).outcome == "interrupted"
    dispatch.resume(task, now=timezone.now())
    run(task)
    assert Message.objects.filter(user=user).count() == 120


@pytest.mark.accept("A194")
def test_switching_the_feature_off_stops_a_running_pull(
    user: User, remote: Remote, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.fill(range(1, 121))
    task = make_task()
    off = partial(features.set_switch, user.domain, Feature.RETRIEVAL, enabled=False)
    commits = _after_commits(1, off, monkeypatch)
    done = run(task)
    assert (done.outcome, done.cause) == ("waited", "feature-off")
    assert Message.objects.filter(user=user).count() == sum(commits) < 120
    assert dispatch.claim_due(now=timezone.now() + timedelta(hours=2)) == []
    features.set_switch(user.domain, Feature.RETRIEVAL, enabled=True)
    assert len(dispatch.claim_due(now=timezone.now() + timedelta(hours=2))) == 1


def _after_commits(
    number: int, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> list[int]:
    """Do ``act`` after so many stored batches; returns the growing list of batch sizes."""
    store, sizes = Session.store, []

    def storing(self: Session, *args: object, **kwargs: object) -> list[Message]:
        stored = store(self, *args, **kwargs)  # type: ignore[arg-type]  # passed on as given
        sizes.append(len(stored))
        if len(sizes) == number:
            act()
        return stored

    monkeypatch.setattr(Session, "store", storing)
    return sizes


@pytest.mark.accept("A7")
def test_the_system_switch_is_above_every_domain(make_task: MakeTask, user: User) -> None:
    make_task()
    features.set_switch(None, Feature.RETRIEVAL, enabled=False)
    assert dispatch.claim_due(now=timezone.now()) == []
    features.set_switch(None, Feature.RETRIEVAL, enabled=True)
    assert len(dispatch.claim_due(now=timezone.now())) == 1


def test_a_refused_password_is_told_and_tried_ever_more_rarely(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    task = make_task()
    credentials.store(user=user, secret="another", credential=task.credential)
    done = run(task, expect_failure=True)
    assert (done.outcome, done.cause, task.state) == ("failed", "login-refused", "backoff")
    assert task.next_at is not None
    assert timedelta(minutes=9) < task.next_at - timezone.now() <= timedelta(minutes=10)
    run(task, expect_failure=True)
    run(task, later=timedelta(minutes=90), expect_failure=True)
    assert task.state == "needs-password"
    assert "another" not in f"{task.server_line}{task.cause_text}"


def test_a_dead_server_delays_and_keeps_what_is_here(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.fill([1])
    task = make_task()
    run(task)
    RetrievalTask.objects.filter(pk=task.pk).update(port=1)
    done = run(task, expect_failure=True)
    assert (done.outcome, task.state, task.cause) == ("failed", "backoff", "port-closed")
    assert task.last_ok_at is not None
    assert Message.objects.filter(user=user).count() == 1


def test_asking_while_it_runs_runs_it_again(remote: Remote, make_task: MakeTask) -> None:
    task = make_task(method="manual", next_at=None)
    claim = dispatch.claim_one(task, now=timezone.now())
    assert claim is not None
    dispatch.run_now(task, now=timezone.now())
    pull(task_id=task.pk, fence=claim.fence, clock=timezone.now)
    task.refresh_from_db()
    assert task.next_at is not None
    assert not task.rerun


@pytest.mark.accept("A46")
def test_a_manual_task_runs_only_when_asked(remote: Remote, make_task: MakeTask) -> None:
    task = make_task(method="manual", next_at=None)
    assert dispatch.claim_due(now=timezone.now() + timedelta(days=30)) == []
    dispatch.run_now(task, now=timezone.now())
    assert [claim.task_id for claim in dispatch.claim_due(now=timezone.now())] == [task.pk]
    run(task, later=timedelta(minutes=6))
    assert task.next_at is None


@pytest.mark.accept("A45")
def test_an_automatic_task_comes_round_every_ten_minutes(
    remote: Remote, make_task: MakeTask
) -> None:
    task = make_task()
    run(task)
    first = task.next_at
    assert first is not None
    assert dispatch.claim_due(now=first - timedelta(seconds=1)) == []
    assert [claim.task_id for claim in dispatch.claim_due(now=first)] == [task.pk]
    pull(task_id=task.pk, fence=_fence(task), clock=lambda: first)
    task.refresh_from_db()
    assert task.next_at is not None
    # The moments of a fixed grid, each moved by a minute at most.
    assert abs(task.next_at - first - timedelta(minutes=10)) <= timedelta(minutes=2)


def _fence(task: RetrievalTask) -> int:
    task.refresh_from_db()
    return task.fence


def test_a_slice_that_ends_early_goes_on_at_once(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.fill(range(1, 11))
    task = make_task()
    claim = dispatch.claim_one(task, now=timezone.now())
    assert claim is not None
    pull(task_id=task.pk, fence=claim.fence, clock=timezone.now, slice_seconds=0.0)
    task.refresh_from_db()
    assert task.first_pass_done_at is None
    assert task.next_at is not None
    assert task.next_at <= timezone.now()
    run(task)
    assert Message.objects.filter(user=user).count() == 10
