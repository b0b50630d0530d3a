"""How far a connection test is: told to its own person, while it lasts, and never a step back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from connectivity.models import TrialProgress
from connectivity.services import progress
from protocols.check import CheckStage

NOW = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
KEY = uuid4()
Reach = Callable[[CheckStage], None]


def reach(*stages: CheckStage) -> None:
    watcher = progress.watcher()
    assert watcher is not None
    for one in stages:
        watcher(one)


def told(browser: Client, key: object = KEY) -> str:
    answer = browser.get(reverse("connectivity-testing"), {"watch": str(key)})
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    stage: str = answer.json()["stage"]
    return stage


@pytest.mark.accept("A29", "A47")
def test_it_is_told_while_it_lasts_and_to_nobody_else(
    user: User, other_user: User, client_for: Callable[[User], Client]
) -> None:
    mine, theirs = client_for(user), client_for(other_user)
    assert progress.watcher() is None
    assert told(mine) == ""
    with progress.watched(user, KEY, now=NOW):
        assert not TrialProgress.objects.exists()
        reach(CheckStage.CONNECT, CheckStage.ENCRYPTION, CheckStage.CONNECT)
        assert (told(mine), told(theirs), told(mine, uuid4())) == ("encryption", "", "")
        reach(CheckStage.SIGN_IN)
        assert told(mine) == "sign-in"
    assert progress.watcher() is None
    assert told(mine) == ""
    assert not TrialProgress.objects.exists()


def test_after_the_mailbox_comes_the_server_for_sending(user: User) -> None:
    with progress.watched(user, KEY, now=NOW):
        reach(CheckStage.FOLDERS, CheckStage.FOLDERS)
        assert progress.stage(user, KEY) == "folders"
        reach(CheckStage.ENCRYPTION)
        assert progress.stage(user, KEY) == "send"
        reach(CheckStage.FOLDERS)
        assert progress.stage(user, KEY) == "send"


def test_the_newest_of_two_tests_of_one_form_counts(user: User) -> None:
    """The first was left, which the server does not know yet."""
    with progress.watched(user, KEY, now=NOW):
        reach(CheckStage.FOLDERS)
        with progress.watched(user, KEY, now=NOW):
            reach(CheckStage.CONNECT)
            assert progress.stage(user, KEY) == "connect"


def test_what_a_dead_process_left_goes_with_the_next_test(user: User) -> None:
    for age in (5, 15):
        at = NOW - timedelta(minutes=age)
        TrialProgress.objects.create(user=user, key=uuid4(), stage="connect", at=at)
    with progress.watched(user, KEY, now=NOW):
        reach(CheckStage.CONNECT)
    assert TrialProgress.objects.get().at == NOW - timedelta(minutes=5)


def test_a_test_does_not_fail_because_nobody_can_be_told(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(**fields: object) -> None:
        raise DatabaseError("database is locked")

    with progress.watched(user, KEY, now=NOW):
        with monkeypatch.context() as patch:
            patch.setattr(TrialProgress.objects, "create", locked)
            reach(CheckStage.CONNECT)
        reach(CheckStage.SIGN_IN)
        assert progress.stage(user, KEY) == "sign-in"


@pytest.mark.parametrize("key", ["", "x", "0" * 33, str(UUID(int=0)), "\0", "é" * 32])
def test_any_key_is_answered(user: User, client_for: Callable[[User], Client], key: str) -> None:
    assert told(client_for(user), key) == ""
