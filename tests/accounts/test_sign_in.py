"""Signing in and out."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.conftest import PASSWORD
from tests.security.page_checks import Page

SIGN_IN = "/sign-in/"


def attempt(client: Client, email: str, password: str, **more: str) -> int:
    values = {"username": email, "password": password, **more}
    return client.post(SIGN_IN, values).status_code


def test_the_address_is_the_login(client: Client, user: User) -> None:
    answer = client.post(SIGN_IN, {"username": "  MARA@Example.test ", "password": PASSWORD})
    assert answer.status_code == 302
    assert answer["Location"] == reverse("mail")
    assert client.get("/").status_code == 200


def test_one_sentence_for_unknown_and_wrong(client: Client, user: User) -> None:
    """Nobody learns from the answer whether an address exists."""
    bodies = []
    for email in (user.email, "nobody@example.test"):
        answer = Client().post(SIGN_IN, {"username": email, "password": "not it"})
        assert answer.status_code == 422
        assert "not it" not in answer.content.decode()
        text = answer.content.decode().replace(email, "X")
        bodies.append([line for line in text.splitlines() if "csrf" not in line.lower()])
    assert bodies[0] == bodies[1]


def test_after_a_mistake_one_goes_on_at_the_password(client: Client, user: User) -> None:
    answer = client.post(SIGN_IN, {"username": user.email, "password": "not it"})
    text = answer.content.decode()
    field = text[text.index('name="password"') :].partition(">")[0]
    assert "autofocus" in field
    assert 'aria-describedby="sign-in-error"' in field
    page = Page(text)
    assert (page.focused, page.named - page.ids) == (1, set())
    # Without an address that is what is missing first; Tab leads from it to the password.
    text = client.post(SIGN_IN, {"username": "", "password": "not it"}).content.decode()
    assert "autofocus" in text[text.index('name="username"') :].partition(">")[0]
    assert Page(text).named <= Page(text).ids
    assert text.index('name="password"') < text.index(reverse("recovery"))


def test_a_disabled_user_is_answered_like_a_stranger(client: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    answer = client.post(SIGN_IN, {"username": user.email, "password": PASSWORD})
    assert answer.status_code == 422
    assert "do not match" in answer.content.decode()


def test_a_disabled_user_is_out_at_once(user: User, client_for: Callable[[User], Client]) -> None:
    client = client_for(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/")["Location"].startswith(SIGN_IN)


def test_the_session_lasts_as_long_as_asked(client: Client, user: User) -> None:
    attempt(client, user.email, PASSWORD)
    assert not client.cookies[settings.SESSION_COOKIE_NAME]["max-age"]
    other = Client()
    attempt(other, user.email, PASSWORD, remember="on")
    assert other.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 14 * 24 * 3600


def test_only_local_addresses_are_gone_to(client: Client, user: User) -> None:
    values = {"username": user.email, "password": PASSWORD}
    answer = client.post(SIGN_IN, {**values, "next": "https://evil.test/"})
    assert answer["Location"] == reverse("mail")
    answer = Client().post(SIGN_IN, {**values, "next": "/settings/account/"})
    assert answer["Location"] == "/settings/account/"


def test_too_many_attempts_close_the_door(client: Client, user: User) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        last = attempt(client, user.email, "guess")
    assert last == 429
    page = client.post(SIGN_IN, {"username": user.email, "password": PASSWORD})
    assert page.status_code == 429
    assert "Sign-in paused" in page.content.decode()
    # Another address, and the same person from another network, are not kept out.
    assert attempt(client, "other@example.test", "guess") == 422
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert attempt(elsewhere, user.email, PASSWORD) == 302


def test_a_forged_network_does_not_open_it(client: Client, user: User) -> None:
    for number in range(settings.AXES_FAILURE_LIMIT):
        forged = Client(HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")
        attempt(forged, user.email, "guess")
    assert attempt(Client(HTTP_X_FORWARDED_FOR="203.0.113.77"), user.email, PASSWORD) == 429


def test_signing_out_is_a_post(user: User, client_for: Callable[[User], Client]) -> None:
    client = client_for(user)
    assert client.get("/sign-out/").status_code == 405
    answer = client.post("/sign-out/")
    assert answer["Location"] == SIGN_IN
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/")["Location"].startswith(SIGN_IN)


def test_passwords_are_stored_with_argon2(user: User) -> None:
    assert user.password.startswith("argon2$argon2id$")


def test_forms_need_a_token(user: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(SIGN_IN, {"username": user.email, "password": PASSWORD})
    assert answer.status_code == 403
    assert "The page was too old" in answer.content.decode()


def test_times_are_shown_as_they_are_where_the_person_is(client: Client, user: User) -> None:
    """The browser's time zone counts at the first sign-in only, and only if it is one."""
    attempt(client, user.email, PASSWORD, time_zone="Europe/Lisbon")
    user.refresh_from_db()
    assert user.time_zone == "Europe/Lisbon"
    attempt(Client(), user.email, PASSWORD, time_zone="Asia/Tokyo")
    user.refresh_from_db()
    assert user.time_zone == "Europe/Lisbon"


def test_the_language_of_the_browser_stays_after_the_first_sign_in(user: User) -> None:
    for asked, kept in (("de-AT,de;q=0.9,en;q=0.5", "de"), ("en", "de")):
        attempt(Client(headers={"Accept-Language": asked}), user.email, PASSWORD)
        user.refresh_from_db()
        assert user.language == kept
    User.objects.filter(pk=user.pk).update(last_login=None, language="en")
    attempt(Client(headers={"Accept-Language": "fi"}), user.email, PASSWORD)
    user.refresh_from_db()
    assert user.language == "en"


def test_a_browser_without_a_time_zone_changes_nothing(client: Client, user: User) -> None:
    for odd in ("", "Nowhere/Land", "../../etc/passwd", "x" * 500):
        User.objects.filter(pk=user.pk).update(last_login=None)
        assert attempt(Client(), user.email, PASSWORD, time_zone=odd) == 302
        user.refresh_from_db()
        assert user.time_zone == "UTC"


def test_a_part_of_a_page_has_the_whole_page_sign_in(client: Client, user: User) -> None:
    """Whose session is over gets no sign-in page inside another."""
    part = client.get("/folder/new/", headers={"HX-Request": "true"}, follow=True)
    assert (part.content, part.headers["HX-Refresh"]) == (b"", "true")
    assert "Sign in" in client.get("/folder/new/", follow=True).content.decode()
