"""Who signed in as me, from where, with what: the card and the list behind it (A123-A128)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.callers import Caller
from accounts.models import Outcome, Protocol, SignIn, User
from accounts.services import sign_ins
from tests.conftest import PASSWORD

CARD, LIST = reverse("connectivity"), reverse("connectivity-ips")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NOW = timezone.now()


def came(
    user: User,
    address: str,
    *,
    protocol: Protocol = Protocol.WEBMAIL,
    client: str = "Firefox 140, Linux",
    place: str = "",
    hours: float = 1,
    outcome: Outcome = Outcome.IN,
) -> None:
    sign_ins.record(
        user=user,
        protocol=protocol,
        caller=Caller(address, client, place),
        now=NOW - timedelta(hours=hours),
        outcome=outcome,
    )


def lines(web: Client, address: str = CARD) -> list[str]:
    """The lines of the card or of the list, as words."""
    page = web.get(address).content.decode()
    found = re.findall(r'<div class="item item--simple ip">.*?\n</div>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in found]


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


@pytest.mark.accept("A123", "A125", "A126")
def test_public_addresses_of_three_days_are_listed_with_their_protocol(
    web: Client, user: User, other_user: User
) -> None:
    came(user, "9.9.9.9", hours=2, place="Zurich, Switzerland")
    came(user, "2620:fe::9", protocol=Protocol.IMAP, client="Thunderbird 140", hours=71)
    came(user, "1.1.1.1", hours=72)
    came(user, "8.8.8.8", hours=3, outcome=Outcome.REFUSED)
    came(other_user, "8.8.4.4")
    for private in ("192.168.1.5", "10.0.0.1", "100.64.3.3", "fd00::5", "::ffff:10.0.0.9", ""):
        came(user, private, hours=1)
    for where in (CARD, LIST):
        newest, oldest = lines(web, where)
        assert re.match(
            r"9\.9\.9\.9 Webmail · Firefox 140, Linux · Zurich, Switzerland (Today|Yesterday) ",
            newest,
        )
        assert oldest.startswith("2620:fe::9 IMAP · Thunderbird 140")
    assert "2 addresses in 3 days" in web.get(CARD).content.decode()


@pytest.mark.accept("A124", "A128")
def test_every_kind_of_access_counts_and_a_phone_is_hinted_at(web: Client, user: User) -> None:
    for number, protocol in enumerate(Protocol):
        came(user, f"9.9.9.{number}", protocol=protocol, client="", hours=1 + number)
    told = lines(web, LIST)
    assert len(told) == len(Protocol)
    for number, (protocol, line) in enumerate(zip(Protocol, told, strict=True)):
        hint = ", usually a phone or tablet" if protocol == Protocol.EAS else ""
        assert re.match(rf"9\.9\.9\.{number} {re.escape(str(protocol.label))}{hint} \w+ ", line)


@pytest.mark.accept("A127")
def test_one_address_stands_there_for_each_program(web: Client, user: User) -> None:
    came(user, "9.9.9.9", hours=3)
    came(user, "9.9.9.9", protocol=Protocol.EAS, client="Outlook 16, Windows", hours=2)
    for hours in (4, 5, 6):
        came(user, "9.9.9.9", hours=hours)
    outlook, webmail = lines(web)
    assert "ActiveSync" in outlook
    assert "Outlook 16, Windows" in outlook
    assert "Webmail" in webmail
    assert webmail.endswith("4 times")
    assert "1 address in 3 days" in web.get(CARD).content.decode()


def test_this_browser_is_marked(settings: Settings, user: User) -> None:
    """By signing in for real, behind a proxy, with a forged address before the true one."""
    settings.TRUSTED_PROXIES = 1
    headers = {"X-Forwarded-For": "6.6.6.6, 9.9.9.9:52341", "User-Agent": FIREFOX}
    browser = Client(REMOTE_ADDR="10.0.0.2", headers=headers)
    values = {"username": user.email, "password": PASSWORD}
    assert browser.post(reverse("sign-in"), values).status_code == 302
    User.objects.filter(pk=user.pk).update(welcomed_at=NOW)
    came(user, "9.9.9.10", hours=2)
    here, elsewhere = lines(browser, LIST)
    assert here.startswith("9.9.9.9 This browser Webmail · Firefox 140, Linux Today ")
    assert "This browser" not in elsewhere
    # From anywhere else it is another's line.
    headers["X-Forwarded-For"] = "9.9.9.9, 9.9.9.11"
    assert "This browser" not in str(browser.get(LIST, headers=headers).content)


def test_without_any_there_is_a_word(web: Client, user: User) -> None:
    came(user, "192.168.1.5")
    page = web.get(CARD).content.decode()
    assert "Nobody signed in as you from the internet" in page
    assert "192.168.1.5" not in page
    page = web.get(LIST).content.decode()
    assert "Nobody signed in as you from the internet" in page
    assert f'href="{reverse("security")}">' in page.partition("Something you do not")[2]


def test_the_list_is_searched(web: Client, user: User, other_user: User) -> None:
    came(user, "9.9.9.9", place="Lisbon, Portugal")
    came(user, "1.1.1.1", protocol=Protocol.IMAP, client="Thunderbird 140", hours=2)
    came(other_user, "8.8.8.8", place="Lisbon, Portugal")
    for query, found in (
        ("9.9", ["9.9.9.9"]),
        ("lisbon", ["9.9.9.9"]),
        ("imap", ["1.1.1.1"]),
        ("thunder 1.1", ["1.1.1.1"]),
        ("webmail imap", []),
        ("%", []),
        ("\x00", ["9.9.9.9", "1.1.1.1"]),
    ):
        shown = lines(web, f"{LIST}?q={query.replace('%', '%25')}")
        assert [line.split()[0] for line in shown] == found, query
    page = web.get(LIST, {"q": "<script>"}).content.decode()
    assert "Nothing here holds “&lt;script&gt;”" in page


def test_refused_tries_are_a_list_of_their_own(web: Client, user: User) -> None:
    assert "refused tr" not in web.get(LIST).content.decode()
    came(user, "9.9.9.9")
    for hours in (2, 3):
        came(user, "8.8.8.8", hours=hours, outcome=Outcome.REFUSED)
    assert "2 refused tries" in web.get(LIST).content.decode()
    [line] = lines(web, f"{LIST}?show=refused")
    assert line.startswith("8.8.8.8 Refused")
    assert line.endswith("2 times")
    assert "had your password" not in web.get(f"{LIST}?show=refused").content.decode()
    came(user, "8.8.8.8", outcome=Outcome.SECOND)
    assert lines(web, f"{LIST}?show=refused")[0].startswith("8.8.8.8 Second step failed")
    assert "had your password" in web.get(f"{LIST}?show=refused").content.decode()


def test_many_are_read_page_by_page(
    web: Client, user: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    SignIn.objects.bulk_create(
        SignIn(
            user=user, at=NOW - timedelta(minutes=n), protocol=Protocol.IMAP,
            address=f"9.9.{n % 2}.{n % 250}", is_public=True,
        )
        for n in range(150)
    )  # fmt: skip
    with django_assert_max_num_queries(12):
        assert len(lines(web, LIST)) == 100
    assert "page=1" in web.get(LIST).content.decode()
    assert len(lines(web, f"{LIST}?page=1")) == 50
    for odd in ("7", "x", "-1", "9" * 30):
        assert web.get(f"{LIST}?page={odd}").status_code == 200


def test_the_card_costs_one_statement_however_many_there_are(web: Client, user: User) -> None:
    came(user, "9.9.9.9")
    with CaptureQueriesContext(connection) as few:
        web.get(CARD)
    for number in range(40):
        came(user, f"9.9.8.{number}", hours=number)
    with CaptureQueriesContext(connection) as many:
        assert len(lines(web)) == 5
    assert len(many) == len(few)
    about = [one["sql"] for one in many if "accounts_signin" in one["sql"]]
    assert len(about) == 1


def test_use_of_an_old_session_is_remembered_once_a_day_and_place(user: User) -> None:
    def use(address: str, *, hours: float, before: str = "9.9.9.9") -> bool:
        return sign_ins.record_use(
            user=user, caller=Caller(address), seen=noon, address=before,
            now=noon + timedelta(hours=hours),
        )  # fmt: skip

    noon = NOW.replace(hour=12)
    assert not use("9.9.9.9", hours=2)
    assert use("9.9.9.9", hours=24)
    assert use("1.1.1.1", hours=2)
    assert [str(one.protocol) for one in SignIn.objects.all()] == ["webmail", "webmail"]
