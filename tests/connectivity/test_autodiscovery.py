"""Finding servers: each step alone, and their precedence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from connectivity import directory
from connectivity.discovery import Candidate, Found, StepId
from connectivity.models import FoundSettings
from connectivity.services import autodiscovery
from protocols.types import Security
from standin.dovecot import Dovecot
from standin.smtp import SmtpServer
from tests.web import config
from tests.web.names import NameServer
from tests.web.site import Web

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local_internet")]
ADDRESS = "Mara.Lind@River.test"
CONFIG = "/mail/config-v1.1.xml"
AUTOCONFIG = f"https://autoconfig.river.test{CONFIG}"
WELL_KNOWN = f"https://river.test/.well-known/autoconfig{CONFIG}"
POX = "https://autodiscover.river.test/autodiscover/autodiscover.xml"
JSON = "https://autodiscover.river.test/autodiscover/autodiscover.json"
IMAP = ("imap", "imap.river.test", 993, "SSL")
SMTP = ("smtp", "smtp.river.test", 465, "SSL")


def find(user: User, address: str = ADDRESS) -> Found:
    return autodiscovery.find(address=address, user=user, now=timezone.now())


def outcomes(found: Found) -> dict[str, str]:
    return {step.id.value: step.outcome.value for step in found.steps}


def best(found: Found, kind: str = "imap") -> Candidate:
    one = found.best(kind)
    assert one is not None
    return one


def pox(*servers: tuple[str, str, int, str]) -> str:
    rows = "".join(
        f"<Protocol><Type>{kind}</Type><Server>{host}</Server><Port>{port}</Port>"
        f"<SSL>{ssl}</SSL></Protocol>"
        for kind, host, port, ssl in servers
    )
    space = "http://schemas.microsoft.com/exchange/autodiscover"
    return (
        f'<Autodiscover xmlns="{space}/responseschema/2006"><Response xmlns="{space}/outlook/'
        f'responseschema/2006a"><Account>{rows}</Account></Response></Autodiscover>'
    )


def test_a_tile_asks_nobody(user: User, name_server: NameServer) -> None:
    found = find(user, "mara@Gmail.com")
    assert found.provider is not None
    assert found.provider.key == "gmail"
    assert best(found).host == "imap.gmail.com"
    assert best(found).username == "mara@gmail.com"
    assert best(found).auth == "password"
    assert best(found, "smtp").port == 465
    assert name_server.asked == []
    assert found.answered is not None
    assert found.answered.id is StepId.TILE


def test_a_tile_whose_server_only_the_person_knows(user: User) -> None:
    found = find(user, "mara@proton.me")
    assert found.provider is not None
    assert found.provider.key == "proton"
    assert found.candidates == ()


@pytest.mark.accept("A9")
def test_microsoft_wants_a_sign_in(user: User) -> None:
    found = find(user, "mara@hotmail.com")
    assert best(found).auth == "oauth"
    assert found.best("pop") is None


def test_autoconfig(user: User, name_server: NameServer, web_server: Web) -> None:
    name_server.here("autoconfig.river.test")
    web_server.put(AUTOCONFIG, config(IMAP, SMTP))
    found = find(user)
    imap = best(found)
    assert (imap.host, imap.port, imap.security) == ("imap.river.test", 993, Security.TLS)
    assert imap.username == "Mara.Lind@river.test"
    assert imap.step is StepId.AUTOCONFIG
    assert not imap.needs_confirmation
    assert best(found, "smtp").host == "smtp.river.test"
    assert found.answered is not None
    assert found.answered.detail == "autoconfig.river.test"
    assert found.answered.name
    assert found.answered.outcome_text == "found"


def test_well_known(user: User, name_server: NameServer, web_server: Web) -> None:
    name_server.here("river.test")
    web_server.put(WELL_KNOWN, config(("pop3", "pop.river.test", 995, "SSL"), SMTP))
    found = find(user)
    assert found.best("imap") is None
    assert found.incoming is not None
    assert found.incoming.kind == "pop"
    assert found.incoming.step is StepId.WELL_KNOWN


def test_the_catalogue(user: User) -> None:
    found = find(user, "mara@posteo.de")
    assert best(found).host == "posteo.de"
    assert best(found).step is StepId.CATALOGUE
    assert not best(found).needs_confirmation
    assert outcomes(found)["catalogue"] == "found"


@pytest.mark.parametrize(
    ("address", "key"),
    [("mara@yahoo.com.br", "yahoo"), ("mara@hotmail.fr", "outlook"), ("mara@zoho.eu", "zoho")],
)
def test_the_catalogue_knows_whose_tile_it_is_and_asks_nobody(
    user: User, name_server: NameServer, address: str, key: str
) -> None:
    found = find(user, address)
    assert found.provider is not None
    assert found.provider.key == key
    assert name_server.asked == []


@pytest.mark.parametrize(
    ("host", "imap", "tile"),
    [
        ("aspmx.l.google.com", "imap.gmail.com", "gmail"),
        ("river-test.mail.protection.outlook.com", "outlook.office365.com", "microsoft365"),
        ("mx1.emailsrvr.com", "secure.emailsrvr.com", ""),
    ],
)
def test_the_mail_hosts_lead_to_the_catalogue(
    user: User, name_server: NameServer, host: str, imap: str, tile: str
) -> None:
    name_server.add("river.test", "MX", f"10 {host}.")
    found = find(user)
    assert best(found).host == imap
    assert best(found).step is StepId.MX
    assert not best(found).needs_confirmation
    assert (found.provider.key if found.provider else "") == tile


def test_the_mail_hosts_lead_to_what_their_domain_publishes(
    user: User, name_server: NameServer, web_server: Web
) -> None:
    name_server.add("river.test", "MX", "10 mx.hoster.test.", "5 in.mx.hoster.test.")
    name_server.here("autoconfig.hoster.test")
    imap = ("imap", "imap.hoster.test", 993, "SSL")
    web_server.put(f"https://autoconfig.hoster.test{CONFIG}", config(imap, SMTP))
    found = find(user)
    assert best(found).host == "imap.hoster.test"
    # Found by nothing but plain DNS: anybody on the way could have said so.
    assert best(found).needs_confirmation


def test_service_records(user: User, name_server: NameServer) -> None:
    name_server.add("_imaps._tcp.river.test", "SRV", "20 1 993 spare.river.test.")
    name_server.add("_imaps._tcp.river.test", "SRV", "10 1 1993 imap.river.test.")
    name_server.add("_imap._tcp.river.test", "SRV", "0 0 0 .")
    name_server.add("_submission._tcp.river.test", "SRV", "0 1 587 smtp.river.test.")
    found = find(user)
    imap, smtp = best(found), best(found, "smtp")
    assert (imap.host, imap.port, imap.security) == ("imap.river.test", 1993, Security.TLS)
    assert (smtp.port, smtp.security) == (587, Security.STARTTLS)
    assert imap.step is StepId.SRV
    assert imap.needs_confirmation
    assert [one.host for one in found.candidates if one.kind == "imap"] == [
        "imap.river.test",
        "spare.river.test",
    ]


def test_autodiscover_in_xml(user: User, name_server: NameServer, web_server: Web) -> None:
    name_server.here("autodiscover.river.test")
    servers = ("IMAP", "mail.river.test", 993, "on"), ("SMTP", "mail.river.test", 587, "on")
    web_server.put(POX, pox(*servers))
    found = find(user)
    assert (best(found).host, best(found).step) == ("mail.river.test", StepId.AUTODISCOVER)
    assert best(found, "smtp").security is Security.STARTTLS
    assert not best(found).needs_confirmation


def test_autodiscover_in_json(user: User, name_server: NameServer, web_server: Web) -> None:
    name_server.here("autodiscover.river.test")
    web_server.put(JSON, '{"Protocol":"EWS","Url":"https://outlook.office365.com/EWS/x"}')
    found = find(user)
    assert found.provider is not None
    assert found.provider.key == "microsoft365"
    assert (best(found).host, best(found).auth) == ("outlook.office365.com", "oauth")


def test_an_exchange_of_their_own(user: User, name_server: NameServer, web_server: Web) -> None:
    name_server.here("autodiscover.river.test")
    web_server.put(JSON, '{"Protocol":"EWS","Url":"https://ex.river.test/EWS/x"}')
    found = find(user)
    assert found.provider is not None
    assert found.provider.key == "exchange"
    assert best(found).host == "ex.river.test"
    assert best(found).needs_confirmation


def test_autodiscover_by_another_name(user: User, name_server: NameServer) -> None:
    name_server.add("autodiscover.river.test", "CNAME", "autodiscover.outlook.com.")
    found = find(user)
    assert found.provider is not None
    assert found.provider.key == "microsoft365"


def test_guesses_meet_real_servers(
    user: User,
    name_server: NameServer,
    settings: Settings,
    dovecot: Dovecot,
    smtp_server: SmtpServer,
) -> None:
    name_server.here("imap.river.test", "mail.river.test", "smtp.river.test")
    settings.CONNECTIVITY_LOOKUP_PORTS += [
        f"imap={dovecot.imaps_port}",
        f"pop={dovecot.pop3s_port}",
        f"smtps={smtp_server.tls_port}",
        f"submission={smtp_server.port}",
    ]
    found = find(user)
    assert [(one.kind, one.host) for one in found.candidates] == [
        ("imap", "imap.river.test"),
        ("imap", "mail.river.test"),
        ("pop", "mail.river.test"),
        ("smtp", "smtp.river.test"),
        ("smtp", "mail.river.test"),
        ("smtp", "smtp.river.test"),
        ("smtp", "mail.river.test"),
    ]
    assert {one.step for one in found.candidates} == {StepId.GUESS}
    assert best(found, "smtp").security is Security.TLS
    assert not smtp_server.logins


def test_a_guess_with_a_wrong_certificate_is_none(
    user: User, name_server: NameServer, settings: Settings, dovecot: Dovecot
) -> None:
    name_server.here("imap.elsewhere.test")
    settings.CONNECTIVITY_LOOKUP_PORTS += [f"imap={dovecot.imaps_port}"]
    assert find(user, "mara@elsewhere.test").candidates == ()


def test_a_web_server_is_no_mail_server(
    user: User, name_server: NameServer, settings: Settings, web_server: Web
) -> None:
    name_server.here("imap.river.test")
    settings.CONNECTIVITY_LOOKUP_PORTS += [f"imap={web_server.https}"]
    assert find(user).candidates == ()


def test_without_encryption_it_only_fills_in_the_form(
    user: User, name_server: NameServer, web_server: Web
) -> None:
    name_server.here("autoconfig.river.test")
    web_server.put(f"http://autoconfig.river.test{CONFIG}", config(IMAP, SMTP))
    found = find(user)
    assert best(found).step is StepId.CLEAR
    assert best(found).needs_confirmation


def test_an_https_page_that_moves_to_http_is_not_followed(
    user: User, name_server: NameServer, web_server: Web
) -> None:
    name_server.here("autoconfig.river.test")
    web_server.move(AUTOCONFIG, f"http://autoconfig.river.test:{web_server.http}/plain.xml")
    web_server.put("http://autoconfig.river.test/plain.xml", config(IMAP))
    assert find(user).candidates == ()


Prepare = Callable[[NameServer, Web], None]


def _autoconfig(names: NameServer, web: Web) -> None:
    names.here("autoconfig.river.test")
    web.put(AUTOCONFIG, config(("imap", "a.river.test", 993, "SSL"), SMTP))


def _well_known(names: NameServer, web: Web) -> None:
    names.here("river.test")
    web.put(WELL_KNOWN, config(("imap", "b.river.test", 993, "SSL"), SMTP))


def _mail_hosts(names: NameServer, web: Web) -> None:
    names.add("river.test", "MX", "10 mx.hoster.test.")
    names.here("autoconfig.hoster.test")
    page = config(("imap", "c.hoster.test", 993, "SSL"), SMTP)
    web.put(f"https://autoconfig.hoster.test{CONFIG}", page)


def _services(names: NameServer, web: Web) -> None:
    names.add("_imaps._tcp.river.test", "SRV", "0 1 993 d.river.test.")
    names.add("_submissions._tcp.river.test", "SRV", "0 1 465 d.river.test.")


def _autodiscover(names: NameServer, web: Web) -> None:
    names.here("autodiscover.river.test")
    web.put(POX, pox(("IMAP", "e.river.test", 993, "on"), ("SMTP", "e.river.test", 465, "on")))


def _clear(names: NameServer, web: Web) -> None:
    names.here("autoconfig.river.test")
    page = config(("imap", "f.river.test", 993, "SSL"), SMTP)
    web.put(f"http://autoconfig.river.test{CONFIG}", page)


IN_ORDER: list[Prepare] = [_autoconfig, _well_known, _mail_hosts, _services, _autodiscover, _clear]


@pytest.mark.parametrize("first", range(len(IN_ORDER)))
def test_an_earlier_step_comes_before_all_later_ones(
    user: User, name_server: NameServer, web_server: Web, first: int
) -> None:
    for prepare in IN_ORDER[first:]:
        prepare(name_server, web_server)
    letters = "abcdef"[first:]
    found = find(user)
    assert best(found).host.partition(".")[0] == letters[0]


def test_what_the_domain_publishes_comes_before_the_catalogue(
    user: User, name_server: NameServer, web_server: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = directory.entry_for("posteo.de")
    monkeypatch.setattr(directory, "entry_for", {"river.test": entry}.get)
    assert best(find(user)).host == "posteo.de"
    FoundSettings.objects.all().delete()
    _autoconfig(name_server, web_server)
    assert best(find(user)).host == "a.river.test"


def test_encryption_comes_before_the_order_of_steps(
    user: User, name_server: NameServer, web_server: Web
) -> None:
    name_server.here("autoconfig.river.test")
    web_server.put(AUTOCONFIG, config(("imap", "old.river.test", 143, "plain"), SMTP))
    _services(name_server, web_server)
    found = find(user)
    assert best(found).host == "d.river.test"
    clear = next(one for one in found.candidates if one.host == "old.river.test")
    assert clear.security is Security.NONE
    assert clear.needs_confirmation


def test_a_server_of_somebody_else_needs_confirmation(
    user: User, name_server: NameServer, web_server: Web
) -> None:
    name_server.here("autoconfig.river.test")
    web_server.put(AUTOCONFIG, config(("imap", "imap.hoster.test", 993, "SSL"), SMTP))
    assert best(find(user)).needs_confirmation
    # Unless that is who takes the mail as well.
    FoundSettings.objects.all().delete()
    name_server.add("river.test", "MX", "10 mx.hoster.test.")
    assert not best(find(user)).needs_confirmation


@pytest.mark.parametrize(
    "address", ["", "mara", "@river.test", "mara@", "mara@localhost", "mara@127.0.0.1", "m@[::1]"]
)
def test_what_is_no_address_asks_nobody(user: User, name_server: NameServer, address: str) -> None:
    assert find(user, address).candidates == ()
    assert name_server.asked == []
