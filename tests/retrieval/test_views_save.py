"""Test Connection and Save against real servers: what is stored, and what is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Domain, User
from connectivity.models import Feature
from connectivity.services import credentials, features
from mailstore.models import Folder
from mailstore.services import folders
from retrieval.models import RetrievalTask
from tests.retrieval.conftest import SECRET, Remote
from tests.retrieval.pages import CANARY, NEW, SENTENCES, Page, stored, typed


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


@pytest.mark.accept("A48", "A57", "A77", "A78", "A81", "A82", "A83", "A84", "A88")
def test_an_imap_task_is_saved_after_its_test(web: Client, remote: Remote, user: User) -> None:
    remote.fill(range(3))
    response = web.post(
        NEW,
        typed(
            port=remote.server.imaps_port,
            username=remote.name,
            transfer="subfolders",
            destination="new",
            new_folder="Harbourline",
            filter_enabled="on",
            name="Work",
            color=3,
        ),
    )
    assert response.status_code == 302, Page(response).text
    assert response["Location"] == reverse("connectivity")
    task = RetrievalTask.objects.get()
    assert (task.user, task.type, task.host) == (user, "imap", "localhost")
    assert (task.port, task.security) == (remote.server.imaps_port, "tls")
    assert task.require_ssl
    assert task.filter_enabled
    assert task.method == "automatic"
    assert task.next_at is not None
    assert task.transfer == "subfolders"
    assert task.destination is not None
    assert (task.destination.name, task.destination.parent) == ("Harbourline", None)
    assert (task.source.name, task.source.color) == ("Work", 3)
    assert credentials.reveal(task.credential) == SECRET
    assert "The first messages arrive in a moment" in Page(web.get("/settings/connectivity/")).text


@pytest.mark.accept("A61", "A62", "A65", "A66", "A67", "A68", "A69", "A70", "A71", "A73")
def test_a_pop_task_is_saved_after_its_test(web: Client, remote: Remote, user: User) -> None:
    folder = folders.create(user, parent=None, name="College")
    response = web.post(
        NEW,
        typed(
            type="pop",
            port=remote.server.pop3s_port,
            username=remote.name,
            method="manual",
            destination=folder.pk,
            use_apop="on",
        ),
    )
    assert response.status_code == 302, Page(response).text
    task = RetrievalTask.objects.get()
    assert (task.type, task.security, task.destination) == ("pop", "tls", folder)
    assert task.use_apop
    assert not task.leave_on_server
    assert task.next_at is None
    kept = {"type": "pop", "port": remote.server.pop3s_port, "username": remote.name}
    web.post(NEW, typed(**kept, destination=folder.pk, leave_on_server="on", anyway="1"))
    assert RetrievalTask.objects.latest("pk").leave_on_server


def test_starttls_is_found_on_the_plain_port(web: Client, remote: Remote) -> None:
    """Require SSL on a port that is neither 143 nor 993: the server itself is asked."""
    response = web.post(NEW, typed(port=remote.server.imap_port, username=remote.name))
    assert response.status_code == 302, Page(response).text
    assert RetrievalTask.objects.get().security == "starttls"


@pytest.mark.accept("A47")
def test_a_test_stores_nothing_and_tells_what_is_there(web: Client, remote: Remote) -> None:
    remote.fill(range(3))
    response = web.post(
        NEW, typed(action="test", port=remote.server.imaps_port, username=remote.name)
    )
    assert response.status_code == 200
    page = Page(response)
    assert "Everything works." in page.text
    assert "3 messages" in page.text
    assert "Nothing is saved yet." in page.text
    assert stored() == (0, 0, 0)
    assert SECRET not in response.content.decode()


def test_an_app_password_pasted_in_groups_loses_its_spaces(web: Client, remote: Remote) -> None:
    remote.server.add_user(f"{remote.name}g", "kwytqdnbhzplabcd")
    web.post(
        NEW,
        typed(
            port=remote.server.imaps_port,
            username=f"{remote.name}g",
            password="kwyt qdnb hzpl abcd",
        ),
    )
    assert credentials.reveal(RetrievalTask.objects.get().credential) == "kwytqdnbhzplabcd"


def test_the_same_source_twice_is_warned_about_and_may_be_wanted(
    web: Client, remote: Remote
) -> None:
    values = typed(port=remote.server.imaps_port, username=remote.name)
    web.post(NEW, values)
    first = RetrievalTask.objects.get()
    again = web.post(NEW, values)
    assert again.status_code == 422
    assert f"You already fetch {remote.name}" in Page(again).text
    assert reverse("retrieval-detail", args=[first.pk]) in again.content.decode()
    assert RetrievalTask.objects.count() == 1
    assert web.post(NEW, {**values, "anyway": "1"}).status_code == 302
    assert RetrievalTask.objects.count() == 2


def test_htmx_goes_back_to_the_page_after_saving(web: Client, remote: Remote) -> None:
    response = web.post(
        NEW,
        typed(port=remote.server.imaps_port, username=remote.name),
        headers={"HX-Request": "true"},
    )
    assert response.headers["HX-Redirect"] == reverse("connectivity")


@pytest.mark.accept("A51")
def test_ones_own_local_account_is_refused(web: Client, remote: Remote, user: User) -> None:
    response = web.post(
        NEW, typed(port=remote.server.imaps_port, username=user.email, password=CANARY)
    )
    page = Page(response)
    assert response.status_code == 422
    assert "you cannot add a local account to message retrieval" in page.text
    assert user.email in page.text
    assert stored() == (0, 0, 0)
    assert CANARY not in response.content.decode()


@pytest.mark.accept("A52")
def test_an_external_account_is_not_taken_for_a_local_one(
    web: Client, remote: Remote, user: User, settings: Settings
) -> None:
    # Another domain on a server of this machine: somebody else's mailbox.
    remote.server.add_user("mara@elsewhere.test", SECRET)
    values = typed(port=remote.server.imaps_port, username="mara@elsewhere.test")
    assert web.post(NEW, values).status_code == 302
    # An address of a domain hosted here, on a server that is not here: mail split over two.
    elsewhere = web.post(NEW, typed(host="no-such-host.invalid", username=user.email))
    assert "local account" not in Page(elsewhere).text
    assert SENTENCES["name"] in Page(elsewhere).text


@pytest.mark.accept("A5", "A6")
def test_switched_off_the_form_names_the_administrator(
    web: Client, make_user: Callable[..., User], domain: Domain, user: User
) -> None:
    boss = make_user("admin@example.test", role="domain-admin", display_name="Ada Admin")
    features.set_switch(domain, Feature.RETRIEVAL, enabled=False)
    for response in (web.get(NEW), web.post(NEW, typed())):
        assert response.status_code == 403
        text = Page(response).text
        assert "Contact your administrator" in text
        assert boss.email in text
    assert stored() == (0, 0, 0)


def test_another_users_folder_is_no_destination(
    web: Client, remote: Remote, other_user: User
) -> None:
    his = Folder.objects.filter(user=other_user).first()
    assert his is not None
    response = web.post(
        NEW,
        typed(
            port=remote.server.imaps_port,
            username=remote.name,
            transfer="subfolders",
            destination=his.pk,
        ),
    )
    assert response.status_code == 422
    assert stored() == (0, 0, 0)
