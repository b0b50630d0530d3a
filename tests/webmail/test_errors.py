"""What is shown when a page could not be made."""

from __future__ import annotations

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.models import User
from webmail import screen


def failing(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the mail screen fail as a broken part below it would."""

    def fail(user: User) -> None:
        raise error

    monkeypatch.setattr(screen, "desk", fail)


@pytest.fixture
def calm(browser_client: Client) -> Client:
    """A browser: it sees the answer, not the exception."""
    browser_client.raise_request_exception = False
    return browser_client


def test_an_error_says_little_and_calms(calm: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(ValueError("secret words"), monkeypatch)
    answer = calm.get("/")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Your mail is safe." in page
    assert "secret words" not in page
    assert "Traceback" not in page


def test_a_silent_database_is_said_in_words(calm: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(OperationalError("connection to server at 10.0.0.1 failed"), monkeypatch)
    answer = calm.get("/")
    page = answer.content.decode()
    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert "The mail server is not ready" in page
    assert "10.0.0.1" not in page


def test_nothing_there(browser_client: Client) -> None:
    answer = browser_client.get("/no/such/page/")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()
    assert "script-src 'self'" in answer["Content-Security-Policy"]
