"""Questions to a real name server on loopback."""

from __future__ import annotations

import dns.rcode
import pytest

from protocols import dns as names
from protocols.dns import Service
from protocols.errors import Hung, MailServerError, NameNotFound
from protocols.types import Deadline
from tests.web.names import NameServer


def mail_hosts(server: NameServer, domain: str = "river.test", seconds: float = 5) -> list[str]:
    deadline = Deadline(seconds)
    return list(names.mail_hosts(domain, deadline=deadline, nameservers=[server.address]))


def services(server: NameServer) -> tuple[Service, ...]:
    return names.services(
        "_imaps._tcp", "river.test", deadline=Deadline(5), nameservers=[server.address]
    )


def test_mail_hosts_by_preference(name_server: NameServer) -> None:
    name_server.add("river.test", "MX", "20 b.test.", "10 C.test.", "20 a.test.")
    assert mail_hosts(name_server) == ["c.test", "a.test", "b.test"]


def test_a_domain_that_takes_no_mail(name_server: NameServer) -> None:
    name_server.add("river.test", "MX", "0 .")
    assert mail_hosts(name_server) == []


@pytest.mark.parametrize("domain", ["nobody.test", "a" * 64 + ".test", ".".join(["abcdefgh"] * 40)])
def test_names_without_an_answer(name_server: NameServer, domain: str) -> None:
    assert mail_hosts(name_server, domain) == []


def test_a_domain_with_other_records_only(name_server: NameServer) -> None:
    name_server.here("river.test")
    assert mail_hosts(name_server) == []


def test_a_long_answer_comes_by_tcp(name_server: NameServer) -> None:
    name_server.add("river.test", "MX", *(f"{n} mx{n}.hoster.test." for n in range(200)))
    name_server.shorten("river.test")
    found = mail_hosts(name_server)
    assert found[0] == "mx0.hoster.test"
    assert len(found) == names.MOST
    assert [name for name, _ in name_server.asked] == ["river.test", "river.test"]


def test_services_by_priority_and_weight(name_server: NameServer) -> None:
    records = "10 5 993 b.test.", "10 9 993 c.test.", "0 0 1993 a.test."
    name_server.add("_imaps._tcp.river.test", "SRV", *records)
    assert services(name_server) == (
        Service("a.test", 1993, 0, 0),
        Service("c.test", 993, 10, 9),
        Service("b.test", 993, 10, 5),
    )


def test_a_service_that_is_not_offered(name_server: NameServer) -> None:
    name_server.add("_imaps._tcp.river.test", "SRV", "0 0 0 .", "1 1 0 a.test.")
    assert services(name_server) == ()


def test_other_names_are_followed(name_server: NameServer) -> None:
    name_server.add("river.test", "CNAME", "lake.test.")
    name_server.add("lake.test", "MX", "10 mx.lake.test.")
    assert mail_hosts(name_server) == ["mx.lake.test"]
    deadline = Deadline(5)
    alias = names.alias("river.test", deadline=deadline, nameservers=[name_server.address])
    assert alias == "lake.test"
    deadline = Deadline(5)
    assert names.alias("lake.test", deadline=deadline, nameservers=[name_server.address]) == ""


def test_names_that_lead_in_a_circle_end(name_server: NameServer) -> None:
    for n in range(40):
        name_server.add(f"n{n}.test", "CNAME", f"n{n + 1}.test.")
    with pytest.raises(NameNotFound) as caught:
        mail_hosts(name_server, "n0.test")
    assert caught.value.cause == "name-unsure"


@pytest.mark.parametrize("code", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.FORMERR])
def test_a_server_that_fails(name_server: NameServer, code: dns.rcode.Rcode) -> None:
    name_server.fail("river.test", code)
    with pytest.raises(NameNotFound) as caught:
        mail_hosts(name_server)
    assert caught.value.cause == "name-unsure"


def test_a_server_that_says_nothing(name_server: NameServer) -> None:
    name_server.silence("")
    with pytest.raises(NameNotFound) as caught:
        mail_hosts(name_server, seconds=0.3)
    assert caught.value.cause == "name-timeout"


def test_no_time_is_no_question(name_server: NameServer) -> None:
    with pytest.raises(Hung):
        mail_hosts(name_server, seconds=-1)
    assert name_server.asked == []


def test_a_setting_that_is_no_address(name_server: NameServer) -> None:
    with pytest.raises(MailServerError):
        names.mail_hosts("a.test", deadline=Deadline(1), nameservers=[("no.address", 53)])


def test_texts_are_joined_of_their_pieces(name_server: NameServer) -> None:
    name_server.add("river.test", "TXT", '"v=spf1 include:a.test" " -all"', '"b\\195\\182b"')
    name_server.shorten("river.test")

    def texts(name: str) -> tuple[str, ...]:
        return names.texts(name, deadline=Deadline(5), nameservers=[name_server.address])

    assert sorted(texts("river.test")) == ["böb", "v=spf1 include:a.test -all"]
    assert texts("nowhere.test") == ()


def test_addresses_of_both_kinds(name_server: NameServer) -> None:
    name_server.add("smtp.test", "A", "192.0.2.7")
    name_server.add("smtp.test", "AAAA", "2001:db8::7")
    found = names.addresses("smtp.test", deadline=Deadline(5), nameservers=[name_server.address])
    assert found == ("192.0.2.7", "2001:db8::7")
    with pytest.raises(NameNotFound):
        name_server.fail("broken.test")
        names.addresses("broken.test", deadline=Deadline(5), nameservers=[name_server.address])
