"""Before a POP task begins to remove messages from a server, the person is asked once."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.models import User
from connectivity.services import credentials
from retrieval.models import RetrievalTask
from tests.retrieval.conftest import SECRET, Remote, bodies, run
from tests.retrieval.pages import NEW, Page, form_of, stored, typed, url

MakeTask = Callable[..., RetrievalTask]
QUESTION = "3 messages will be removed from localhost after they are safely stored here."


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


@pytest.fixture
def full(remote: Remote) -> Remote:
    remote.fill(range(3))
    return remote


def pop(remote: Remote, **changes: Any) -> dict[str, str]:
    values = {"type": "pop", "port": remote.server.pop3s_port, "username": remote.name}
    return typed(**(values | {"destination": "new", "new_folder": "Far"} | changes))


def question(response: Any) -> Page:
    """The page that asks; it stores nothing and holds no password."""
    page = Page(response)
    assert response.status_code == 422
    assert QUESTION in page.text
    assert SECRET not in response.content.decode()
    return page


@pytest.mark.accept("A72")
def test_saving_asks_first_and_stores_nothing(web: Client, full: Remote) -> None:
    response = web.post(NEW, pop(full))
    page = question(response)
    assert stored() == (0, 0, 0)
    assert page.values["removal_of"] == f"{full.name} localhost"
    # What was typed is kept, but for the password, which has to be typed again.
    assert (page.values["username"], page.values["new_folder"]) == (full.name, "Far")
    assert "Enter the password once more, then choose." in page.text
    for label in ("Remove as asked", "Keep on server"):
        assert label in page.text
    # Enter in a field presses the first button, which only asks again.
    question(web.post(NEW, pop(full, removal_of=page.values["removal_of"])))
    assert len(full.read()) == 3


@pytest.mark.accept("A71", "A72")
def test_remove_as_asked(web: Client, full: Remote, user: User) -> None:
    page = question(web.post(NEW, pop(full)))
    agreed = pop(full, action="remove", removal_of=page.values["removal_of"])
    assert web.post(NEW, agreed).status_code == 302
    task = RetrievalTask.objects.get()
    assert not task.leave_on_server
    assert credentials.reveal(task.credential) == SECRET
    run(task)
    assert len(bodies(user)) == 3
    assert full.read() == []


@pytest.mark.accept("A70", "A72")
def test_keep_on_server(web: Client, full: Remote, user: User) -> None:
    question(web.post(NEW, pop(full)))
    assert web.post(NEW, pop(full, action="keep")).status_code == 302
    task = RetrievalTask.objects.get()
    assert task.leave_on_server
    run(task)
    assert len(bodies(user)) == 3
    assert len(full.read()) == 3


def test_agreement_counts_for_the_mailbox_it_was_given_for(web: Client, full: Remote) -> None:
    other = f"{full.name}other"
    full.server.add_user(other, SECRET)
    Remote(full.server, other).fill(range(3))
    page = question(web.post(NEW, pop(full)))
    changed = pop(full, username=other, action="remove", removal_of=page.values["removal_of"])
    assert question(web.post(NEW, changed)).values["removal_of"] == f"{other} localhost"
    assert stored() == (0, 0, 0)


def test_nothing_is_asked_where_nothing_would_be_removed(web: Client, full: Remote) -> None:
    assert web.post(NEW, pop(full, leave_on_server="on")).status_code == 302
    empty = f"{full.name}empty"
    full.server.add_user(empty, SECRET)
    assert web.post(NEW, pop(full, username=empty)).status_code == 302
    assert [task.leave_on_server for task in RetrievalTask.objects.order_by("pk")] == [True, False]


def test_a_test_asks_nothing(web: Client, full: Remote) -> None:
    response = web.post(NEW, pop(full, action="test"))
    assert response.status_code == 200
    assert QUESTION not in Page(response).text


@pytest.mark.accept("A72")
def test_editing_from_leave_to_remove_asks_too(
    web: Client, make_task: MakeTask, full: Remote
) -> None:
    task = make_task("pop", leave_on_server=True)
    inbox = {"destination": task.user.folders.get(role="inbox").pk}
    kept = web.post(url("edit", task), form_of(task, leave_on_server="on", **inbox))
    assert kept.status_code == 302
    response = web.post(url("edit", task), form_of(task, **inbox))
    page = question(response)
    # The stored password is used: nothing has to be typed again.
    assert "once more" not in page.text
    task.refresh_from_db()
    assert task.leave_on_server
    agreed = form_of(task, action="remove", removal_of=page.values["removal_of"], **inbox)
    assert web.post(url("edit", task), agreed).status_code == 302
    task.refresh_from_db()
    assert not task.leave_on_server
    # It is agreed to now: other changes are saved without a question.
    assert web.post(url("edit", task), form_of(task, name="College", **inbox)).status_code == 302


def test_keeping_after_all_when_editing(web: Client, make_task: MakeTask, full: Remote) -> None:
    task = make_task("pop", leave_on_server=True)
    inbox = {"destination": task.user.folders.get(role="inbox").pk}
    question(web.post(url("edit", task), form_of(task, **inbox)))
    kept = form_of(task, action="keep", name="College", **inbox)
    assert web.post(url("edit", task), kept).status_code == 302
    task.refresh_from_db()
    assert task.leave_on_server
    assert task.source.name == "College"


def test_a_new_password_is_not_exchanged_for_the_stored_one(
    web: Client, make_task: MakeTask, full: Remote
) -> None:
    """The page that asks lost the typed password; left blank it does not mean the old one."""
    task = make_task("pop", leave_on_server=True)
    inbox = {"destination": task.user.folders.get(role="inbox").pk}
    page = question(web.post(url("edit", task), form_of(task, password=SECRET, **inbox)))
    assert page.values["retype"] == "1"
    again = {"action": "remove", "removal_of": page.values["removal_of"], "retype": 1}
    response = web.post(url("edit", task), form_of(task, **again, **inbox))
    assert response.status_code == 422
    assert "Enter the password once more." in Page(response).text
    task.refresh_from_db()
    assert task.leave_on_server


def test_the_operator_is_not_asked(
    full: Remote, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(f"{SECRET}\n"))
    out = StringIO()
    call_command(
        "retrieval",
        "add",
        user.email,
        "--type=pop",
        "--server=localhost",
        f"--port={full.server.pop3s_port}",
        f"--username={full.name}",
        "--password-stdin",
        "--json",
        stdout=out,
    )
    assert json.loads(out.getvalue())["type"] == "pop"
    assert not RetrievalTask.objects.get().leave_on_server
