"""A new password by the link in the mail: what it changes, and whom it lets in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import (
    AppPassword,
    AuditEntry,
    MailedLink,
    Purpose,
    SystemMessage,
    User,
    UserSession,
)
from accounts.services import links
from connectivity.models import Notification
from tests.accounts.recovering import BACKUP, CHOOSE, NEW, with_backup
from tests.conftest import PASSWORD
from tests.security.page_checks import Page

NOW = timezone.now()
TYPED = {"password": NEW, "again": NEW}


@pytest.fixture(autouse=True)
def site(settings: Settings) -> None:
    settings.SITE_URL = "https://mail.example.test"


@pytest.fixture
def person(user: User) -> User:
    return with_backup(user, timezone.now())


def link_of(person: User, **ago: int) -> str:
    made = timezone.now() - timedelta(**ago)
    return f"/recover/link/{links.make(person, Purpose.PASSWORD, BACKUP, made)}/"


def opened(path: str, client: Client | None = None) -> Client:
    client = client or Client()
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, CHOOSE)
    return client


def is_over(path: str) -> bool:
    answer = Client().get(path)
    return answer.status_code == 302 and Client().get(answer["Location"]).status_code == 410


def can_sign_in(person: User, password: str) -> bool:
    typed = {"username": person.email, "password": password}
    return Client().post("/sign-in/", typed).status_code == 302


@pytest.mark.accept("A164")
def test_the_link_leads_to_a_new_password(person: User) -> None:
    User.objects.update(password_is_given=True)
    client = opened(link_of(person))
    page = client.get(CHOOSE).content.decode()
    assert person.email in page
    answer = client.post(CHOOSE, TYPED)
    assert answer["Location"] == "/recover/done/"
    assert client.get("/recover/done/").status_code == 200
    # Nobody was signed in by it.
    assert client.get("/").status_code == 302
    assert not can_sign_in(person, PASSWORD)
    assert can_sign_in(person, NEW)
    person.refresh_from_db()
    assert person.password_changed_at is not None
    assert not person.password_is_given


@pytest.mark.accept("A168")
def test_a_link_works_once(person: User) -> None:
    path = link_of(person)
    first, second = opened(path), opened(path)
    assert first.post(CHOOSE, TYPED).status_code == 302
    assert second.post(CHOOSE, {"password": "x" * 20, "again": "x" * 20}).status_code == 410
    assert first.post(CHOOSE, TYPED).status_code == 410
    assert is_over(path)
    person.refresh_from_db()
    assert person.check_password(NEW)


def test_programs_that_follow_links_use_nothing_up(person: User) -> None:
    path = link_of(person)
    for _ in range(3):
        scanner = Client()
        scanner.head(path)
        scanner.get(path, follow=True)
    assert MailedLink.objects.get().used_at is None
    assert opened(path).post(CHOOSE, TYPED).status_code == 302


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_nothing_but_looking_can_be_done_to_a_link(person: User, method: str) -> None:
    assert getattr(Client(), method)(link_of(person), TYPED).status_code == 405


def test_a_link_is_good_for_an_hour(person: User) -> None:
    assert is_over(link_of(person, minutes=61))
    client = opened(link_of(person, minutes=59))
    MailedLink.objects.update(expires_at=timezone.now())
    assert client.get(CHOOSE).status_code == 410
    assert client.post(CHOOSE, TYPED).status_code == 410
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_a_newer_link_ends_what_was_opened_by_an_older_one(person: User) -> None:
    client = opened(link_of(person))
    link_of(person)
    assert client.post(CHOOSE, TYPED).status_code == 410


def test_another_persons_token_opens_that_persons_account_only(
    person: User, other_user: User
) -> None:
    client = opened(link_of(other_user))
    assert other_user.email in client.get(CHOOSE).content.decode()
    client.post(CHOOSE, {**TYPED, "user": person.pk, "username": person.email, "link": 1})
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    other_user.refresh_from_db()
    assert other_user.check_password(NEW)


def test_a_link_for_confirming_gives_no_password(person: User) -> None:
    token = links.make(person, Purpose.BACKUP, BACKUP, timezone.now())
    assert is_over(f"/recover/link/{token}/")


@pytest.mark.parametrize("path", ["/recover/link/x/", f"/recover/link/{'a' * 43}/"])
def test_a_made_up_link_is_over(person: User, path: str) -> None:
    assert is_over(path)
    assert "no longer works" in Client().get(path, follow=True).content.decode()


def test_without_a_link_there_is_nothing_to_choose(person: User) -> None:
    assert Client().get(CHOOSE).status_code == 410
    assert Client().post(CHOOSE, TYPED).status_code == 410


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"password": "short", "again": "short"}, "too short"),
        ({"password": "password123", "again": "password123"}, "too common"),
        ({"password": "mara@example.test", "again": "mara@example.test"}, "too similar"),
        ({"password": NEW, "again": NEW + "x"}, "not the same"),
        ({}, "Enter a new password"),
    ],
)
def test_a_poor_password_is_refused_and_not_shown(
    person: User, typed: dict[str, str], told: str
) -> None:
    client = opened(link_of(person))
    answer = client.post(CHOOSE, typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert told in page
    # Nothing is described by what is not there, and one goes on at the first of the two.
    found = Page(page)
    assert (found.focused, found.named - found.ids) == (1, set())
    assert f'value="{typed.get("password", NEW)}"' not in page.replace(
        f'value="{person.email}" autocomplete="username"', ""
    )
    assert client.post(CHOOSE, TYPED).status_code == 302


def test_the_token_leaves_the_address_bar_and_is_kept_nowhere(
    person: User, caplog: pytest.LogCaptureFixture
) -> None:
    path = link_of(person)
    token = path.split("/")[3]
    client = opened(path)
    assert token not in client.get(CHOOSE).content.decode()
    client.post(CHOOSE, TYPED)
    assert is_over(path)
    assert token not in caplog.text
    assert all(token not in str(one.get_decoded()) for one in Session.objects.all())


def test_whoever_planted_a_session_does_not_follow(person: User) -> None:
    """A session that somebody else knows is another one once the link was opened (fixation)."""
    planted = Client()
    planted.get("/sign-in/")
    session = planted.session
    session["theirs"] = 1
    session.save()
    key = str(session.session_key)
    planted.cookies["sessionid"] = key
    victim = Client()
    victim.cookies["sessionid"] = key
    opened(link_of(person), victim)
    assert planted.get(CHOOSE).status_code == 410


def signed_in_twice(person: User) -> tuple[list[Client], list[UserSession]]:
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(person)
        key = client.session.session_key
        UserSession.objects.get_or_create(
            key=key, defaults={"user": person, "started_at": NOW, "seen_at": NOW}
        )
        assert client.get("/").status_code == 200
    return clients, [UserSession.objects.get(key=one.session.session_key) for one in clients]


def programs(person: User) -> list[AppPassword]:
    return [
        AppPassword.objects.create(user=person, name=name, secret_hash=name * 8, made_at=NOW)
        for name in ("phone", "laptop")
    ]


def test_everything_else_ends_unless_it_is_kept(person: User) -> None:
    clients, sessions = signed_in_twice(person)
    apps = programs(person)
    client = opened(link_of(person))
    page = client.get(CHOOSE).content.decode()
    assert 'name="keep_session"' in page
    assert "phone" in page
    assert "checked" not in page  # by itself all of it ends
    kept: dict[str, Any] = {"keep_session": sessions[0].pk, "keep_program": apps[1].pk}
    assert client.post(CHOOSE, {**TYPED, **kept}).status_code == 302
    assert [one.get("/").status_code for one in clients] == [200, 302]
    assert list(AppPassword.objects.values_list("name", flat=True)) == ["laptop"]
    entry = AuditEntry.objects.get(action="password-recovered")
    assert entry.detail == {"sessions_ended": 1, "app_passwords_ended": 1}


def test_what_came_after_the_page_was_opened_ends_too(person: User) -> None:
    client = opened(link_of(person))
    client.get(CHOOSE)
    clients, _sessions = signed_in_twice(person)
    programs(person)
    client.post(CHOOSE, TYPED)
    assert [one.get("/").status_code for one in clients] == [302, 302]
    assert not AppPassword.objects.exists()
    assert not UserSession.objects.filter(user=person).exists()


def test_another_persons_session_is_neither_kept_nor_ended(person: User, other_user: User) -> None:
    (theirs, *_), sessions = signed_in_twice(other_user)
    client = opened(link_of(person), theirs)
    client.post(CHOOSE, {**TYPED, "keep_session": sessions[0].pk})
    assert theirs.get("/").status_code == 200
    assert UserSession.objects.filter(user=other_user).count() == 2


def test_the_person_is_told_on_every_way(person: User) -> None:
    opened(link_of(person)).post(CHOOSE, TYPED)
    mail = SystemMessage.objects.get()
    assert (mail.to, mail.user) == (BACKUP, person)
    assert "new password was chosen" in mail.body
    assert NEW not in mail.body
    notice = Notification.objects.get(user=person)
    assert notice.cause == "password-recovered"
    assert notice.mail_at is not None  # in the Inbox as well
    entry = AuditEntry.objects.get(action="password-recovered")
    assert (entry.subject, entry.actor, entry.address) == (person.pk, person.pk, "127.0.0.1")


def test_the_lock_of_many_wrong_passwords_is_lifted(person: User, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    typed = {"username": person.email, "password": "wrong"}
    assert [Client().post("/sign-in/", typed).status_code for _ in range(3)][-1] == 429
    opened(link_of(person)).post(CHOOSE, TYPED)
    assert can_sign_in(person, NEW)


def test_a_signed_in_browser_of_the_same_person_is_out(person: User) -> None:
    (client, _other), _rows = signed_in_twice(person)
    opened(link_of(person), client).post(CHOOSE, TYPED)
    assert client.get("/").status_code == 302
