"""Deleting an account: marked, kept for two weeks, then gone for good."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from accounts.models import AuditEntry, Role, User
from connectivity.services import credentials
from mailstore.models import Export, FolderRole, Message, Source, Thread
from mailstore.services import folders, messages, removal, threads
from retrieval.models import RetrievalTask
from retrieval.services import dispatch, watching
from smtp_accounts.models import OutboxMessage
from smtp_accounts.services import queue
from tests.mail import letter, put
from webmail.services import exports, removing
from webmail.services.removing import GRACE, RemovalRefused

if TYPE_CHECKING:
    from pytest_django import Settings

NOW = timezone.now()


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def actions(user: User) -> list[str]:
    lines = AuditEntry.objects.filter(subject_name=user.email).order_by("pk")
    lines = lines.exclude(action="credential-saved")
    return [line.action for line in lines]


def waiting(user: User) -> tuple[RetrievalTask, OutboxMessage]:
    """A task that is due and listens, and a message that is due."""
    put(folders.special(user, FolderRole.SENT), letter("to be sent"))
    task = RetrievalTask.objects.create(
        user=user, source=Source.objects.create(user=user, name="Mine"), type="imap",
        credential=credentials.store(user=user, secret="a secret"), host="imap.test", port=993,
        security="tls", username="mara", next_at=NOW, first_pass_done_at=NOW, capabilities="IDLE",
    )  # fmt: skip
    message = OutboxMessage.objects.create(
        user=user, blob=Message.objects.filter(user=user)[0].blob, message_id="<1@remote.test>",
        from_address=user.email, state="queued", not_before=NOW, is_local_from=True,
    )  # fmt: skip
    return task, message


def test_who_is_marked_has_nothing_fetched_or_sent_until_it_is_taken_back(user: User) -> None:
    task, message = waiting(user)
    until = removing.mark(user=user, by=user, now=NOW)
    assert until == user.delete_after == NOW + GRACE
    later = NOW + timedelta(minutes=1)
    assert removing.mark(user=user, by=user, now=later) == until
    assert dispatch.claim_due(now=later) == []
    assert watching.wanted() == []
    assert queue.claim_due(now=later) == []
    assert removing.take_back(user=user, by=user, now=later)
    assert not removing.take_back(user=user, by=user, now=later)
    assert [account.task_id for account in watching.wanted()] == [task.pk]
    assert [claim.task_id for claim in dispatch.claim_due(now=later)] == [task.pk]
    assert [pk for pk, _fence in queue.claim_due(now=later)] == [message.pk]
    assert actions(user) == ["user-deletion", "user-kept"]


def test_after_two_weeks_everything_is_gone_but_the_audit_log(
    user: User, other_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "BATCH", 2)
    inbox = folders.special(user, FolderRole.INBOX)
    put(inbox, *[letter(f"message {number}") for number in range(5)])
    put(folders.special(other_user, FolderRole.INBOX), letter("of somebody else"))
    waiting(user)
    threads.thread_waiting(seconds=5)
    assert Thread.objects.filter(user=user).exists()
    exports.ask(user=user, now=NOW)
    archive = exports.folder() / "mine.zip"
    archive.write_bytes(b"all I have")
    Export.objects.update(file=archive.name)
    removing.mark(user=user, by=other_user, now=NOW)
    assert removing.purge_due(now=NOW + GRACE - timedelta(seconds=1)) == 0
    assert removing.purge_due(now=NOW + GRACE) == 1
    assert removing.purge_due(now=NOW + GRACE) == 0
    assert not User.objects.filter(pk=user.pk).exists()
    assert [one.user_id for one in Message.objects.all()] == [other_user.pk]
    assert not archive.exists()
    assert actions(user) == ["data-exported", "user-deletion", "user-deleted"]


def test_what_a_killed_worker_left_is_deleted_the_next_time(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "BATCH", 1)
    put(folders.special(user, FolderRole.INBOX), letter("one"), letter("two"))
    removing.mark(user=user, by=None, now=NOW)
    removed = messages.remove

    def dies_after_one(person: User, ids: Iterable[int]) -> int:
        monkeypatch.setattr(messages, "remove", dies)
        return removed(person, ids)

    def dies(_person: User, _ids: Iterable[int]) -> int:
        raise MemoryError

    monkeypatch.setattr(messages, "remove", dies_after_one)
    with pytest.raises(MemoryError):
        removing.purge_due(now=NOW + GRACE)
    assert Message.objects.filter(user=user).count() == 1
    monkeypatch.setattr(messages, "remove", removed)
    assert removing.purge_due(now=NOW + GRACE) == 1


def test_the_last_system_administrator_stays(make_user: Callable[..., User]) -> None:
    last = make_user("root@example.test", Role.SYSTEM_ADMIN)
    with pytest.raises(RemovalRefused):
        removing.mark(user=last, by=last, now=NOW)
    second = make_user("second@example.test", Role.SYSTEM_ADMIN)
    removing.mark(user=last, by=last, now=NOW)
    with pytest.raises(RemovalRefused):
        removing.mark(user=second, by=second, now=NOW)
    assert actions(second) == []


def test_when_the_time_has_come_nothing_is_taken_back(user: User) -> None:
    removing.mark(user=user, by=user, now=NOW)
    assert not removing.take_back(user=user, by=user, now=NOW + GRACE)


def test_who_was_marked_by_somebody_else_cannot_take_it_back(user: User, other_user: User) -> None:
    removing.mark(user=user, by=other_user, now=NOW)
    assert not removing.take_back(user=user, by=user, now=NOW)
    assert removing.take_back(user=user, by=other_user, now=NOW)
    # Marked by its owner first, and then by somebody else: the day stays, and that is theirs.
    until = removing.mark(user=user, by=user, now=NOW)
    assert removing.mark(user=user, by=None, now=NOW + timedelta(hours=1)) == until
    assert not removing.take_back(user=user, by=user, now=NOW)
    user.refresh_from_db()
    assert user.delete_marked_by == removing.OPERATOR
    assert removing.take_back(user=user, by=None, now=NOW)
    user.refresh_from_db()
    assert (user.delete_after, user.delete_marked_by) == (None, "")
