"""The first sign-in, the bar that reminds, and the backup address under Settings, Account."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.arriving import ENOUGH
from accounts.models import MailedLink, SystemMessage, User
from connectivity.models import Feature
from connectivity.services import features
from smtp_accounts.models import Identity
from tests.conftest import PASSWORD

THERE = "mara@elsewhere.example"
ANSWERS = {"backup_address": THERE, "language": "de", "time_zone": "Europe/Berlin"}
BAR = "You have no backup address"
ClientFor = Callable[[User], Client]


@pytest.fixture
def newcomer(user: User) -> User:
    user.welcomed_at = None
    user.save()
    return user


def enter(user: User, onward: str = "") -> tuple[Client, str]:
    """Sign in by the form; the browser, and where it is led."""
    browser = Client()
    values = {"username": user.email, "password": PASSWORD, "next": onward}
    return browser, browser.post("/sign-in/", values)["Location"]


def link_to(address: str) -> str:
    body = SystemMessage.objects.filter(to=address).latest("pk").body
    found = re.search(r"/backup/link/[\w-]+/", body)
    assert found
    return found[0]


@pytest.mark.accept("A165")
def test_a_newcomer_is_asked_once(newcomer: User) -> None:
    browser, place = enter(newcomer, "/settings/reading/")
    assert place == "/welcome/?next=%2Fsettings%2Freading%2F"
    page = browser.get(place).content.decode()
    assert 'name="backup_address"' in page
    assert 'value="UTC"' in page
    answer = browser.post("/welcome/", ANSWERS)
    assert answer["Location"] == "/welcome/steps/"
    newcomer.refresh_from_db()
    assert (newcomer.language, newcomer.time_zone) == ("de", "Europe/Berlin")
    assert (newcomer.backup_address, newcomer.backup_skipped) == (THERE, 0)
    assert newcomer.welcomed_at is not None
    steps = browser.get("/welcome/steps/").content.decode()
    assert all(
        one in steps for one in ("/settings/appearance/", 'href="/settings/reading/"', THERE)
    )
    _again, place = enter(newcomer)
    assert place == "/"
    assert browser.get("/welcome/")["Location"] == "/welcome/steps/"


def test_who_leaves_without_an_answer_is_asked_the_next_time(newcomer: User) -> None:
    browser, place = enter(newcomer)
    assert browser.get("/").status_code == 200
    _browser, place = enter(newcomer)
    assert place.startswith("/welcome/")


@pytest.mark.accept("A165")
def test_the_question_can_be_put_off_and_comes_back_as_a_bar(newcomer: User) -> None:
    browser, _place = enter(newcomer)
    refused = browser.post("/welcome/", {**ANSWERS, "language": "en", "backup_address": ""})
    assert refused.status_code == 422
    skipped = {**ANSWERS, "language": "en", "backup_address": "", "skip": "1"}
    assert browser.post("/welcome/", skipped).status_code == 302
    assert BAR not in browser.get("/").content.decode()
    for put_off in range(2, ENOUGH + 1):
        browser, place = enter(newcomer)
        assert place == "/"
        assert BAR in browser.get("/").content.decode()
        answer = browser.post("/welcome/later/", {"next": "/starred/"})
        assert answer["Location"] == "/starred/"
        assert BAR not in browser.get("/").content.decode()
        newcomer.refresh_from_db()
        assert newcomer.backup_skipped == put_off
    browser, _place = enter(newcomer)
    assert BAR not in browser.get("/").content.decode()


@pytest.mark.parametrize(
    "address", ["mara@example.test", "otto@example.test", "nothing", "Studio@remote.test"]
)
def test_what_leads_nowhere_is_refused_at_its_field(newcomer: User, address: str) -> None:
    Identity.objects.create(user=newcomer, address="studio@remote.test")
    browser, _place = enter(newcomer)
    answer = browser.post("/welcome/", {**ANSWERS, "backup_address": address})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'value="{address}"' in page
    assert "help--error" in page
    newcomer.refresh_from_db()
    assert (newcomer.backup_address, newcomer.welcomed_at) == ("", None)
    assert not SystemMessage.objects.exists()


def test_no_account_is_offered_where_none_may_be_added(newcomer: User) -> None:
    browser, _place = enter(newcomer)
    assert (
        "/settings/connectivity/retrieval/new/" in browser.get("/welcome/steps/").content.decode()
    )
    features.set_switch(newcomer.domain, Feature.RETRIEVAL, enabled=False)
    assert "retrieval/new" not in browser.get("/welcome/steps/").content.decode()


@pytest.mark.accept("A166")
def test_it_is_given_and_changed_under_settings(user: User, client_for: ClientFor) -> None:
    browser = client_for(user)
    assert "None yet." in browser.get("/settings/account/").content.decode()
    answer = browser.post("/settings/account/backup/", {"address": THERE})
    assert answer.status_code == 302
    assert "Not confirmed" in browser.get("/settings/account/").content.decode()
    assert browser.post("/settings/account/backup/again/").status_code == 302
    stranger = Client()
    assert stranger.get(link_to(THERE))["Location"] == "/backup/confirm/"
    user.refresh_from_db()
    assert user.backup_confirmed_at is None
    assert THERE in stranger.get("/backup/confirm/").content.decode()
    assert stranger.post("/backup/confirm/").status_code == 200
    user.refresh_from_db()
    assert user.backup_confirmed_at is not None
    assert stranger.post("/backup/confirm/").status_code == 410
    page = browser.get("/settings/account/").content.decode()
    assert "Confirmed" in page
    assert "Not confirmed" not in page
    same = browser.post("/settings/account/backup/", {"address": THERE})
    assert same.status_code == 422
    browser.post("/settings/account/backup/", {"address": "new@elsewhere.example"})
    page = browser.get("/settings/account/").content.decode()
    assert THERE in page
    assert "new@elsewhere.example" in page
    browser.post("/settings/account/backup/give-up/")
    assert "new@elsewhere.example" not in browser.get("/settings/account/").content.decode()
    assert (
        "Remove the backup address?"
        in browser.get("/settings/account/backup/remove/").content.decode()
    )
    browser.post("/settings/account/backup/remove/")
    user.refresh_from_db()
    assert user.backup_address == ""


@pytest.mark.parametrize("tail", ["", "remove/"])
def test_changing_it_asks_who_is_there(user: User, client_for: ClientFor, tail: str) -> None:
    browser = client_for(user)
    session = browser.session
    session["proved"] = 0
    session.save()
    address = f"/settings/account/backup/{tail}"
    for answer in (browser.get(address), browser.post(address, {"address": THERE})):
        assert answer["Location"].startswith("/prove/")
    assert not MailedLink.objects.exists()


def test_a_link_that_is_over_says_so(user: User, client_for: ClientFor) -> None:
    client_for(user).post("/settings/account/backup/", {"address": THERE})
    address = link_to(THERE)
    MailedLink.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    answer = Client().get(address)
    assert answer.status_code == 410
    assert "This link is over" in answer.content.decode()
