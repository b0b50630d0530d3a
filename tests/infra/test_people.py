"""`manage.py domain` and `manage.py user`."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import AuditEntry, Domain, Role, User
from connectivity.models import Feature, FeatureSwitch
from connectivity.services.features import effective
from mailstore.models import Folder
from webmail.names import domain_name
from webmail.services import people

pytestmark = pytest.mark.django_db
GOOD = "seven slow bicycles"


def run(*arguments: str) -> Any:
    out = io.StringIO()
    call_command(*arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{GOOD}\n"))
    return GOOD


def test_a_domain_is_made_with_its_switches() -> None:
    made = run("domain", "add", "Example.TEST", "--smtp-accounts", "off")
    assert made == {
        "name": "example.test",
        "title": "",
        "sender_name": "",
        "sender_address": "",
        "users": 0,
        "retrieval": True,
        "smtp_accounts": False,
        "oauth": True,
        "lookup": True,
        "clear_text": True,
        "certificate_pins": False,
        "retrieval_decided_by": "default",
        "smtp_accounts_decided_by": "domain",
        "oauth_decided_by": "default",
        "lookup_decided_by": "default",
        "clear_text_decided_by": "default",
        "certificate_pins_decided_by": "default",
    }
    assert run("domain", "list") == [made]


def test_a_name_with_other_letters_is_stored_in_its_wire_form() -> None:
    assert run("domain", "add", "Bücher.example")["name"] == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    "name", ["", "a b.test", "x-.test", "x..test", "a" * 64 + ".test", "ex\nample.test", "x" * 260]
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="is no domain name"):
        run("domain", "add", name)
    assert not Domain.objects.exists()


def test_a_domain_exists_once(domain: Domain) -> None:
    with pytest.raises(CommandError, match="already exists"):
        run("domain", "add", domain.name)


@pytest.mark.accept("A5")
def test_switches_of_a_domain_are_independent(domain: Domain) -> None:
    run("domain", "set", domain.name, "--retrieval", "off")
    assert not effective(domain, Feature.RETRIEVAL).enabled
    assert effective(domain, Feature.SMTP_ACCOUNTS).enabled
    run("domain", "set", domain.name, "--retrieval", "on", "--smtp-accounts", "off")
    assert effective(domain, Feature.RETRIEVAL).enabled
    assert not effective(domain, Feature.SMTP_ACCOUNTS).enabled


@pytest.mark.parametrize("feature", Feature)
def test_every_feature_has_a_switch(domain: Domain, feature: Feature) -> None:
    before = effective(domain, feature).enabled
    run("domain", "set", domain.name, f"--{feature.value}", "off" if before else "on")
    assert effective(domain, feature).enabled != before
    assert FeatureSwitch.objects.get().changed_at is not None


@pytest.mark.accept("A7", "A211")
def test_the_system_switch_stands_above_every_domain(domain: Domain) -> None:
    run("domain", "set", domain.name, "--retrieval", "on")
    shown = run("domain", "set", "--system", "--retrieval", "off")
    assert [(row["retrieval"], row["retrieval_decided_by"]) for row in shown] == [(False, "system")]
    run("domain", "set", "--system", "--retrieval", "on")
    assert effective(domain, Feature.RETRIEVAL).enabled


def test_a_domain_that_is_not_there_is_told() -> None:
    with pytest.raises(CommandError, match=r"There is no domain named nowhere\.test\."):
        run("domain", "set", "nowhere.test", "--retrieval", "on")


def test_a_user_gets_folders_and_a_password(domain: Domain, typed: str) -> None:
    made = run("user", "add", "Ada@Example.test", "--display-name", "Ada", "--password-stdin")
    assert made == {
        "email": "ada@example.test",
        "display_name": "Ada",
        "role": "user",
        "domain": "example.test",
        "active": True,
        "backup_address": "",
        "quota": None,
        "must_change_password": False,
        "delete_after": None,
    }
    user = User.objects.get()
    assert user.check_password(GOOD)
    assert Folder.objects.filter(user=user).exclude(role="").count() == 6


def test_roles_and_people_of_one_domain(domain: Domain, typed: str) -> None:
    Domain.objects.create(name="other.test")
    run("user", "add", "root@example.test", "--role", "system-admin", "--password-stdin")
    assert [row["role"] for row in run("user", "list", "--domain", "example.test")] == [
        "system-admin"
    ]
    assert run("user", "list", "--domain", "other.test") == []


def test_a_user_is_changed(user: User, typed: str) -> None:
    shown = run(
        "user", "set", user.email, "--role", "domain-admin", "--active", "off", "--password-stdin"
    )
    assert (shown["role"], shown["active"]) == ("domain-admin", False)
    user.refresh_from_db()
    assert user.role == Role.DOMAIN_ADMIN
    assert user.check_password(GOOD)
    with pytest.raises(CommandError, match="Nothing to change"):
        run("user", "set", user.email)


@pytest.mark.parametrize(
    ("email", "cause"),
    [
        ("ada@nowhere.test", "There is no domain named nowhere.test."),
        ("ada", "ada is no e-mail address."),
        ("a da@example.test", "Enter a valid email address."),
        ("mara@example.test", "already exists"),
    ],
)
def test_an_address_that_cannot_be_is_refused(
    user: User, typed: str, email: str, cause: str
) -> None:
    with pytest.raises(CommandError, match=cause):
        run("user", "add", email, "--password-stdin")
    assert User.objects.count() == 1


def test_an_easy_password_is_refused(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("password1\n"))
    with pytest.raises(CommandError, match="too short"):
        run("user", "add", "ada@example.test", "--password-stdin")
    assert not User.objects.exists()


def test_only_a_new_installation_gets_an_administrator() -> None:
    password = people.first_administrator(email="boss@mail.test")
    user = User.objects.get()
    assert (user.email, user.role, user.domain.name) == (
        "boss@mail.test",
        Role.SYSTEM_ADMIN,
        "mail.test",
    )
    assert password is not None
    assert user.check_password(password)
    assert people.first_administrator(email="boss@mail.test") is None


def test_domain_names_compare_in_one_form() -> None:
    assert domain_name(" Example.ORG. ") == "example.org"


def test_a_person_is_looked_after_by_command(user: User) -> None:
    shown = run("user", "set", user.email, "--backup-address", "m@mail.test", "--quota", "512")
    assert (shown["backup_address"], shown["quota"]) == ("m@mail.test", 512 * 1024 * 1024)
    assert run("user", "set", user.email, "--quota", "domain")["quota"] is None
    with pytest.raises(CommandError, match="another provider"):
        run("user", "set", user.email, "--backup-address", "x@example.test")
    assert run("user", "delete", user.email, "--days", "3")["delete_after"]
    assert run("user", "keep", user.email)["delete_after"] is None
    with pytest.raises(CommandError, match="not marked"):
        run("user", "keep", user.email)
    rows = AuditEntry.objects.order_by("pk")
    assert {one.actor for one in rows} == {None}
    assert [one.action for one in rows] == [
        *("quota-changed", "backup-changed", "quota-changed", "user-deletion", "user-kept"),
    ]


def test_a_locked_system_administrator_gets_in_again(user: User, typed: str) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False, role=Role.SYSTEM_ADMIN)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x", "step": 0})
    AccessAttempt.objects.create(username=user.email, failures_since_start=99)
    shown = run("user", "recover", user.email, "--password-stdin")
    assert (shown["active"], shown["must_change_password"]) == (True, True)
    user.refresh_from_db()
    assert user.check_password(GOOD)
    assert not Authenticator.objects.exists()
    assert not AccessAttempt.objects.exists()
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert actions == {"password-reset", "second-step-cleared", "user-enabled"}


def test_the_last_system_administrator_stays(user: User) -> None:
    run("user", "set", user.email, "--role", "system-admin")
    for change in (("--role", "user"), ("--active", "off")):
        with pytest.raises(CommandError, match="last system administrator"):
            run("user", "set", user.email, *change)
    with pytest.raises(CommandError, match="last system administrator"):
        run("user", "delete", user.email)


def test_name_and_sender_of_a_domain(domain: Domain) -> None:
    look = ("--title", "Harbour", "--sender-address", "help@example.test")
    shown = run("domain", "set", domain.name, *look)
    assert (shown["title"], shown["sender_address"]) == ("Harbour", "help@example.test")
    assert run("domain", "set", domain.name, "--title", "")["title"] == ""
    with pytest.raises(CommandError, match="name it"):
        run("domain", "set", "--system", "--title", "All")
