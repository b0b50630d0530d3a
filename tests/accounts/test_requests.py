"""What every request asks: the session, and who it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Domain, User
from accounts.sessions import SessionStore
from webmail.keeping import CACHE, keep_connections


def test_a_session_is_good_until_it_ends(user: User, client_for: Callable[[User], Client]) -> None:
    client = client_for(user)
    assert client.get("/settings/account/").status_code == 200
    key = client.session.session_key
    assert key is not None
    store = SessionStore(key)
    store["x"] = 1
    store.save()
    assert SessionStore(key)["x"] == 1
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    expired = SessionStore(key)
    assert "x" not in expired
    assert expired.session_key is None
    assert client.get("/settings/account/").status_code == 302
    for made_up in ("x" * 32, "", "\x01\x020"):
        assert "x" not in SessionStore(made_up)


def test_who_is_signed_in_is_read_anew_every_time(
    user: User, other_user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        assert User.objects.get(pk=user.pk) == user
        assert User.objects.get(pk=str(other_user.pk)) == other_user
    User.objects.filter(pk=user.pk).update(theme="dark", is_active=False)
    found = User.objects.get(pk=user.pk)
    assert (found.theme, found.is_active, found.last_login) == ("dark", False, user.last_login)
    found.display_name = "Changed"
    found.save()
    assert User.objects.filter(display_name="Changed").get() == user
    with pytest.raises(User.DoesNotExist):
        User.objects.get(pk=0)


def test_views_get_the_person_and_no_promise_of_one(
    user: User, client_for: Callable[[User], Client]
) -> None:
    answer = client_for(user).get("/settings/account/")
    assert type(answer.wsgi_request.user) is User


def test_the_people_of_a_domain_are_only_its_own(user: User) -> None:
    other = Domain.objects.create(name="other.test")
    assert user.domain.users.get(pk=user.pk) == user
    with pytest.raises(User.DoesNotExist):
        other.users.get(pk=user.pk)


def test_the_web_process_keeps_its_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {
        "ENGINE": "django.db.backends.sqlite3",
        "CONN_MAX_AGE": 0,
        "OPTIONS": {"init_command": "PRAGMA foreign_keys=ON;"},
    }
    monkeypatch.setitem(connections.settings, "default", made)
    keep_connections()
    assert made["CONN_MAX_AGE"] is None
    assert made["OPTIONS"] == {
        "init_command": f"PRAGMA foreign_keys=ON; PRAGMA cache_size=-{CACHE};"
    }
    pooled = {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 0}
    monkeypatch.setitem(connections.settings, "default", pooled)
    keep_connections()
    assert pooled["CONN_MAX_AGE"] == 0
