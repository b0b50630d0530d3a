"""What is over goes, what is not stays: each kind at its limit."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from captcha.models import CaptchaStore
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.callers import Caller
from accounts.models import (
    MailedLink,
    Protocol,
    Purpose,
    RecoveryRequest,
    SignIn,
    SystemMessage,
    Tries,
    User,
    UserSession,
)
from accounts.services import housekeeping, sign_ins, tries
from accounts.tasks import tidy
from tests.conftest import PASSWORD

NOW = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def old_and_young(user: User) -> dict[str, type[Any]]:
    """Two rows of each kind, one just over and one not yet; the models by name."""
    for number, late in enumerate((-SECOND, SECOND)):
        sign_ins.record(
            user=user, protocol=Protocol.IMAP, caller=Caller("9.9.9.9"), now=NOW - 3 * DAY + late
        )
        Tries.objects.create(key=f"{number}", began_at=NOW - DAY, ends_at=NOW + late, count=1)
        MailedLink.objects.create(
            user=user, purpose=Purpose.PASSWORD, address="x@y.test", token_hash=f"{number}",
            made_at=NOW - 4 * DAY, expires_at=NOW - 3 * DAY + late,
        )  # fmt: skip
        RecoveryRequest.objects.create(
            address="x@y.test", network="9.9.9.9", language="en", made_at=NOW - 3 * DAY + late
        )
        CaptchaStore.objects.create(challenge="A", response="a", hashkey=f"{number}",
            expiration=NOW + late)  # fmt: skip
        Session.objects.create(session_key=f"k{number}", session_data="", expire_date=NOW + late)
        UserSession.objects.create(
            user=user, key=f"k{number}", started_at=NOW - DAY, seen_at=NOW - DAY
        )
        SystemMessage.objects.create(
            to="x@y.test", subject="x", message_id=f"{number}", made_at=NOW - 40 * DAY,
            sent_at=NOW - 30 * DAY + late,
        )  # fmt: skip
        attempt = AccessAttempt.objects.create(failures_since_start=1, username=f"{number}")
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=NOW - DAY + late)
        seen = AccessLog.objects.create(username=f"{number}")
        AccessLog.objects.filter(pk=seen.pk).update(attempt_time=NOW - DAY + late)
    kinds = (
        SignIn, Tries, MailedLink, RecoveryRequest, CaptchaStore, Session, UserSession,
        SystemMessage, AccessAttempt, AccessLog,
    )  # fmt: skip
    return {kind.__name__: kind for kind in kinds}


@pytest.mark.accept("A123")
def test_each_kind_goes_at_its_limit_and_not_before(
    user: User, caplog: pytest.LogCaptureFixture
) -> None:
    kinds = old_and_young(user)
    with caplog.at_level(logging.INFO, logger="accounts"):
        housekeeping.tidy(now=NOW)
        left = {name: kind.objects.count() for name, kind in kinds.items()}
        assert left == dict.fromkeys(kinds, 1)
        housekeeping.tidy(now=NOW)
    # One line, and none where there was nothing to do.
    assert [one.getMessage().count("1 sign-ins") for one in caplog.records] == [1]
    assert {name: kind.objects.count() for name, kind in kinds.items()} == left


def test_what_fails_keeps_nothing_else_waiting(
    user: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kinds = old_and_young(user)

    def broken(*, now: datetime) -> int:
        raise RuntimeError("full disk")

    steps = dict(housekeeping._STEPS)
    monkeypatch.setattr(housekeeping, "_STEPS", {"broken": broken, **steps})
    housekeeping.tidy(now=NOW)
    assert {kind.objects.count() for kind in kinds.values()} == {1}
    assert "broken could not be tidied" in caplog.text


def test_the_clock_asks_for_it(user: User) -> None:
    assert tidy.name in {one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()}
    tries.allow("x", "y", limit=1, seconds=60, now=NOW - 9999 * DAY)
    tidy()
    assert not Tries.objects.exists()


def test_no_other_trail_of_sign_ins_is_kept(user: User, settings: Settings) -> None:
    browser = Client()
    values = {"username": user.email, "password": PASSWORD}
    assert browser.post(reverse("sign-in"), values).status_code == 302
    browser.post(reverse("sign-out"))
    assert SignIn.objects.filter(user=user).count() == 1
    assert not AccessLog.objects.exists()
