"""Changing a task: what stays, what has to be typed again, what is never shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from connectivity.models import Credential
from connectivity.services import credentials
from mailstore.models import Source
from mailstore.services import folders
from retrieval.models import (
    RetrievalTask,
    TaskState,
)
from tests.retrieval.conftest import SECRET, Remote
from tests.retrieval.pages import CANARY, Page, form_of, url

MakeTask = Callable[..., RetrievalTask]


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


@pytest.mark.accept("A190")
def test_the_edit_form_never_holds_the_password(web: Client, make_task: MakeTask) -> None:
    task = make_task()
    response = web.get(url("edit", task))
    page = Page(response)
    assert page.values["host"] == "localhost"
    assert page.values.get("password", "") == ""
    assert "Leave blank to keep the stored password." in page.text
    assert SECRET not in response.content.decode()


@pytest.mark.accept("A190")
def test_a_blank_password_stays(web: Client, make_task: MakeTask, user: User) -> None:
    task = make_task()
    credential = task.credential_id
    response = web.post(
        url("edit", task), form_of(task, method="manual", name="Renamed", filter_enabled="on")
    )
    assert response.status_code == 302, Page(response).text
    task.refresh_from_db()
    assert (task.method, task.filter_enabled, task.next_at) == ("manual", True, None)
    assert Source.objects.get().name == "Renamed"
    assert task.credential_id == credential
    assert credentials.reveal(Credential.objects.get()) == SECRET


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "127.0.0.1"},
        {"username": "somebody-else"},
        {"require_ssl": None},
        {"port": 9},
    ],
    ids=lambda changes: next(iter(changes)),
)
@pytest.mark.accept("A190")
def test_a_stored_password_is_not_sent_anywhere_else(
    web: Client, make_task: MakeTask, changes: dict[str, object]
) -> None:
    task = make_task()
    response = web.post(url("edit", task), form_of(task, **changes))
    page = Page(response)
    assert response.status_code == 422
    assert "Enter the password again" in page.text
    assert 'id="id_password_error"' in response.content.decode()
    after = RetrievalTask.objects.get()
    assert (after.host, after.port, after.username) == (task.host, task.port, task.username)
    # Typed again, it may go there.
    if "host" in changes:
        again = web.post(url("edit", task), form_of(task, password=SECRET, **changes))
        assert again.status_code == 302
        assert RetrievalTask.objects.get().host == "127.0.0.1"


def test_a_failing_edit_changes_nothing(web: Client, make_task: MakeTask) -> None:
    task = make_task()
    response = web.post(url("edit", task), form_of(task, password=CANARY, name="Renamed"))
    assert response.status_code == 422
    assert CANARY not in response.content.decode()
    assert Page(response).values["name"] == "Renamed"
    assert Source.objects.get().name == "Remote"
    assert credentials.reveal(Credential.objects.get()) == SECRET


def test_a_pull_with_the_old_settings_loses_its_right_to_write(
    web: Client, make_task: MakeTask
) -> None:
    task = make_task(fence=4, lease_until=timezone.now() + timedelta(minutes=1))
    assert web.post(url("edit", task), form_of(task)).status_code == 302
    task.refresh_from_db()
    assert task.fence == 5
    assert task.lease_until is None


def test_the_type_of_a_task_stays(web: Client, make_task: MakeTask) -> None:
    task = make_task()
    web.post(url("edit", task), form_of(task, type="pop"))
    task.refresh_from_db()
    assert task.type == "imap"


def test_a_new_password_mends_a_refused_account(
    web: Client, make_task: MakeTask, remote: Remote
) -> None:
    task = make_task(
        state=TaskState.NEEDS_PASSWORD,
        cause="login-refused",
        next_at=None,
        refused_count=3,
        fail_count=3,
    )
    remote.server.add_user(remote.name, "new there")
    wrong = web.post(url("password", task), {"password": CANARY})
    assert wrong.status_code == 422
    assert "did not accept this username and password" in Page(wrong).text
    assert CANARY not in wrong.content.decode()
    task.refresh_from_db()
    assert task.state == TaskState.NEEDS_PASSWORD
    right = web.post(url("password", task), {"password": "new there"})
    assert right.status_code == 302
    task.refresh_from_db()
    assert (task.state, task.cause, task.refused_count) == (TaskState.OK, "", 0)
    assert task.next_at is not None
    assert credentials.reveal(Credential.objects.get()) == "new there"


@pytest.mark.accept("A85", "A98")
def test_subfolders_go_below_the_chosen_folder(
    web: Client, make_task: MakeTask, user: User, remote: Remote
) -> None:
    folder = folders.create(user, parent=None, name="Other post")
    task = make_task()
    changes = {"transfer": "subfolders", "destination": folder.pk}
    assert web.post(url("edit", task), form_of(task, **changes)).status_code == 302
    task.refresh_from_db()
    assert (task.transfer, task.destination) == ("subfolders", folder)
    assert "Other post (subfolders)" in " ".join(Page(web.get(url("detail", task))).text.split())
