"""Administrators look after people of their own domain, and of nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AppPassword, AuditEntry, Domain, Purpose, Role, SystemMessage, User
from accounts.services import audit, links
from connectivity.models import Notification
from mailstore.services import folders

Make = Callable[..., User]
ClientFor = Callable[[User], Client]
NOW = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
PROFILE = {"display_name": "Mara Lind", "role": "user", "backup_address": "", "quota": ""}


@pytest.fixture
def admin(make_user: Make) -> User:
    return make_user("ada@example.test", Role.DOMAIN_ADMIN, display_name="Ada Admin")


@pytest.fixture
def system(make_user: Make) -> User:
    return make_user("root@example.test", Role.SYSTEM_ADMIN)


@pytest.fixture
def elsewhere(make_user: Make) -> User:
    """The administrator of another domain."""
    there = make_user("boss@there.test", Role.DOMAIN_ADMIN)
    there.domain = Domain.objects.create(name="there.test")
    there.save()
    return there


def users(browser: Client, **query: str) -> str:
    return browser.get("/settings/domain/users/", query).content.decode()


def address(user: User, tail: str = "") -> str:
    return f"/settings/domain/users/{user.pk}/{tail}"


def actions(user: User) -> list[str]:
    """What was done; that a page was looked at is told in test_admin_logs."""
    rows = AuditEntry.objects.filter(subject=user.pk).exclude(action="person-seen").order_by("pk")
    return list(rows.values_list("action", flat=True))


def told(user: User) -> list[str]:
    return list(
        Notification.objects.filter(user=user).order_by("pk").values_list("cause", flat=True)
    )


@pytest.mark.accept("A169")
def test_the_list_shows_the_people_of_the_own_domain_alone(
    admin: User, user: User, elsewhere: User, client_for: ClientFor
) -> None:
    page = users(client_for(admin))
    assert "mara@example.test" in page
    assert "boss@there.test" not in page
    assert users(client_for(elsewhere)).count("@example.test") == 0
    assert client_for(user).get("/settings/domain/users/").status_code == 404


def test_people_are_found_by_words_of_name_and_address(
    admin: User, user: User, other_user: User, client_for: ClientFor
) -> None:
    browser = client_for(admin)
    assert "otto@example.test" not in users(browser, q="lind mara@")
    assert "mara@example.test" in users(browser, q="lind mara@")
    assert "Nobody here has" in users(browser, q="<b>nobody")
    User.objects.filter(pk=user.pk).update(is_active=False)
    User.objects.filter(pk=other_user.pk).update(backup_confirmed_at=NOW, delete_after=NOW)
    for only, wanted in (("disabled", user), ("deleting", other_user), ("no-backup", user)):
        page = users(browser, only=only)
        other = other_user if wanted is user else user
        assert wanted.email in page, only
        assert other.email not in page, only


def test_a_page_costs_the_same_however_many_people_there_are(
    admin: User, user: User, domain: Domain, client_for: ClientFor
) -> None:
    browser = client_for(admin)
    users(browser)
    with CaptureQueriesContext(connection) as few:
        users(browser)
    User.objects.bulk_create(
        User(email=f"p{n:03}@example.test", domain=domain, password="!") for n in range(120)
    )
    folders.provision(User.objects.get(email="p001@example.test"))
    with CaptureQueriesContext(connection) as many:
        page = users(browser)
    assert len(many) == len(few)
    assert page.count("data-label=") == 50 * 4
    assert "p110@example.test" in users(browser, page="3")


@pytest.mark.accept("A170", "A171")
def test_a_backup_address_an_administrator_sets_counts_and_everybody_is_told(
    admin: User, user: User, client_for: ClientFor
) -> None:
    User.objects.filter(pk=user.pk).update(backup_address="old@mail.test", backup_confirmed_at=NOW)
    token = links.make(user, Purpose.PASSWORD, "old@mail.test", timezone.now())
    browser = client_for(admin)
    assert "old@mail.test" in browser.get(address(user)).content.decode()
    answer = browser.post(address(user), {**PROFILE, "backup_address": "New@mail.test "})
    assert answer.status_code == 302
    user.refresh_from_db()
    assert user.backup_address.lower() == "new@mail.test"
    assert user.backup_confirmed_at is not None
    assert links.find(token, Purpose.PASSWORD, timezone.now()) is None
    assert actions(user) == ["backup-changed"]
    assert told(user) == ["backup-changed"]
    assert {one.to.lower() for one in SystemMessage.objects.all()} == {
        "old@mail.test",
        "new@mail.test",
    }


def test_a_backup_address_nobody_locked_out_could_read_is_refused(
    admin: User, user: User, client_for: ClientFor
) -> None:
    for wrong in ("other@example.test", user.email, "no address"):
        answer = client_for(admin).post(
            address(user), {**PROFILE, "backup_address": wrong, "display_name": "Typed"}
        )
        assert answer.status_code == 422, wrong
        assert 'value="Typed"' in answer.content.decode()
        assert f'value="{wrong}"' in answer.content.decode()
    user.refresh_from_db()
    assert (user.backup_address, user.display_name) == ("", "Mara Lind")


@pytest.mark.accept("A172")
def test_a_new_password_is_shown_once_and_ends_everything_else(
    admin: User, user: User, client_for: ClientFor
) -> None:
    theirs = client_for(user)
    AppPassword.objects.create(user=user, name="Phone", secret_hash="x", made_at=NOW)
    answer = client_for(admin).post(address(user, "password/"), {"how": "made"})
    page = answer.content.decode()
    made = page.split('id="secret" value="')[1].split('"')[0]
    user.refresh_from_db()
    assert user.check_password(made)
    assert user.password_is_given
    assert theirs.get("/").status_code == 302
    assert not AppPassword.objects.filter(user=user).exists()
    assert made not in client_for(admin).get(address(user)).content.decode()
    assert actions(user) == ["password-reset"]
    assert told(user) == ["password-reset"]
    assert made not in str(list(AuditEntry.objects.values()))


def test_a_password_that_is_too_easy_is_refused_and_not_shown_again(
    admin: User, user: User, client_for: ClientFor
) -> None:
    before = user.password
    for typed in ("", "12345", "password1234"):
        answer = client_for(admin).post(
            address(user, "password/"), {"how": "typed", "password": typed}
        )
        assert answer.status_code == 422
        assert not typed or f'"{typed}"' not in answer.content.decode()
    user.refresh_from_db()
    assert user.password == before


def test_out_at_once_and_in_again(admin: User, user: User, client_for: ClientFor) -> None:
    theirs, browser = client_for(user), client_for(admin)
    assert "Disable Mara Lind?" in browser.get(address(user, "disable/")).content.decode()
    browser.post(address(user, "disable/"))
    assert theirs.get("/").status_code == 302
    browser.post(address(user, "enable/"))
    user.refresh_from_db()
    assert user.is_active
    assert actions(user) == ["user-disabled", "user-enabled"]


def test_deleted_and_taken_back(admin: User, user: User, client_for: ClientFor) -> None:
    theirs, browser = client_for(user), client_for(admin)
    program = AppPassword.objects.create(user=user, name="Phone", secret_hash="x", made_at=NOW)
    browser.post(address(user, "delete/"))
    user.refresh_from_db()
    assert user.delete_after is not None
    assert "To be deleted on" in browser.get(address(user)).content.decode()
    browser.post(address(user, "keep/"))
    user.refresh_from_db()
    assert user.delete_after is None
    # All of it is there as it was.
    assert user.app_passwords.get() == program
    assert actions(user) == ["user-deletion", "user-kept"]
    assert told(user) == ["user-deletion", "user-kept"]
    assert theirs.get("/nowhere/").status_code in {302, 404}


def test_the_second_step_of_who_lost_the_phone(
    admin: User, user: User, client_for: ClientFor
) -> None:
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x", "step": 0})
    browser = client_for(admin)
    assert "Remove the second step" in browser.get(address(user)).content.decode()
    browser.post(address(user, "second-step/"))
    assert not Authenticator.objects.exists()
    assert actions(user) == ["second-step-cleared"]
    assert told(user) == ["second-step-cleared"]


@pytest.mark.accept("A175")
def test_every_page_by_role(
    admin: User, user: User, system: User, elsewhere: User, other_user: User, client_for: ClientFor
) -> None:
    """User, administrator here, administrator there, administrator of all: each on each page."""
    own = ["domain-users", "domain-user-new", "domain-user-import", "domain-branding"]
    pages: list[tuple[str, list[Any], dict[str, int]]] = [
        *((name, [], {"user": 404, "here": 200, "there": 200, "system": 200}) for name in own),
        *(
            (f"system-{name}", [user.domain_id], {"there": 404, "here": 200, "system": 200})
            for name in own
        ),
        ("domain-user", [user.pk], {"user": 404, "there": 404, "here": 200, "system": 200}),
        *(
            ("domain-user-deed", [user.pk, do], {"user": 404, "there": 404, "here": 200})
            for do in ("disable", "delete", "second-step", "keep", "enable")
        ),
        ("domain-user-deed", [user.pk, "become"], {"here": 404, "system": 404}),
        # Whoever may give a system administrator a new password would be one.
        ("domain-user", [system.pk], {"user": 404, "here": 404, "there": 404, "system": 200}),
        ("domain-user", [elsewhere.pk], {"here": 404, "there": 200, "system": 200}),
        ("domain-user", [2**70], {"here": 404, "system": 404}),
    ]
    roles = {"user": other_user, "here": admin, "there": elsewhere, "system": system}
    browsers = {role: client_for(person) for role, person in roles.items()}
    for name, arguments, expected in pages:
        for role, status in expected.items():
            got = browsers[role].get(reverse(name, args=arguments)).status_code
            assert got == status, (name, arguments, role, got)
    forms = {"display_name": "Taken over", "role": "user", "how": "made"}
    for role in ("user", "there"):
        for name, arguments in (
            ("domain-user", [user.pk]),
            ("domain-user-password", [user.pk]),
            ("domain-user-deed", [user.pk, "disable"]),
            ("domain-user-deed", [user.pk, "delete"]),
        ):
            assert browsers[role].post(reverse(name, args=arguments), forms).status_code == 404
    assert browsers["here"].post(address(system, "password/"), forms).status_code == 404
    before = user.password
    user.refresh_from_db()
    assert (user.display_name, user.is_active, user.password) == ("Mara Lind", True, before)


def test_what_a_form_does_not_ask_cannot_be_sent(
    admin: User, user: User, elsewhere: User, client_for: ClientFor
) -> None:
    browser = client_for(admin)
    more = {
        "domain": elsewhere.domain_id,
        "domain_id": elsewhere.domain_id,
        "is_active": "",
        "email": "root@there.test",
        "password": "x",
        "delete_after": "2020-01-01",
        "backup_confirmed_at": "2020-01-01",
    }
    assert browser.post(address(user), {**PROFILE, **more}).status_code == 302
    assert browser.post(address(user), {**PROFILE, "role": "system-admin"}).status_code == 422
    new = {**PROFILE, **more, "how": "made"}
    assert browser.post("/settings/domain/users/new/", new).status_code == 422
    new |= {"email": "eve", "role": "system-admin"}
    assert browser.post("/settings/domain/users/new/", new).status_code == 422
    assert browser.post("/settings/domain/users/new/", {**new, "role": "user"}).status_code == 200
    was = (user.email, user.domain_id, user.role, user.password)
    user.refresh_from_db()
    assert (user.email, user.domain_id, user.role, user.password) == was
    eve = User.objects.get(email="eve@example.test")
    assert (eve.domain_id, eve.role, eve.delete_after) == (admin.domain_id, "user", None)
    assert eve.is_active
    assert eve.password_is_given


def test_nobody_changes_their_own_role_or_leaves_nobody_in_charge(
    admin: User, system: User, client_for: ClientFor
) -> None:
    for person in (admin, system):
        browser = client_for(person)
        assert "This is your own account" in browser.get(address(person)).content.decode()
        browser.post(address(person), {**PROFILE, "role": "user"})
        for tail in ("disable/", "delete/", "second-step/"):
            assert browser.post(address(person, tail)).status_code == 422
        assert browser.post(address(person, "password/"), {"how": "made"}).status_code == 422
        was = person.role
        person.refresh_from_db()
        assert (person.role, person.is_active, person.delete_after) == (was, True, None)


def test_the_last_system_administrator_stays(
    system: User, make_user: Make, client_for: ClientFor
) -> None:
    second = make_user("second@example.test", Role.SYSTEM_ADMIN)
    browser = client_for(second)
    assert browser.post(address(system), {**PROFILE, "role": "user"}).status_code == 302
    system.refresh_from_db()
    assert system.role == Role.USER
    # Signed in as the one who is left, who is not to be demoted by a browser that was quick.
    User.objects.filter(pk=system.pk).update(role=Role.SYSTEM_ADMIN, is_active=False)
    assert browser.post(address(system, "enable/")).status_code == 302


def test_a_person_is_added_with_everything(admin: User, client_for: ClientFor) -> None:
    values = {
        "email": "Eve",
        "display_name": " Eve  Lund ",
        "role": "domain-admin",
        "backup_address": "eve@mail.test",
        "quota": "1.5",
        "how": "made",
    }
    page = client_for(admin).post("/settings/domain/users/new/", values).content.decode()
    made = page.split('id="secret" value="')[1].split('"')[0]
    eve = User.objects.get(email="eve@example.test")
    assert eve.check_password(made)
    assert (eve.display_name, eve.role, eve.quota) == ("Eve Lund", "domain-admin", 3 * 2**29)
    assert eve.backup_confirmed_at is not None
    assert eve.folders.exists()
    assert actions(eve) == ["user-added"]
    again = client_for(admin).post("/settings/domain/users/new/", values)
    assert again.status_code == 422
    assert 'value="1.5"' in again.content.decode()


def test_pages_ask_who_is_there(admin: User, user: User, client_for: ClientFor) -> None:
    browser = client_for(admin)
    session = browser.session
    session["proved"] = 0
    session.save()
    assert browser.get("/settings/domain/users/").status_code == 200
    for tail in ("", "password/", "disable/"):
        answer: Any = browser.post(address(user, tail), PROFILE)
        assert answer.status_code == 302, tail
        assert answer.url.startswith("/prove/"), tail
    assert actions(user) == []


def test_the_backup_address_of_who_may_do_more_is_not_shown_from_below(
    admin: User, system: User, user: User, client_for: ClientFor
) -> None:
    """It is the way in to the account of a system administrator: list, table and log."""
    for one, backup in ((system, "root@home.test"), (user, "mara@home.test")):
        User.objects.filter(pk=one.pk).update(backup_address=backup, backup_confirmed_at=NOW)
        detail = {"asked_for": backup}
        audit.record("backup-changed", now=timezone.now(), actor=one, subject=one, detail=detail)

    def shown(reader: User, level: str) -> list[str]:
        browser = client_for(reader)
        table: Any = browser.post("/settings/domain/users/export/")
        log = {"log": "audit"}
        lines: Any = browser.post(f"/settings/{level}/logs/export/", log)
        return [
            users(browser),
            b"".join(table.streaming_content).decode(),
            browser.get(f"/settings/{level}/logs/", log).content.decode(),
            b"".join(lines.streaming_content).decode(),
        ]

    for place, text in enumerate(shown(admin, "domain")):
        assert "mara@home.test" in text, place
        assert "root@home.test" not in text, place
    assert "Not shown here" in users(client_for(admin))
    for place, text in enumerate(shown(system, "system")):
        assert "root@home.test" in text, place
    # Of who is gone, nobody below knows any more what they were.
    User.objects.filter(pk=system.pk).update(is_active=False)
    system.delete()
    assert "root@home.test" not in shown(admin, "domain")[2]
