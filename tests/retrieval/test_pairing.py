"""One secret for receiving and sending: entered anew once, it mends both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import transaction

from accounts.models import User
from connectivity.models import Credential
from connectivity.services import credentials, notifications
from retrieval.models import RetrievalTask, TaskState
from retrieval.services import accounts, dispatch, lease
from retrieval.services.lease import LeaseLostError
from retrieval.services.telling import tell
from smtp_accounts.models import SmtpAccount
from smtp_accounts.services import accounts as senders
from smtp_accounts.services.accounts import AccountValues
from standin.smtp import SmtpServer
from tests.retrieval.conftest import SECRET, Remote, run

NOW = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
NEW_SECRET = "a newer password"
MakeTask = Callable[..., RetrievalTask]


@pytest.fixture
def sender(user: User, make_task: MakeTask, smtp_server: SmtpServer, remote: Remote) -> SmtpAccount:
    """The sending half of a task; both lost their password."""
    smtp_server.users[remote.name] = NEW_SECRET
    task = make_task(state=TaskState.NEEDS_PASSWORD, cause="login-refused", next_at=None)
    return SmtpAccount.objects.create(
        user=user,
        host="localhost",
        port=smtp_server.tls_port,
        encryption="ssl",
        email="mara@remote.test",
        username=remote.name,
        credential=task.credential,
        cause="login-refused",
    )


def sending(sender: SmtpAccount, **changes: object) -> AccountValues:
    names = (
        "display_name",
        "host",
        "port",
        "encryption",
        "email",
        "use_authentication",
        "username",
    )
    values = AccountValues(**{name: getattr(sender, name) for name in names})
    return replace(values, **changes)  # type: ignore[arg-type] # varied


def test_a_new_password_of_the_task_mends_its_sender(
    user: User, sender: SmtpAccount, remote: Remote
) -> None:
    remote.server.add_user(remote.name, NEW_SECRET)
    task = RetrievalTask.objects.get()
    values = replace(accounts.values_of(task), password=NEW_SECRET)
    assert accounts.save(user=user, values=values, now=NOW, task=task).ok
    sender.refresh_from_db()
    assert sender.cause == ""
    assert sender.credential == RetrievalTask.objects.get().credential
    assert credentials.reveal(Credential.objects.get()) == NEW_SECRET


def test_a_new_password_of_the_sender_mends_its_task(user: User, sender: SmtpAccount) -> None:
    values = sending(sender, password=NEW_SECRET)
    assert senders.save(user=user, values=values, now=NOW, account=sender).ok
    task = RetrievalTask.objects.get()
    assert (task.state, task.cause, task.next_at) == (TaskState.OK, "", NOW)
    assert credentials.reveal(task.credential) == NEW_SECRET


def test_a_run_with_the_old_secret_does_not_say_that_the_new_one_is_refused(
    user: User, sender: SmtpAccount
) -> None:
    task = RetrievalTask.objects.get()
    claim = dispatch.claim_one(task, now=NOW)
    assert claim is not None
    values = sending(sender, password=NEW_SECRET)
    assert senders.save(user=user, values=values, now=NOW, account=sender).ok
    with pytest.raises(LeaseLostError), transaction.atomic():
        lease.hold(task.pk, claim.fence)
    task.refresh_from_db()
    assert (task.state, task.next_at, task.lease_until) == (TaskState.OK, NOW, None)


def test_what_runs_by_hand_only_needs_nobody_once_it_is_mended(
    user: User, sender: SmtpAccount
) -> None:
    task = RetrievalTask.objects.get()
    RetrievalTask.objects.update(method="manual")
    tell(task, cause="login-refused", now=NOW)
    assert notifications.unread(user, now=NOW) == 1
    values = sending(sender, password=NEW_SECRET)
    assert senders.save(user=user, values=values, now=NOW, account=sender).ok
    assert notifications.unread(user, now=NOW) == 0


def test_a_paused_task_is_not_woken(user: User, sender: SmtpAccount) -> None:
    RetrievalTask.objects.update(state=TaskState.PAUSED)
    values = sending(sender, password=NEW_SECRET)
    assert senders.save(user=user, values=values, now=NOW, account=sender).ok
    assert RetrievalTask.objects.get().state == TaskState.PAUSED


def test_another_account_gets_a_secret_of_its_own(
    user: User, sender: SmtpAccount, smtp_server: SmtpServer
) -> None:
    """The password of somebody else's name is not written over the one the task has."""
    smtp_server.users["other@remote.test"] = NEW_SECRET
    values = sending(sender, password=NEW_SECRET, username="other@remote.test")
    assert senders.save(user=user, values=values, now=NOW, account=sender).ok
    sender.refresh_from_db()
    task = RetrievalTask.objects.get()
    assert sender.credential != task.credential
    assert credentials.reveal(task.credential) == SECRET
    assert task.state == TaskState.NEEDS_PASSWORD


def test_deleting_one_half_leaves_the_secret_to_the_other(sender: SmtpAccount) -> None:
    accounts.delete(task=RetrievalTask.objects.get())
    assert credentials.reveal(Credential.objects.get()) == SECRET
    sender.refresh_from_db()
    senders.delete(account=sender)
    assert not Credential.objects.exists()


def test_deleting_the_sender_leaves_the_secret_to_the_task(sender: SmtpAccount) -> None:
    senders.delete(account=sender)
    assert credentials.reveal(RetrievalTask.objects.get().credential) == SECRET


def test_a_secret_that_is_taken_again_as_it_was_mends_its_sender(
    sender: SmtpAccount, remote: Remote
) -> None:
    """It was refused while something was broken at the provider, and nobody did anything."""
    run(RetrievalTask.objects.get())
    sender.refresh_from_db()
    assert (RetrievalTask.objects.get().state, sender.cause) == (TaskState.OK, "")


def test_a_sender_that_alone_is_refused_is_not_asked_after_every_run(
    sender: SmtpAccount, remote: Remote
) -> None:
    """What is retrieved all along says nothing about what is not taken for sending."""
    RetrievalTask.objects.update(state=TaskState.OK, cause="")
    run(RetrievalTask.objects.get())
    sender.refresh_from_db()
    assert sender.is_paused
