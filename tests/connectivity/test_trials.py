"""How often connections are tested: by a person, by a domain, and at one server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from accounts.models import Domain, User
from connectivity.causes import CAUSES, explain_cause
from connectivity.models import ConnectionTrial
from connectivity.services import trials
from connectivity.services.trials import TooManyTrialsError

NOW = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def stranger(db: None) -> User:
    """Somebody of another domain."""
    domain = Domain.objects.create(name="elsewhere.test")
    return User.objects.create(email="eve@elsewhere.test", domain=domain)


@pytest.fixture(autouse=True)
def limits(settings: Settings) -> None:
    settings.CONNECTIVITY_TESTS_PER_HOUR = 3
    settings.CONNECTIVITY_DOMAIN_TESTS_PER_HOUR = 5
    settings.CONNECTIVITY_TARGET_TESTS_PER_HOUR = 4


def refused(user: User, target: str, now: datetime = NOW) -> str:
    try:
        trials.take(user, now=now, target=target)
    except TooManyTrialsError as full:
        return full.cause
    return ""


@pytest.mark.accept("A195")
def test_a_person_has_so_many_and_not_one_more(user: User, other_user: User) -> None:
    assert [refused(user, f"{n}.test") for n in range(5)] == [
        *("", "", ""),
        *("too-many-tests", "too-many-tests"),
    ]
    assert refused(other_user, "0.test") == ""
    assert refused(user, "9.test", NOW + HOUR - timedelta(seconds=1)) == "too-many-tests"
    assert refused(user, "9.test", NOW + HOUR + timedelta(seconds=1)) == ""


@pytest.mark.accept("A195")
def test_a_domain_has_so_many_in_all(user: User, other_user: User, stranger: User) -> None:
    found = [refused(user, f"{n}.test") for n in range(3)]
    found += [refused(other_user, f"{n}.example") for n in range(3)]
    assert found == [*[""] * 5, "too-many-tests-domain"]
    assert refused(stranger, "0.test") == ""


@pytest.mark.accept("A195")
def test_a_server_is_asked_so_often_whoever_asks(
    user: User, other_user: User, stranger: User
) -> None:
    names = ("imap.corp.example", "IMAP.corp.example", "imap.corp.example.", "x@imap.corp.example")
    people = (user, user, other_user, stranger)
    assert [refused(*each) for each in zip(people, names, strict=True)] == [""] * 4
    assert refused(stranger, "imap.corp.example") == "too-many-tests-target"
    assert refused(stranger, "smtp.corp.example") == ""
    assert refused(stranger, "imap.corp.example", NOW + HOUR + timedelta(seconds=1)) == ""


def test_what_was_refused_counts_for_nothing(user: User) -> None:
    for number in range(20):
        refused(user, f"{number}.test")
    assert ConnectionTrial.objects.count() == 3


def test_no_person_is_named_in_what_is_kept(user: User) -> None:
    trials.take(user, now=NOW, target="Mara.Lind@Corp.Example")
    assert ConnectionTrial.objects.get().target == "corp.example"


def test_old_ones_are_forgotten_whoever_made_them(user: User, stranger: User) -> None:
    trials.take(stranger, now=NOW)
    trials.take(user, now=NOW + 2 * HOUR)
    assert [trial.user for trial in ConnectionTrial.objects.all()] == [user]


@pytest.mark.parametrize(
    "cause", ["too-many-tests", "too-many-tests-domain", "too-many-tests-target"]
)
def test_each_limit_is_told_in_words(cause: str) -> None:
    assert cause in CAUSES
    assert "%" not in explain_cause(cause, {"host": "imap.corp.example"}).sentence
