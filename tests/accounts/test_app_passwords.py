"""Passwords for programs: made once, shown once, ended singly."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.callers import NOBODY, Caller
from accounts.models import AppPassword, AuditEntry, User
from accounts.services import app_passwords

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOME = Caller(address="203.0.113.9", client="Thunderbird 140")


def test_it_opens_for_its_owner_alone(user: User, other_user: User) -> None:
    row, secret = app_passwords.make(user=user, name="Laptop", now=NOW, caller=NOBODY)
    assert re.fullmatch(r"([a-z2-9]{5}-){5}[a-z2-9]", secret)
    assert secret.replace("-", "") not in str(AppPassword.objects.values())
    verify = app_passwords.verify
    assert verify(user=other_user, secret=secret, caller=HOME, now=NOW) is None
    assert verify(user=user, secret=secret[:-1], caller=HOME, now=NOW) is None
    assert verify(user=user, secret="", caller=HOME, now=NOW) is None
    typed = f" {secret.upper().replace('-', ' ')} "
    assert verify(user=user, secret=typed, caller=HOME, now=NOW) == row
    row.refresh_from_db()
    assert (row.used_at, row.used_from) == (NOW, HOME.address)
    user.is_active = False
    assert verify(user=user, secret=secret, caller=HOME, now=NOW) is None


def test_use_is_noted_now_and_then(user: User) -> None:
    row, secret = app_passwords.make(user=user, name="Laptop", now=NOW, caller=NOBODY)
    for minutes, caller, noted in ((0, HOME, 0), (4, HOME, 0), (5.1, HOME, 5.1), (6, NOBODY, 6)):
        now = NOW + timedelta(minutes=minutes)
        app_passwords.verify(user=user, secret=secret, caller=caller, now=now)
        row.refresh_from_db()
        assert row.used_at == NOW + timedelta(minutes=noted)


def test_it_is_made_and_removed_on_the_page(
    user: User, other_user: User, client_for: Callable[[User], Client]
) -> None:
    client, stranger = client_for(user), client_for(other_user)
    nameless = client.post(reverse("security-program-add"), {"name": " "})
    assert nameless.status_code == 422
    shown = client.post(reverse("security-program-add"), {"name": "Laptop <b>"}).content.decode()
    found = re.search(r'id="app-password">([^<]+)<', shown)
    assert found
    assert "Laptop &lt;b&gt;" in shown
    row = user.app_passwords.get()
    assert app_passwords.verify(user=user, secret=found[1], caller=HOME, now=NOW) == row
    page = client.get(reverse("security")).content.decode()
    assert found[1] not in page
    assert HOME.address in page
    remove = reverse("security-program-remove", args=[row.pk])
    assert stranger.post(remove).status_code == 404
    assert client.get(remove).status_code == 200
    assert app_passwords.verify(user=user, secret=found[1], caller=HOME, now=NOW) == row
    assert client.post(remove).status_code == 302
    assert app_passwords.verify(user=user, secret=found[1], caller=HOME, now=NOW) is None
    told = AuditEntry.objects.filter(subject=user.pk)
    assert list(told.values_list("action", flat=True)) == [
        "app-password-removed",
        "app-password-made",
    ]
    assert found[1] not in str(list(told.values()))


def test_there_is_an_end_to_them(
    user: User, client_for: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_passwords, "MOST", 1)
    client = client_for(user)
    assert client.post(reverse("security-program-add"), {"name": "a"}).status_code == 200
    assert client.post(reverse("security-program-add"), {"name": "b"}).status_code == 422
    assert user.app_passwords.count() == 1
