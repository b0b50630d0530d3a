"""Being told of a sign-in from where one never was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from accounts import devices
from accounts.callers import Caller
from accounts.models import Outcome, Protocol, SystemMessage, User, UserSession
from accounts.services import sign_ins
from connectivity.models import Notification
from connectivity.notices import told
from tests.conftest import PASSWORD

NOW = datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
HOME = Caller("9.9.9.9", "Firefox 140, Linux", "Lisbon, Portugal")
ELSEWHERE = Caller("1.1.1.1", "Chrome 142, Windows", "Sydney, Australia")


@pytest.fixture
def person(user: User) -> User:
    """Somebody who has been here for long."""
    user.devices_known_at = NOW - timedelta(days=30)
    user.backup_address, user.backup_confirmed_at = "mara@elsewhere.test", NOW
    user.save()
    UserSession.objects.create(
        user=user, key="k", client=HOME.client, address=HOME.address,
        started_at=NOW - timedelta(days=20), seen_at=NOW - timedelta(days=9),
    )  # fmt: skip
    return user


def enter(user: User, caller: Caller, **more: object) -> int:
    """A sign-in; how many notices there are after it."""
    values = {"protocol": Protocol.WEBMAIL, "now": NOW} | more
    sign_ins.record(user=user, caller=caller, **values)  # type: ignore[arg-type] # of a test's
    return Notification.objects.filter(user=user, cause="new-device").count()


def test_a_new_device_is_told_once_in_the_app_and_to_the_backup_address(person: User) -> None:
    assert enter(person, HOME) == 0
    assert enter(person, ELSEWHERE) == 1
    assert enter(person, ELSEWHERE, now=NOW + timedelta(hours=1)) == 1
    notice = told(Notification.objects.get(), now=NOW)
    assert "Chrome 142, Windows, Sydney, Australia, 1.1.1.1" in notice.title
    assert notice.url == reverse("connectivity-ips")
    mail = SystemMessage.objects.get()
    assert mail.to == "mara@elsewhere.test"
    assert "1.1.1.1" in mail.body
    assert "sign out everywhere" in mail.body


def test_no_mail_goes_where_nobody_proved_to_read_it(person: User) -> None:
    person.backup_confirmed_at = None
    assert enter(person, ELSEWHERE) == 1
    assert not SystemMessage.objects.exists()


def test_the_first_sign_in_ever_teaches_and_is_no_news(user: User) -> None:
    """As is the first after an update from a version that did not compare them."""
    assert enter(user, HOME, outcome=Outcome.REFUSED) == 0
    assert enter(user, HOME) == 0
    user.refresh_from_db()
    assert user.devices_known_at == NOW
    assert enter(user, ELSEWHERE, now=NOW + timedelta(hours=1)) == 1


def test_of_somebody_who_was_away_for_long_nothing_is_taken_for_known(person: User) -> None:
    UserSession.objects.all().delete()
    assert enter(person, ELSEWHERE) == 1


@pytest.mark.parametrize(
    ("caller", "more", "notices"),
    [
        (Caller("9.9.9.9", "Firefox 147, Linux"), {}, 0),  # a newer version
        (Caller("9.9.9.10", HOME.client), {}, 1),  # another network
        (Caller("9.9.9.9", "Chrome 142, Linux"), {}, 1),  # another program
        (ELSEWHERE, {"known": True}, 0),  # the browser proves it
        (ELSEWHERE, {"outcome": Outcome.REFUSED}, 0),
        (Caller("1.1.1.1", "Thunderbird 140"), {"protocol": Protocol.IMAP}, 1),
    ],
)
def test_what_is_new(person: User, caller: Caller, more: dict[str, object], notices: int) -> None:
    assert enter(person, caller, **more) == notices


def test_a_mail_program_is_known_wherever_it_is(person: User) -> None:
    for number, address in enumerate(("1.1.1.1", "9.9.9.1", "2620:fe::9")):
        caller = Caller(address, f"Thunderbird {140 + number}")
        assert enter(person, caller, protocol=Protocol.IMAP) == 1


def test_a_network_of_ipv6_is_one_place(person: User) -> None:
    enter(person, Caller("2620:fe:1:2::a", HOME.client), known=True)
    assert enter(person, Caller("2620:fe:1:2::b", HOME.client)) == 0
    assert enter(person, Caller("2620:fe:1:3::b", HOME.client)) == 1


def test_a_session_that_has_just_begun_proves_nothing(person: User) -> None:
    UserSession.objects.create(
        user=person, key="new", client=ELSEWHERE.client, address=ELSEWHERE.address,
        started_at=NOW, seen_at=NOW,
    )  # fmt: skip
    assert enter(person, ELSEWHERE) == 1


def test_a_browser_that_was_here_before_proves_it(person: User) -> None:
    """From address to address, as homes change it: told once, at the first."""

    def come(browser: Client, address: str) -> int:
        values = {"username": person.email, "password": PASSWORD}
        answer = browser.post(reverse("sign-in"), values, REMOTE_ADDR=address)
        assert answer.status_code == 302
        browser.post(reverse("sign-out"))
        return Notification.objects.filter(cause="new-device").count()

    mine = Client(headers={"User-Agent": "aerc/0.18"})
    assert [come(mine, f"9.9.9.{number}") for number in (1, 2, 3)] == [1, 1, 1]
    cookie = mine.cookies[devices.name()]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert come(Client(headers={"User-Agent": "aerc/0.18"}), "9.9.9.4") == 2


def test_nobody_else_is_known_by_it(user: User, other_user: User, settings: Settings) -> None:
    request = RequestFactory().get("/")
    answer = HttpResponse()
    devices.remember(request, answer, user)
    value = answer.cookies[devices.name()].value
    request.COOKIES[devices.name()] = value
    assert devices.knows(request, user)
    assert not devices.knows(request, other_user)
    devices.remember(request, answer, other_user)
    request.COOKIES[devices.name()] = answer.cookies[devices.name()].value
    assert devices.knows(request, user)
    assert devices.knows(request, other_user)
    for forged in (value[:-1] + ("A" if value[-1] != "A" else "B"), "", "x:y", f"[{user.pk}]"):
        request.COOKIES[devices.name()] = forged
        assert not devices.knows(request, user)
    settings.HTTPS = True
    devices.remember(request, answer, user)
    kept = answer.cookies["__Host-known"]
    assert (kept["secure"], kept["path"], kept["domain"]) == (True, "/", "")
