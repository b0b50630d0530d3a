"""The door under attack: guessing, finding out who lives here, bringing a session along."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from accounts.callers import network_of
from accounts.models import User
from tests.conftest import PASSWORD
from tests.hashers import QuickArgon2
from tests.infra.running import ROOT

SIGN_IN = "/sign-in/"


class CountingArgon2(QuickArgon2):
    """Counts how often a password was hashed, which is what takes the time."""

    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        CountingArgon2.hashed += 1
        return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        CountingArgon2.hashed += 1
        return super().verify(password, encoded)


def attempt(client: Client, email: str, password: str) -> int:
    return client.post(SIGN_IN, {"username": email, "password": password}).status_code


@pytest.fixture
def failures(settings: Settings) -> int:
    settings.AXES_FAILURE_LIMIT = 3
    return 3


def test_every_refusal_costs_one_hash(user: User, other_user: User, settings: Settings) -> None:
    """Unknown, wrong and disabled take the same work, so the clock tells nothing."""
    User.objects.filter(pk=other_user.pk).update(is_active=False)
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingArgon2"]
    work, answers = [], []
    for email in (user.email, "nobody@example.test", "nobody@nowhere.test", other_user.email):
        before = CountingArgon2.hashed
        answer = Client().post(SIGN_IN, {"username": email, "password": "not it"})
        work.append(CountingArgon2.hashed - before)
        answers.append((answer.status_code, sorted(answer.headers)))
    assert work == [1, 1, 1, 1]
    assert len({str(one) for one in answers}) == 1


@pytest.mark.parametrize(
    "spelling",
    ["MARA@EXAMPLE.TEST", " mara@example.test ", "Mara@Example.test", "\uff4dara@example.test"],
)
def test_another_spelling_is_the_same_door(user: User, failures: int, spelling: str) -> None:
    for _ in range(failures):
        attempt(Client(), spelling, "guess")
    assert attempt(Client(), user.email, PASSWORD) == 429


@pytest.mark.parametrize(
    "header",
    ["X_FORWARDED_FOR", "X_REAL_IP", "FORWARDED", "CLIENT_IP", "CF_CONNECTING_IP", "X_CLIENT_IP"],
)
def test_no_header_makes_a_new_network(user: User, failures: int, header: str) -> None:
    for number in range(failures):
        attempt(Client(headers={header.replace("_", "-"): f"203.0.113.{number}"}), user.email, "no")
    assert attempt(Client(), user.email, PASSWORD) == 429


def test_an_attacker_locks_out_only_the_own_network(user: User, failures: int) -> None:
    for _ in range(5 * failures):
        attempt(Client(REMOTE_ADDR="203.0.113.9"), user.email, "guess")
    assert attempt(Client(REMOTE_ADDR="198.51.100.4"), user.email, PASSWORD) == 302


def test_behind_a_proxy_people_are_told_apart(
    user: User, failures: int, settings: Settings
) -> None:
    """Otherwise all share the proxy's address, and anybody locks out everybody."""
    settings.TRUSTED_PROXIES = 1

    def through_proxy(address: str, *, claimed: str = "") -> Client:
        heard = f"{claimed}, {address}" if claimed else address
        return Client(REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": heard})

    for number in range(failures):
        attacker = through_proxy("203.0.113.9", claimed=f"192.0.2.{number}")
        attempt(attacker, user.email, "guess")
    assert attempt(through_proxy("203.0.113.9", claimed="192.0.2.200"), user.email, "x") == 429
    assert attempt(through_proxy("198.51.100.4"), user.email, PASSWORD) == 302


def test_a_network_of_ipv6_is_one_caller(user: User, failures: int) -> None:
    """A household has 2**64 addresses; trying from each of them must not help."""
    for number in range(failures):
        attempt(Client(REMOTE_ADDR=f"2001:db8:1:2::{number:x}"), user.email, "guess")
    assert attempt(Client(REMOTE_ADDR="2001:db8:1:2:ffff::9"), user.email, PASSWORD) == 429
    assert attempt(Client(REMOTE_ADDR="2001:db8:1:3::1"), user.email, PASSWORD) == 302


@pytest.mark.parametrize(
    ("proxies", "heard", "expected"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "not an address", "192.0.2.1"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "2001:db8::5", "2001:db8::"),
    ],
)
def test_whose_network_it_is(settings: Settings, proxies: int, heard: str, expected: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    request: HttpRequest = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1")
    if heard:
        request.META["HTTP_X_FORWARDED_FOR"] = heard
    assert network_of(request) == expected


def test_a_session_brought_along_is_not_taken(user: User) -> None:
    browser = Client()
    name = configured.SESSION_COOKIE_NAME
    browser.cookies[name] = "chosenbytheattackerchosenbythea"
    assert attempt(browser, user.email, PASSWORD) == 302
    assert browser.cookies[name].value != "chosenbytheattackerchosenbythea"
    # One that is known to the server is renewed too.
    visitor = Client()
    session = visitor.session
    session["planted"] = True
    session.save()
    visitor.cookies[name] = session.session_key or ""
    assert attempt(visitor, user.email, PASSWORD) == 302
    assert visitor.cookies[name].value != session.session_key
    assert not Session.objects.filter(session_key=session.session_key).exists()


def test_a_new_password_ends_other_sessions(
    user: User, client_for: Callable[[User], Client]
) -> None:
    here, stolen = client_for(user), client_for(user)
    new = "another river in autumn"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    wrong = here.post(reverse("security-password"), form | {"old_password": "guess"})
    assert wrong.status_code == 422
    assert here.post(reverse("security-password"), form).status_code == 302
    assert here.get("/").status_code == 200
    assert stolen.get("/").status_code == 302


def test_a_session_ends_at_the_server_too(user: User, client_for: Callable[[User], Client]) -> None:
    browser = client_for(user)
    copied = browser.cookies[configured.SESSION_COOKIE_NAME].value
    browser.post(reverse("sign-out"))
    thief = Client()
    thief.cookies[configured.SESSION_COOKIE_NAME] = copied
    assert thief.get("/").status_code == 302


ASK = """
import json, django
django.setup()
from django.conf import settings
from django.db import connection
from django.test import Client
from accounts.models import Domain
cursor = connection.cursor()
cursor.execute("PRAGMA foreign_keys=OFF")
with connection.schema_editor() as editor:  # the page bears the name of the host's domain
    editor.create_model(Domain)
answer = Client(headers={"X-Forwarded-Proto": "https", "Host": "localhost"}).get("/sign-in/")
cookies = {name: dict(one) for name, one in answer.cookies.items()}
print(json.dumps({
    "headers": dict(answer.headers), "cookies": cookies,
    "session": [settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE,
                settings.SESSION_COOKIE_HTTPONLY, settings.SESSION_COOKIE_SAMESITE,
                settings.SESSION_COOKIE_PATH, settings.SESSION_COOKIE_DOMAIN],
}))
"""


def test_cookies_stay_on_https(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env={
            "DJANGO_SETTINGS_MODULE": "webmail.settings",
            "ENV_FILE": "/dev/null",
            "DATA_DIR": str(tmp_path),
            "DEBUG": "on",  # without the hashed names of files, which need a collectstatic
            "HTTPS": "on",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["session"] == ["__Host-session", True, True, "Lax", "/", None]
    cookie = told["cookies"]["__Host-csrf"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    assert told["headers"]["Strict-Transport-Security"].startswith("max-age=31536000")
