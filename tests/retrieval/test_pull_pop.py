"""Pulling from a real POP3 server."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from mailstore.models import FolderRole, Message, Segment
from mailstore.services import folders, messages
from retrieval import plan
from retrieval.models import PopMessage, RetrievalTask
from retrieval.services import dispatch, pull_pop
from retrieval.services.pull import pull
from tests.retrieval.conftest import Remote, bodies, letter, run

MakeTask = Callable[..., RetrievalTask]


@pytest.mark.accept("A71", "A191")
def test_messages_are_removed_once_they_are_here(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    letters = remote.fill(range(1, 121))
    done = run(make_task("pop"))
    assert (done.outcome, done.found, done.stored, done.removed) == ("ok", 120, 120, 120)
    assert bodies(user, "Inbox") == sorted(letters)
    assert remote.read() == []


@pytest.mark.accept("A70")
def test_leave_on_server_leaves_and_does_not_fetch_again(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.fill(range(1, 11))
    task = make_task("pop", leave_on_server=True)
    assert run(task).stored == 10
    assert run(task).stored == 0
    remote.fill([99])
    assert run(task).stored == 1
    assert len(remote.read()) == 11
    assert Message.objects.filter(user=user).count() == 11


@pytest.mark.accept("A75")
def test_only_the_inbox_is_downloaded(user: User, remote: Remote, make_task: MakeTask) -> None:
    remote.fill([1])
    remote.fill([2], "Work")
    assert run(make_task("pop")).stored == 1
    assert len(remote.read("Work")) == 1


@pytest.mark.accept("A68")
def test_mail_goes_to_the_destination_folder(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.fill([1])
    yahoo = folders.ensure_path(user, ["Yahoo"])
    run(make_task("pop", destination=yahoo))
    assert bodies(user, "Yahoo") == [letter(1)]


@pytest.mark.accept("A69")
def test_apop_signs_in_without_sending_the_password(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.fill([1])
    task = make_task("pop", use_apop=True, port=remote.server.pop3_port, security="none")
    assert run(task).stored == 1
    assert "method=APOP" in remote.server.log()


def test_starttls_is_used_on_the_plain_port(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.fill([1])
    task = make_task("pop", port=remote.server.pop3_port, security="starttls")
    assert run(task).stored == 1


@pytest.mark.accept("A74", "A197")
@pytest.mark.parametrize("screen", [True, False])
def test_filters_run_only_when_asked(
    user: User, remote: Remote, make_task: MakeTask, screen: bool
) -> None:
    task = make_task("pop", filter_enabled=screen)
    remote.put(b"X-Spam-Flag: YES\r\n" + letter(9))
    run(task)
    assert folders.special(user, FolderRole.JUNK).total == 0  # it lay there already
    remote.put(b"X-Spam-Flag: YES\r\n" + letter(1))
    run(task)
    assert folders.special(user, FolderRole.JUNK).total == (1 if screen else 0)


@pytest.mark.accept("A191")
def test_nothing_is_removed_when_the_copy_cannot_be_read_back(
    user: User, remote: Remote, make_task: MakeTask, settings: Settings
) -> None:
    remote.fill(range(1, 6))
    task = make_task("pop", leave_on_server=True)
    run(task)
    for segment in Segment.objects.all():
        path = settings.BLOB_DIR / segment.name
        path.write_bytes(path.read_bytes()[:-10])
    RetrievalTask.objects.filter(pk=task.pk).update(leave_on_server=False)
    assert run(task).removed == 4
    assert len(remote.read()) == 1


@pytest.mark.accept("A191")
def test_a_failed_store_drops_the_session_and_removes_nothing(
    user: User, remote: Remote, make_task: MakeTask, settings: Settings
) -> None:
    remote.fill(range(1, 6))
    task = make_task("pop")
    blocked = settings.BLOB_DIR
    blocked.write_text("a file where the folder should be")
    done = run(task, expect_failure=True)
    assert (done.outcome, done.cause, done.stored) == ("failed", "storage", 0)
    assert len(remote.read()) == 5
    blocked.unlink()
    assert run(task).removed == 5
    assert Message.objects.filter(user=user).count() == 5


def test_a_maildrop_larger_than_a_session_is_emptied(
    user: User, remote: Remote, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull_pop, "SESSION_MESSAGES", 10)
    remote.fill(range(1, 36))
    done = run(make_task("pop"))
    assert (done.stored, done.removed) == (35, 35)
    assert remote.read() == []


def test_mail_deleted_here_does_not_come_back(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    remote.fill(range(1, 4))
    task = make_task("pop", leave_on_server=True)
    run(task)
    messages.remove(user, list(Message.objects.values_list("pk", flat=True)))
    assert run(task).stored == 0


def test_long_lines_and_leading_dots_are_byte_exact(
    user: User, remote: Remote, make_task: MakeTask
) -> None:
    odd = letter(1, body=f"{'x' * 70_000}\r\n.\r\n..dots\r\n.")
    large = letter(2, body="A line of a large message\r\n" * 100_000)
    remote.put(odd)
    remote.put(large)
    run(make_task("pop"))
    assert bodies(user) == sorted([odd, large])


def test_ids_that_repeat_tell_nothing_apart_so_content_does(
    user: User, remote: Remote, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "pop_keys", lambda uidls: [""] * len(uidls))
    remote.fill(range(1, 4))
    remote.put(letter(1))
    task = make_task("pop", leave_on_server=True)
    assert run(task).stored == 4
    assert run(task).stored == 0
    assert bodies(user) == sorted([letter(1), letter(1), letter(2), letter(3)])
    assert PopMessage.objects.filter(task=task, copy_no=1).count() == 1


def test_pausing_keeps_the_mail_on_the_server(
    user: User, remote: Remote, make_task: MakeTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.fill(range(1, 4))
    task = make_task("pop")
    claim = dispatch.claim_one(task, now=timezone.now())
    assert claim is not None
    settle = pull_pop.PopSession._settle

    def settling(self: pull_pop.PopSession, *args: object) -> None:
        settle(self, *args)  # type: ignore[arg-type]  # passed on as given
        dispatch.pause(task)

    monkeypatch.setattr(pull_pop.PopSession, "_settle", settling)
    assert pull(task_id=task.pk, fence=claim.fence, clock=timezone.now) is None
    assert len(remote.read()) == 3
