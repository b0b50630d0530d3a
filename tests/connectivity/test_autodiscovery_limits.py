"""Finding servers: who is told what, hostile answers, the time, what is kept, and switches."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

import dns.rcode
import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from connectivity.discovery import Found, StepId
from connectivity.models import ConnectionTrial, Feature, FoundSettings
from connectivity.services import autodiscovery, features
from protocols.types import Security
from tests.connectivity.test_autodiscovery import (
    AUTOCONFIG,
    CONFIG,
    IMAP,
    JSON,
    POX,
    SMTP,
    WELL_KNOWN,
    best,
    outcomes,
    pox,
)
from tests.web import config
from tests.web.names import NameServer
from tests.web.site import Web

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local_internet")]
LOCAL = "mara.lind"
ADDRESS = f"{LOCAL}@river.test"


def find(
    user: User, address: str = ADDRESS, budget: float = 20.0, now: datetime | None = None
) -> Found:
    return autodiscovery.find(address=address, user=user, now=now or timezone.now(), budget=budget)


def told(web: Web) -> set[tuple[str, str]]:
    """Scheme and host of everybody who saw the address."""
    return {(one.scheme, one.host) for one in web.requests if LOCAL in one.text}


OWN = {
    ("https", host) for host in ("autoconfig.river.test", "autodiscover.river.test", "river.test")
}


def test_only_the_provider_itself_sees_the_address(
    user: User, name_server: NameServer, web_server: Web
) -> None:
    hosts = ["river.test", "autoconfig.river.test", "autodiscover.river.test"]
    others = ["hoster.test", "autoconfig.hoster.test", "autodiscover.hoster.test"]
    name_server.here(*hosts, *others)
    name_server.add("river.test", "MX", "10 mx.hoster.test.")
    assert find(user).candidates == ()
    asked = {(one.scheme, one.host) for one in web_server.requests}
    assert ("https", "autoconfig.hoster.test") in asked
    assert ("http", "autoconfig.river.test") in asked
    assert told(web_server) <= OWN
    assert ("https", "autoconfig.river.test") in told(web_server)
    assert not [name for name, _ in name_server.asked if LOCAL in name]


@pytest.mark.parametrize("written", [ADDRESS, quote(ADDRESS), quote(quote(ADDRESS))])
def test_a_redirect_does_not_carry_the_address_to_somebody_else(
    user: User, name_server: NameServer, web_server: Web, written: str
) -> None:
    name_server.here("autoconfig.river.test", "www.hoster.test")
    target = f"https://www.hoster.test:{web_server.https}/c.xml"
    web_server.move(AUTOCONFIG, f"{target}?emailaddress={written}")
    web_server.put("https://www.hoster.test/c.xml", config(IMAP, SMTP))
    assert best(find(user)).step is StepId.AUTOCONFIG
    assert {(one.host, one.target) for one in web_server.requests if "hoster" in one.host} == {
        ("www.hoster.test", "/c.xml")
    }


def test_a_redirect_that_tells_the_address_in_its_path_is_not_followed(
    user: User, name_server: NameServer, web_server: Web
) -> None:
    name_server.here("autoconfig.river.test", "www.hoster.test")
    web_server.move(AUTOCONFIG, f"https://www.hoster.test:{web_server.https}/{ADDRESS}/c.xml")
    assert find(user).candidates == ()
    assert "www.hoster.test" not in {one.host for one in web_server.requests}


def test_a_redirect_within_the_domain_may_carry_it(
    user: User, name_server: NameServer, web_server: Web
) -> None:
    name_server.here("autoconfig.river.test", "www.river.test")
    web_server.move(
        AUTOCONFIG, f"https://www.river.test:{web_server.https}/c.xml?emailaddress={ADDRESS}"
    )
    web_server.put("https://www.river.test/c.xml", config(IMAP, SMTP))
    assert best(find(user)).step is StepId.AUTOCONFIG
    assert ("https", "www.river.test") in told(web_server)


def test_redirects_in_a_circle_end(user: User, name_server: NameServer, web_server: Web) -> None:
    name_server.here("autoconfig.river.test")
    web_server.move(AUTOCONFIG, f"https://autoconfig.river.test:{web_server.https}{CONFIG}")
    assert find(user).candidates == ()
    assert len([one for one in web_server.requests if one.scheme == "https"]) == 4


@pytest.mark.accept("A195")
@pytest.mark.parametrize(
    "target",
    [
        "https://10.0.0.1/c.xml",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:10.0.0.1]/c.xml",
        "https://2852039166/c.xml",
        "https://inside.river.test/c.xml",
        "https://river.test@10.0.0.1/c.xml",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "https://[",
    ],
)
def test_a_redirect_to_a_private_address_is_refused(
    user: User, name_server: NameServer, web_server: Web, target: str
) -> None:
    name_server.here("autoconfig.river.test")
    name_server.add("inside.river.test", "A", "192.168.7.7")
    web_server.move(AUTOCONFIG, target)
    found = find(user)
    assert found.candidates == ()
    steps = {step.id: step for step in found.steps}
    assert steps[StepId.AUTOCONFIG].cause in ("address-refused", "protocol", "name-not-found")


@pytest.mark.accept("A195")
def test_names_that_lead_inside_are_not_asked(
    user: User, name_server: NameServer, settings: Settings, web_server: Web
) -> None:
    settings.CONNECTIVITY_ALLOWED_NETWORKS = []
    name_server.here("autoconfig.river.test", "river.test", "autodiscover.river.test")
    name_server.here("imap.river.test")
    web_server.put(AUTOCONFIG, config(IMAP))
    found = find(user)
    assert found.candidates == ()
    assert web_server.requests == []
    causes = {step.id: step.cause for step in found.steps}
    assert causes[StepId.AUTOCONFIG] == "address-refused"
    # To the eye the same as a name that does not exist.
    assert outcomes(found) == outcomes(find(user, "mara@nobody.test"))


def test_a_name_with_another_address_at_each_question_is_judged_each_time(
    user: User, name_server: NameServer, settings: Settings, web_server: Web
) -> None:
    settings.CONNECTIVITY_ALLOWED_NETWORKS = []
    name_server.turn("autoconfig.river.test", "A", ["198.51.100.7"], ["127.0.0.1"])
    assert find(user, budget=2).candidates == ()
    assert web_server.requests == []


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {n} "{f"&{p};" * 10}">' for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]><clientConfig><emailProvider><domain>&i;</domain></emailProvider></clientConfig>"
)
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    "<clientConfig><emailProvider>&a;</emailProvider></clientConfig>"
)
HOSTILE: dict[str, bytes | str] = {
    "bomb": BOMB,
    "outside": OUTSIDE,
    "long": "<clientConfig>" + " " * 10_000_000 + "</clientConfig>",
    "page": "<html><body>Welcome</body></html>",
    "text": "not found",
    "nothing": "",
    "deep": "<clientConfig>" + "<a>" * 80_000,
    "bytes": b"\xff\xfe\x00\x01" * 100,
    "charset": '<?xml version="1.0" encoding="no-such"?><clientConfig/>',
    "no provider": "<clientConfig/>",
    "no servers": config(),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_configuration_is_nothing(
    user: User, name_server: NameServer, web_server: Web, kind: str
) -> None:
    name_server.here("autoconfig.river.test", "autodiscover.river.test")
    web_server.put(AUTOCONFIG, HOSTILE[kind])
    web_server.put(POX, HOSTILE[kind])
    web_server.put(JSON, HOSTILE[kind])
    found = find(user)
    assert found.candidates == ()
    assert set(outcomes(found).values()) <= {"nothing", "failed"}


def test_all_that_hang_cost_the_time_once_and_no_more(
    user: User, name_server: NameServer, web_server: Web
) -> None:
    name_server.here("autoconfig.river.test", "river.test", "autodiscover.river.test")
    for url in (AUTOCONFIG, WELL_KNOWN, JSON, POX, f"http://autoconfig.river.test{CONFIG}"):
        web_server.hang(url)
    name_server.silence("_imaps._tcp.river.test", "imap.river.test")
    found = find(user, budget=2.0)
    ended = outcomes(found)
    assert {ended[step] for step in ("autoconfig", "well-known", "srv", "autodiscover")} == {
        "failed"
    }
    # Each place was asked, so all of them at the same time.
    asked = {one.target.partition("?")[0] for one in web_server.requests}
    assert {CONFIG, "/autodiscover/autodiscover.xml"} < asked
    assert {name for name, kind in name_server.asked if kind == "SRV"} == {
        f"_{service}._tcp.river.test"
        for service in ("imaps", "imap", "pop3s", "pop3", "submissions", "submission")
    }


def test_one_that_hangs_does_not_hide_what_another_found(
    user: User, name_server: NameServer, web_server: Web
) -> None:
    name_server.here("autoconfig.river.test")
    web_server.hang(AUTOCONFIG)
    name_server.add("_imaps._tcp.river.test", "SRV", "0 1 993 imap.river.test.")
    found = find(user, budget=2.0)
    assert best(found).step is StepId.SRV
    assert outcomes(found)["autoconfig"] == "failed"


def test_a_name_server_that_fails(user: User, name_server: NameServer) -> None:
    for name in ("river.test", "_imaps._tcp.river.test"):
        name_server.fail(name, dns.rcode.SERVFAIL)
    found = find(user)
    assert found.candidates == ()
    assert outcomes(found)["mx"] == "failed"
    # That says nothing about the domain: the next one asks again.
    assert not FoundSettings.objects.exists()


def test_a_domain_that_hangs_does_not_hide_the_catalogue(
    user: User, name_server: NameServer
) -> None:
    name_server.silence("autoconfig.posteo.de", "posteo.de")
    found = find(user, "mara@posteo.de")
    assert best(found).step is StepId.CATALOGUE
    assert outcomes(found)["autoconfig"] == "failed"


def test_what_was_found_is_kept_for_everybody_without_an_address(
    user: User, other_user: User, name_server: NameServer, web_server: Web
) -> None:
    name_server.here("autoconfig.river.test")
    web_server.put(AUTOCONFIG, config(IMAP, SMTP))
    first = find(user)
    web_server.pages.clear()
    again = find(other_user, "otto@river.test")
    assert best(again).username == "otto@river.test"
    assert [one.host for one in again.candidates] == [one.host for one in first.candidates]
    assert outcomes(again)["autoconfig"] == "found"
    row = FoundSettings.objects.get()
    assert row.domain == "river.test"
    assert LOCAL not in str(row.result)
    assert "@" not in str(row.result)


def test_a_finding_holds_a_day_and_none_an_hour(
    user: User, name_server: NameServer, web_server: Web
) -> None:
    now = timezone.now()
    assert find(user, now=now).candidates == ()
    name_server.here("autoconfig.river.test")
    web_server.put(AUTOCONFIG, config(IMAP, SMTP))
    assert find(user, now=now + timedelta(minutes=59)).candidates == ()
    later = now + timedelta(minutes=61)
    assert find(user, now=later).candidates
    web_server.pages.clear()
    assert find(user, now=later + timedelta(hours=23)).candidates
    assert find(user, now=later + timedelta(hours=25)).candidates == ()
    assert FoundSettings.objects.count() == 1


@pytest.mark.parametrize("username", ["u4711", "mara", ADDRESS])
def test_what_names_one_person_is_not_kept(
    user: User, name_server: NameServer, web_server: Web, username: str
) -> None:
    name_server.here("autoconfig.river.test")
    web_server.put(AUTOCONFIG, config(IMAP, SMTP, username=username))
    found = find(user)
    assert best(found).username == username
    assert not FoundSettings.objects.exists()


def test_autodiscover_that_names_the_person_is_kept_without(
    user: User, name_server: NameServer, web_server: Web
) -> None:
    name_server.here("autodiscover.river.test")
    page = pox(("IMAP", "mail.river.test", 993, "on"), ("SMTP", "mail.river.test", 465, "on"))
    web_server.put(POX, page.replace("</Port>", f"</Port><LoginName>{LOCAL}</LoginName>"))
    assert best(find(user)).username == LOCAL
    assert best(find(user, "otto@river.test")).username == "otto"
    assert LOCAL not in str(FoundSettings.objects.get().result)


def test_a_row_of_another_version_is_looked_up_anew(user: User, name_server: NameServer) -> None:
    FoundSettings.objects.create(
        domain="river.test", result={"findings": {"x": 1}}, found_at=timezone.now()
    )
    find(user)
    assert name_server.asked


@pytest.mark.parametrize("level", ["system", "domain"])
def test_switched_off_it_asks_nobody(user: User, name_server: NameServer, level: str) -> None:
    domain = user.domain if level == "domain" else None
    features.set_switch(domain, Feature.LOOKUP, enabled=False)
    found = find(user)
    assert found.candidates == ()
    assert name_server.asked == []
    assert outcomes(found)["autoconfig"] == "skipped"
    assert best(find(user, "mara@gmail.com")).host == "imap.gmail.com"
    assert best(find(user, "mara@posteo.de")).host == "posteo.de"


def test_who_looks_up_too_much_gets_what_is_shipped(
    user: User, name_server: NameServer, settings: Settings
) -> None:
    settings.CONNECTIVITY_TESTS_PER_HOUR = 1
    assert not find(user).limited
    found = find(user, "mara@posteo.de")
    assert found.limited
    assert best(found).host == "posteo.de"
    assert ConnectionTrial.objects.get().target == "river.test"


def test_a_domain_in_other_letters(user: User, name_server: NameServer) -> None:
    name_server.add("_imaps._tcp.xn--mller-kva.test", "SRV", "0 1 993 imap.xn--mller-kva.test.")
    found = find(user, "mara@Müller.test")
    assert found.domain == "xn--mller-kva.test"
    assert best(found).host == "imap.xn--mller-kva.test"
    assert best(found).username == "mara@xn--mller-kva.test"


def test_a_host_made_of_the_domain(user: User, name_server: NameServer, web_server: Web) -> None:
    name_server.here("autoconfig.river.test")
    servers = ("imap", "mail.%EMAILDOMAIN%", 993, "SSL"), ("imap", "%EMAILDOMAIN%", 143, "STARTTLS")
    web_server.put(AUTOCONFIG, config(*servers, SMTP, username="%EMAILLOCALPART%"))
    found = find(user)
    assert [(one.host, one.security, one.username) for one in found.candidates[:2]] == [
        ("mail.river.test", Security.TLS, LOCAL),
        ("river.test", Security.STARTTLS, LOCAL),
    ]
