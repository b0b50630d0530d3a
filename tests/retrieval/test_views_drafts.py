"""What did not pass its test waits on the page: gone on with, discarded, nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connectivity.models import AccountDraft
from retrieval.models import RetrievalTask
from tests.retrieval.conftest import Remote
from tests.retrieval.pages import CANARY, NEW, Page, stored, typed


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


@pytest.fixture
def refused(web: Client, remote: Remote) -> AccountDraft:
    """A save that the server refused."""
    response = web.post(NEW, attempt(remote, password=CANARY))
    assert response.status_code == 422
    return AccountDraft.objects.get()


def attempt(remote: Remote, **changes: Any) -> dict[str, str]:
    values = {"port": remote.server.imaps_port, "username": remote.name}
    folder = {"transfer": "subfolders", "destination": "new", "new_folder": "Far"}
    return typed(**(values | folder | changes))


def url(draft: AccountDraft) -> str:
    return reverse("retrieval-draft", args=[draft.pk])


@pytest.mark.accept("A49")
def test_a_failed_save_is_kept_without_its_password(
    web: Client, refused: AccountDraft, remote: Remote
) -> None:
    assert stored() == (0, 0, 0)
    assert CANARY not in str(refused.values)
    assert "password" not in refused.values
    assert (refused.cause, refused.label) == ("login-refused", remote.name)
    page = Page(web.get(url(refused)))
    assert "did not accept this username and password" in page.text
    assert (page.values["username"], page.values["new_folder"]) == (remote.name, "Far")
    assert page.values["require_ssl"] == "on"
    assert "use_apop" not in page.values
    assert page.values.get("password", "") == ""


def test_trying_again_writes_the_same_draft_and_success_ends_it(
    web: Client, refused: AccountDraft, remote: Remote
) -> None:
    wrong = attempt(remote, password=CANARY, draft=refused.pk, new_folder="Nearer")
    assert web.post(NEW, wrong).status_code == 422
    assert AccountDraft.objects.get().values["new_folder"] == "Nearer"
    right = attempt(remote, draft=refused.pk)
    assert web.post(NEW, right).status_code == 302
    assert RetrievalTask.objects.count() == 1
    assert not AccountDraft.objects.exists()


def test_a_test_alone_keeps_nothing(web: Client, remote: Remote) -> None:
    web.post(NEW, attempt(remote, password=CANARY, action="test"))
    assert not AccountDraft.objects.exists()


def test_a_failing_edit_is_no_draft(
    web: Client, make_task: Callable[..., RetrievalTask], remote: Remote
) -> None:
    task = make_task()
    address = reverse("retrieval-edit", args=[task.pk])
    response = web.post(address, attempt(remote, password=CANARY))
    assert response.status_code == 422
    assert not AccountDraft.objects.exists()


def test_the_card_shows_it_and_discards_it(web: Client, refused: AccountDraft) -> None:
    source = web.get(reverse("connectivity")).content.decode()
    assert url(refused) in source
    assert web.post(url(refused), {"action": "discard"}).status_code == 302
    assert not AccountDraft.objects.exists()
    assert url(refused) not in web.get(reverse("connectivity")).content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_elses_draft_is_not_there(
    refused: AccountDraft, client_for: Callable[[User], Client], other_user: User, method: str
) -> None:
    other = client_for(other_user)
    assert getattr(other, method)(url(refused)).status_code == 404
    posted = typed(draft=refused.pk, port=1, action="save")
    assert other.post(NEW, posted).status_code == 404
    assert AccountDraft.objects.filter(pk=refused.pk).exists()


def test_a_draft_of_the_other_kind_is_not_there(web: Client, refused: AccountDraft) -> None:
    assert web.get(reverse("smtp-draft", args=[refused.pk])).status_code == 404
