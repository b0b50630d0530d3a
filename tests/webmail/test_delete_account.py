"""Settings, Delete my account, and the offer to keep it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Role, User
from connectivity.models import Notification
from tests.conftest import PASSWORD
from webmail.services import removing

ClientFor = Callable[[User], Client]
BAR = "This account is to be deleted"


def sign_in(user: User) -> tuple[Client, str]:
    browser = Client()
    answer = browser.post("/sign-in/", {"username": user.email, "password": PASSWORD})
    return browser, answer["Location"]


def test_the_address_is_typed_and_every_other_browser_is_out(user: User) -> None:
    elsewhere, _place = sign_in(user)
    browser, _place = sign_in(user)
    wrong = browser.post("/settings/delete/", {"address": "otto@example.test"})
    assert wrong.status_code == 422
    assert "otto@example.test" in wrong.content.decode()
    user.refresh_from_db()
    assert user.delete_after is None
    answer = browser.post("/settings/delete/", {"address": " Mara@Example.test "})
    assert answer["Location"] == "/keep/"
    user.refresh_from_db()
    assert user.delete_after is not None
    assert BAR in browser.get("/").content.decode()
    assert elsewhere.get("/")["Location"].startswith("/sign-in/")
    assert AuditEntry.objects.filter(action="user-deletion", subject=user.pk).count() == 1
    assert Notification.objects.filter(user=user, cause="user-deletion").exists()


def test_who_signs_in_is_offered_to_keep_it(user: User, client_for: ClientFor) -> None:
    client_for(user).post("/settings/delete/", {"address": user.email})
    browser, place = sign_in(user)
    assert place == "/keep/?next=%2F"
    page = browser.get(place).content.decode()
    assert "Keep this account?" in page
    assert re.search(r"is to be deleted on \d+ \w{3} \d{4}\. Until then", page)
    assert browser.post("/keep/")["Location"] == "/"
    user.refresh_from_db()
    assert user.delete_after is None
    assert BAR not in browser.get("/").content.decode()
    assert browser.get("/keep/")["Location"] == "/"
    _browser, place = sign_in(user)
    assert place == "/"


@pytest.mark.parametrize("is_operator", [False, True])
def test_who_was_marked_by_an_administrator_is_told_whom_to_ask(
    user: User, make_user: Callable[..., User], is_operator: bool
) -> None:
    admin = make_user("ada@example.test", Role.DOMAIN_ADMIN)
    removing.mark(user=user, by=None if is_operator else admin, now=timezone.now())
    browser, place = sign_in(user)
    page = browser.get(place).content.decode()
    assert "Keep my account" not in page
    assert ("the operator of this installation asked for" if is_operator else
            "ada@example.test asked for") in page  # fmt: skip
    assert "ask ada@example.test" in page
    assert browser.post("/keep/").status_code == 403
    user.refresh_from_db()
    assert user.delete_after is not None
    assert "What can I do?" in browser.get("/").content.decode()


def test_the_last_system_administrator_is_told_why_not(
    make_user: Callable[..., User], client_for: ClientFor
) -> None:
    last = make_user("root@example.test", Role.SYSTEM_ADMIN)
    answer = client_for(last).post("/settings/delete/", {"address": last.email})
    assert answer.status_code == 422
    assert "last system administrator" in answer.content.decode()
    last.refresh_from_db()
    assert last.delete_after is None


@pytest.mark.parametrize("method", ["get", "post"])
def test_it_asks_who_is_there(user: User, client_for: ClientFor, method: str) -> None:
    browser = client_for(user)
    session = browser.session
    session["proved"] = 0
    session.save()
    answer = getattr(browser, method)("/settings/delete/", {"address": user.email})
    assert answer["Location"].startswith("/prove/")
    user.refresh_from_db()
    assert user.delete_after is None
