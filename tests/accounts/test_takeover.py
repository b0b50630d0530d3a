"""Whoever had the password for a while keeps nothing of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.callers import NOBODY
from accounts.models import Purpose, SystemMessage, User
from accounts.services import backup, links, passwords, recovery
from accounts.services.ending import Kept
from connectivity.models import Notification
from tests.conftest import PASSWORD
from webmail.services import managing

pytestmark = pytest.mark.django_db

NOW = timezone.now()
NEW = "three herons by the weir"
OLD, EVIL = "mara@elsewhere.example", "mallory@evil.example"


@pytest.fixture
def robbed(user: User) -> User:
    """Somebody for whom a stranger has asked for another backup address."""
    user.backup_address, user.backup_confirmed_at = OLD, NOW - timedelta(days=9)
    user.save()
    return user


def waiting(user: User, purpose: Purpose = Purpose.BACKUP, address: str = EVIL) -> str:
    return links.make(user, purpose, address, NOW)


def choose(user: User) -> None:
    passwords.change(user=user, password=NEW, keep=Kept(), now=NOW)


def recover(user: User) -> None:
    link = links.find(waiting(user, Purpose.PASSWORD, OLD), Purpose.PASSWORD, NOW)
    assert link is not None
    assert recovery.choose(link=link, password=NEW, keep=Kept(), caller=NOBODY, now=NOW)


def be_given_one(user: User) -> None:
    managing.set_password(user=user, password=NEW, now=NOW)


@pytest.mark.parametrize("mend", [choose, recover, be_given_one])
@pytest.mark.parametrize("purpose", Purpose)
def test_a_new_password_ends_every_link(robbed: User, mend: object, purpose: Purpose) -> None:
    assert callable(mend)
    token = waiting(robbed, purpose)
    if mend is recover and purpose == Purpose.PASSWORD:
        return  # the newer link has ended it already
    mend(robbed)
    assert links.find(token, purpose, NOW) is None


def test_another_backup_address_is_told_in_the_app_and_to_the_one_before(robbed: User) -> None:
    old_way = waiting(robbed, Purpose.PASSWORD, OLD)
    link = links.find(waiting(robbed), Purpose.BACKUP, NOW)
    assert link is not None
    assert backup.confirm(link=link, now=NOW)
    assert [row.to for row in SystemMessage.objects.all()] == [OLD]
    assert Notification.objects.filter(user=robbed, kind__contains="account-news").exists()
    # What was sent to the address of before opens nothing any more.
    assert links.find(old_way, Purpose.PASSWORD, NOW) is None


def test_who_had_no_backup_address_hears_of_the_first(user: User) -> None:
    link = links.find(waiting(user), Purpose.BACKUP, NOW)
    assert link is not None
    assert backup.confirm(link=link, now=NOW)
    assert Notification.objects.filter(user=user, kind__contains="account-news").exists()
    assert not SystemMessage.objects.exists()


def test_the_welcome_asks_who_is_there(user: User) -> None:
    """A browser that stayed open is not enough to give a backup address."""
    User.objects.update(welcomed_at=None)
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    form = {"backup_address": EVIL, "language": "en", "time_zone": "UTC"}
    answer = browser.post("/welcome/", form)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/prove/")
    user.refresh_from_db()
    assert user.backup_address == ""


@pytest.mark.parametrize("sent", ["[" * 16_000, "{}", "[]", "nonsense", json.dumps({"id": 3})])
def test_what_is_no_passkey_is_refused_and_breaks_nothing(sent: str) -> None:
    browser = Client()
    browser.post("/sign-in/passkey/begin/")
    answer = browser.post("/sign-in/passkey/", {"credential": sent})
    assert answer.status_code == 422
    assert PASSWORD not in answer.content.decode()
