"""Where somebody is signed in: kept, shown, ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import AuditEntry, Outcome, SignIn, User, UserSession
from accounts.services import doors, sessions
from accounts.views import security
from accounts.views.guessing import QUARTER, Guesses
from tests.conftest import PASSWORD
from tests.security.page_checks import Page

pytestmark = pytest.mark.django_db
ACCOUNT = "/settings/appearance/"


def signed_in(user: User, **more: str) -> Client:
    client = Client(**more)  # type: ignore[arg-type]  # of the environment
    values = {"username": user.email, "password": PASSWORD}
    assert client.post("/sign-in/", values).status_code == 302
    return client


def key_of(client: Client) -> str:
    return client.cookies[configured.SESSION_COOKIE_NAME].value


def is_in(client: Client) -> bool:
    return client.get(ACCOUNT).status_code == 200


@pytest.fixture(autouse=True)
def welcomed(user: User, other_user: User) -> None:
    User.objects.update(welcomed_at=timezone.now())


def test_a_session_is_known_from_sign_in_to_sign_out(user: User) -> None:
    client = signed_in(user, REMOTE_ADDR="203.0.113.9")
    row = user.signed_in.get()
    assert (row.key, row.address) == (key_of(client), "203.0.113.9")
    assert SignIn.objects.get().outcome == Outcome.IN
    shown = client.get(reverse("security")).content.decode()
    assert "203.0.113.9" in shown
    assert "This one" in shown
    client.post(reverse("sign-out"))
    assert not UserSession.objects.exists()


def test_one_is_ended_and_the_others_go_on(user: User, other_user: User) -> None:
    here, there, third = signed_in(user), signed_in(user), signed_in(user)
    stranger = signed_in(other_user)
    row = UserSession.objects.get(key=key_of(there))
    address = reverse("security-session", args=[row.pk])
    assert stranger.post(address).status_code == 404
    assert "Sign out" in here.get(address).content.decode()
    assert is_in(there)  # asking ends nothing
    assert here.post(address).status_code == 302
    assert [is_in(one) for one in (here, there, third, stranger)] == [True, False, True, True]
    assert here.post(reverse("security-sessions")).status_code == 302
    assert [is_in(one) for one in (here, third, stranger)] == [True, False, True]
    lines = AuditEntry.objects.filter(subject=user.pk).values_list("action", flat=True)
    assert list(lines) == ["sessions-ended", "session-ended"]


@pytest.mark.parametrize("keeps", [True, False])
def test_a_new_password_ends_what_is_not_kept(user: User, keeps: bool) -> None:
    here, there = signed_in(user), signed_in(user)
    program = user.app_passwords.create(name="x", secret_hash="x", made_at=timezone.now())
    new = "another river in autumn"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    if keeps:
        form |= {"keep_sessions": "on", "keep_programs": "on"}
    before = key_of(here)
    assert here.post(reverse("security-password"), form).status_code == 302
    assert key_of(here) != before
    assert (is_in(here), is_in(there)) == (True, keeps)
    assert user.app_passwords.filter(pk=program.pk).exists() is keeps
    # Its row went along to the new key.
    keys = set(user.signed_in.values_list("key", flat=True))
    assert keys == ({key_of(here), key_of(there)} if keeps else {key_of(here)})
    user.refresh_from_db()
    assert user.password_changed_at is not None


def test_the_old_password_is_not_guessed_here(
    user: User, client_for: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security, "_GUESSES", Guesses("old-password", limit=2, seconds=QUARTER))
    client, new = client_for(user), "another river in autumn"
    form = {"old_password": "guess", "new_password1": new, "new_password2": new}
    answers = [client.post(reverse("security-password"), form) for _ in range(3)]
    assert [one.status_code for one in answers] == [422, 422, 429]
    page = Page(answers[0].content.decode())
    assert (page.focused, page.named - page.ids) == (1, set())
    right = client.post(reverse("security-password"), form | {"old_password": PASSWORD})
    assert right.status_code == 429
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_use_is_noted_every_ten_minutes_and_costs_nothing_between(
    user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(user)
    client.get("/settings/")
    with django_assert_num_queries(2):  # the session and its person
        assert client.get("/settings/").status_code == 302
    session, row = client.session, user.signed_in.get()
    session["seen"] -= 601
    session.save()
    assert client.get("/settings/", REMOTE_ADDR="203.0.113.77").status_code == 302
    after = user.signed_in.get()
    assert after.seen_at > row.seen_at
    assert after.address == "203.0.113.77"
    # Access from another address is one of A124's.
    assert set(SignIn.objects.values_list("address", flat=True)) == {"127.0.0.1", "203.0.113.77"}
    expires = Session.objects.get().expire_date
    assert expires > timezone.now() + timedelta(days=13, hours=23)


def test_no_session_outlives_ninety_days(user: User) -> None:
    client = signed_in(user)
    session = client.session
    session["since"] -= 90 * 24 * 3600 - 60
    session.save()
    assert is_in(client)
    session["since"] -= 120
    session.save()
    assert not is_in(client)
    assert not UserSession.objects.exists()
    assert not Session.objects.filter(session_key=session.session_key).exists()


def test_housekeeping_ends_what_is_over(user: User) -> None:
    old, gone, alive = signed_in(user), signed_in(user), signed_in(user)
    now = timezone.now()
    rows = UserSession.objects
    rows.filter(key=key_of(old)).update(started_at=now - timedelta(days=91))
    Session.objects.filter(session_key=key_of(gone)).delete()
    assert sessions.tidy(now=now) == 1
    assert not is_in(old)
    assert is_in(alive)
    assert [one.key for one in rows.all()] == [key_of(alive)]


def test_a_given_password_is_replaced_first_of_all(user: User) -> None:
    User.objects.update(password_is_given=True)
    client = signed_in(user)
    choose = reverse("choose-password")
    assert client.get("/")["Location"] == choose
    part = client.get("/", headers={"HX-Request": "true"})
    assert part["HX-Redirect"] == choose
    assert client.get("/no-such-page/")["Location"] == choose
    assert client.get(choose).status_code == 200
    same = client.post(choose, {"password": PASSWORD, "again": PASSWORD})
    assert same.status_code == 422
    assert PASSWORD not in same.content.decode()
    page = Page(same.content.decode())
    assert (page.focused, page.named - page.ids) == (1, set())
    new = "another river in autumn"
    assert client.post(choose, {"password": new, "again": new}).status_code == 302
    assert is_in(client)
    user.refresh_from_db()
    assert user.check_password(new)
    assert client.get(choose)["Location"] == reverse("security")


def test_refusals_are_shown_to_the_person(user: User) -> None:
    client = Client()
    client.post("/sign-in/", {"username": user.email, "password": "guess"})
    client.post("/sign-in/", {"username": "nobody@example.test", "password": "guess"})
    assert list(SignIn.objects.values_list("user", "outcome")) == [(user.pk, Outcome.REFUSED)]


def test_a_lock_is_shown_too(user: User, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    form = {"username": user.email, "password": "guess"}
    assert [Client().post("/sign-in/", form).status_code for _ in range(3)] == [422, 429, 429]
    told = SignIn.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(told) == [Outcome.REFUSED, Outcome.LOCKED, Outcome.LOCKED]


def test_an_attack_from_everywhere_is_slowed_and_locks_nobody_out(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "ATTACKED", 6)

    def attempt(network: int, password: str = "guess") -> int:  # noqa: S107 - a wrong one
        client = Client(REMOTE_ADDR=f"203.0.113.{network}")
        values = {"username": f" {user.email.upper()}", "password": password}
        return client.post("/sign-in/", values).status_code

    assert [attempt(network) for network in range(1, 7)] == [422] * 6
    # Now each network has two tries, not ten; a new one always has its first.
    assert [attempt(1), attempt(1)] == [422, 429]
    assert [attempt(9), attempt(9), attempt(9, PASSWORD)] == [422, 422, 429]
    assert attempt(10, PASSWORD) == 302


def test_one_network_does_not_try_everybody(monkeypatch: pytest.MonkeyPatch, user: User) -> None:
    monkeypatch.setattr(doors, "NETWORK", 4)
    answers = [
        Client().post("/sign-in/", {"username": f"p{n}@example.test", "password": "x"}).status_code
        for n in range(6)
    ]
    assert answers == [422, 422, 422, 422, 429, 429]
    elsewhere = Client(REMOTE_ADDR="198.51.100.4")
    right = elsewhere.post("/sign-in/", {"username": user.email, "password": PASSWORD})
    assert right.status_code == 302
