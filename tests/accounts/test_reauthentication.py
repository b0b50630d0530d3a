"""Pages that matter ask once more who is there."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.cookies import SimpleCookie

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from accounts.models import User, UserSession
from accounts.reauthentication import PROVED, recent
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


@recent
def matters(request: HttpRequest, pk: int = 0) -> HttpResponse:
    return HttpResponse(f"done {pk}")


def asked(method: str, age: int | None, **headers: str) -> HttpResponse:
    request = RequestFactory().generic(method, "/matters/?a=b", headers=headers)
    kept = {} if age is None else {PROVED: int(time.time()) - age}
    request.session = kept  # type: ignore[assignment]  # a dict will do
    answer = matters(request, pk=7)
    assert isinstance(answer, HttpResponse)
    return answer


@pytest.mark.parametrize(
    ("method", "age", "is_done"),
    [
        ("GET", None, False),
        ("GET", 0, True),
        ("GET", 14 * 60, True),
        ("GET", 16 * 60, False),
        ("GET", -3600, False),  # a clock that went back proves nothing
        ("POST", None, False),
        ("POST", 40 * 60, True),  # what was typed meanwhile is not lost
        ("POST", 46 * 60, False),
    ],
)
def test_a_proof_counts_for_a_time(method: str, age: int | None, is_done: bool) -> None:
    answer = asked(method, age)
    assert (answer.content == b"done 7") is is_done
    assert answer.status_code == (200 if is_done else 302)


def test_whoever_is_asked_comes_back() -> None:
    assert asked("GET", None)["Location"] == "/prove/?next=%2Fmatters%2F%3Fa%3Db"
    form = asked("POST", None, referer="http://testserver/settings/?q=x")
    assert form["Location"] == "/prove/?next=%2Fsettings%2F%3Fq%3Dx"
    assert asked("POST", None, referer="https://evil.test/x")["Location"] == "/prove/?next=%2F"
    part = asked("GET", None, **{"hx-request": "true", "hx-current-url": "http://testserver/here/"})
    assert (part.status_code, part["HX-Redirect"]) == (200, "/prove/?next=%2Fhere%2F")


def test_the_password_proves_it(user: User, client_for: Callable[[User], Client]) -> None:
    client = client_for(user)
    session = client.session
    del session[PROVED]
    session.save()
    assert b'value="/keyboard/"' in client.get("/prove/?next=/keyboard/").content
    wrong = client.post("/prove/", {"password": "guess", "next": "/keyboard/"})
    assert wrong.status_code == 422
    assert PROVED not in client.session
    right = client.post("/prove/", {"password": PASSWORD, "next": "/keyboard/"})
    assert right["Location"] == "/keyboard/"
    assert time.time() - client.session[PROVED] < 60
    away = client.post("/prove/", {"password": PASSWORD, "next": "https://evil.test/"})
    assert away["Location"] == "/"


def test_guessing_here_ends_too(user: User, client_for: Callable[[User], Client]) -> None:
    client = client_for(user)
    answers = [client.post("/prove/", {"password": "guess"}).status_code for _ in range(10)]
    assert answers == [422] * 10
    assert client.post("/prove/", {"password": PASSWORD}).status_code == 429


def test_the_session_goes_on_under_a_new_key(user: User) -> None:
    """Whoever knew the old key stays out; the list of sessions knows it as the same one."""
    browser = Client()
    browser.post("/sign-in/", {"username": user.email, "password": PASSWORD, "remember": "on"})
    browser.get("/settings/security/")
    (before,) = UserSession.objects.filter(user=user)
    thief = Client()
    thief.cookies = SimpleCookie(str(browser.cookies[settings.SESSION_COOKIE_NAME].OutputString()))
    assert thief.get("/settings/security/").status_code == 200
    wrong = browser.post("/prove/", {"password": "wrong"})
    assert wrong.status_code == 422
    assert browser.session.session_key == before.key
    browser.post("/prove/", {"password": PASSWORD, "next": "/settings/"})
    (after,) = UserSession.objects.filter(user=user)
    assert after.key == browser.session.session_key != before.key
    assert (after.pk, after.started_at) == (before.pk, before.started_at)
    assert not browser.session.get_expire_at_browser_close()
    assert browser.get("/settings/security/app/").status_code == 200
    assert thief.get("/settings/security/")["Location"].startswith("/sign-in/")
    assert not Session.objects.filter(session_key=before.key).exists()
