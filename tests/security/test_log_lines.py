"""What the log says of refusals and of limits, and in what form."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.services import tries
from filtering.services.deliver import Incoming, deliver
from mailstore.models import FolderRole
from mailstore.services import folders
from protocols.body import Body


@pytest.mark.django_db
def test_who_is_refused_what_is_one_line_with_numbers_only(
    user: User,
    other_user: User,
    client_for: Callable[[User], Client],
    caplog: pytest.LogCaptureFixture,
) -> None:
    inbox = folders.special(other_user, FolderRole.INBOX)
    [message] = deliver(
        [Incoming(Body.of(b"Subject: theirs\r\n\r\nx"), inbox)], now=datetime.now(UTC)
    )
    browser = client_for(user)
    with caplog.at_level(logging.WARNING, logger="accounts.refusals"):
        assert browser.get(reverse("mail")).status_code == 200
        assert browser.get(reverse("mail-message", args=[message.pk])).status_code == 404
        assert browser.get(reverse("system-status")).status_code in {403, 404}
        assert browser.get("/compose/a-word-of-mine/").status_code == 404
        assert Client().get(reverse("mail-message", args=[message.pk])).status_code == 302
    said = [one.getMessage() for one in caplog.records if one.name == "accounts.refusals"]
    assert said[0] == f"person {user.pk} was answered 404: GET mail-message pk={message.pk}"
    assert "GET system-status" in said[1]
    assert said[2:] == [f"person {user.pk} was answered 404: GET no page of ours"]


@pytest.mark.django_db
def test_a_limit_that_is_reached_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    now = datetime.now(UTC)
    with caplog.at_level(logging.WARNING, logger="accounts.services.tries"):
        found = [
            tries.allow("prove", "mara@example.test", limit=3, seconds=900, now=now)
            for _ in range(6)
        ]
        later = now + timedelta(seconds=900)
        assert tries.allow("prove", "mara@example.test", limit=3, seconds=900, now=later)
    assert found == [True] * 3 + [False] * 3
    [line] = [one.getMessage() for one in caplog.records]
    assert line.startswith("more than 3 in 900 s of 'prove' by ")
    assert "mara" not in line


def test_everything_goes_to_standard_error_in_lines_that_begin_alike_in_utc() -> None:
    logs: dict[str, Any] = settings.LOGGING
    handlers = logs["handlers"]
    assert {one["class"] for one in handlers.values()} == {"logging.StreamHandler"}
    assert logs["root"]["handlers"] == list(handlers)
    assert not [one for one in logs["loggers"].values() if "handlers" in one]
    assert (settings.USE_TZ, settings.TIME_ZONE) == (True, "UTC")
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    form = logs["formatters"][handlers["console"]["formatter"]]["format"]
    handler.setFormatter(logging.Formatter(form))
    record = logging.LogRecord("accounts.x", logging.WARNING, "", 0, "it is %s", ("so",), None)
    record.created, record.msecs = 1_700_000_000.0, 0.0
    handler.emit(record)
    assert time.tzname == ("UTC", "UTC")
    assert stream.getvalue() == "2023-11-14 22:13:20,000 WARNING accounts.x it is so\n"
