"""One table of ways to name a place inside, and one answer to all of them.

Names are resolved by a real name server of the test; time is judged by the code that passes it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import ip_network

import pytest
from pytest_django import Settings

from connectivity import report as words
from connectivity.services import network, probing
from protocols.address import DEFAULT_MAIL_PORTS, AddressPolicy, connect
from protocols.check import Kind
from protocols.errors import AddressRefused, MailServerError, NameNotFound
from protocols.types import Deadline, Endpoint, Login, Security
from tests.web.names import NameServer

ADDRESSES = [
    # Dotted decimal and what resolvers make of other numbers
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "127.1", "127.0.1", "10.1", "0"),
    *("2130706433", "3232235777", "017700000001", "0177.0.0.1", "0177.0.0.01", "012.0.0.1"),
    *("0x7f000001", "0x7f.1", "0x7f.0x0.0x0.0x1", "0X7F.0.0.1", "0xa9fea9fe", "127.0.0.0x1"),
    *("127.0.0.1.", "127.0.0.1..", "127.00.0.1", "0000127.0.0.1", "256.256.256.256", "4294967297"),
    # Private, link-local, metadata, carrier-grade, documentation, multicast, reserved
    *("10.0.0.7", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254"),
    *("100.64.0.1", "100.100.100.200", "192.0.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1"),
    *("240.0.0.1", "255.255.255.255", "192.88.99.1", "168.63.129.16", "64:ff9b::a83f:8110"),
    # IPv6, and IPv4 inside of it: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP
    *("::", "::1", "[::1]", "0:0:0:0:0:0:0:1", "0000::1", "[::]", "fe80::1", "fc00::1", "fd00::1"),
    *("fec0::1", "ff02::1", "::ffff:127.0.0.1", "[::ffff:10.0.0.1]", "::ffff:7f00:1"),
    *("::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::169.254.169.254"),
    *("64:ff9b:1::1", "2002:7f00:1::", "2002:c0a8:1::1", "2001:0:7f00:1:0:0:80ff:fffe"),
    *("2001:0:4136:e378:8000:63bf:f5ff:fffe", "2a00::5efe:127.0.0.1", "2a00::200:5efe:10.0.0.1"),
    *("2001:db8::1", "100::1", "3fff::1", "5f00::1", "fd00:ec2::254"),
    # Zones, brackets, and what only looks like an address
    *(
        "fe80::1%lo",
        "fe80::1%25eth0",
        "[fe80::1%1]",
        "[127.0.0.1",
        "::1]",
        "[[::1]]",
        "[localhost]",
    ),
    *("127.0.0.1:993", "::1:", ":::1", "127.0.0.1%00", "127%2e0%2e0%2e1"),
    # Digits and dots of other scripts
    "\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}\N{FULLWIDTH DIGIT SEVEN}.0.0.1",
    "127\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}1",
    "127\N{FULLWIDTH FULL STOP}0.0\N{HALFWIDTH IDEOGRAPHIC FULL STOP}1",
    *("\N{CIRCLED NUMBER TWELVE}7.0.0.1", "\N{SUPERSCRIPT ONE}27.0.0.1"),
    "\N{ARABIC-INDIC DIGIT ONE}\N{ARABIC-INDIC DIGIT TWO}\N{ARABIC-INDIC DIGIT SEVEN}.0.0.1",
    # Names of this computer, of this network and of a cloud's inside; in IDN form as well
    *("localhost", "LOCALHOST", "localhost.", "imap.localhost", "localhost.localdomain"),
    *("db", "redis", "postgres", "intranet", "mail.local", "nas.lan", "fritz.box.home.arpa"),
    *("metadata.google.internal", "mail.intranet", "vault.private"),
    "\N{FULLWIDTH LATIN SMALL LETTER L}ocalhost",
    # What is no host at all
    *("", " ", "no such host", "user@127.0.0.1", "http://127.0.0.1", "127.0.0.1/24", "a\r\nb"),
    *("127.0.0.1#x", "127.0.0.1?x", "a\\b", "a\x00b", "x" * 300),
]
#: Names anybody can make in the public name service, and where they lead.
NAMES: dict[str, list[tuple[str, str]]] = {
    "127.0.0.1.nip.test": [("A", "127.0.0.1")],
    "app-10-0-0-7.sslip.test": [("A", "10.0.0.7")],
    "7f000001.nip.test": [("A", "127.0.0.1")],
    "metadata.river.test": [("A", "169.254.169.254")],
    "six.river.test": [("AAAA", "::1")],
    "mapped.river.test": [("AAAA", "::ffff:127.0.0.1")],
    "nat64.river.test": [("AAAA", "64:ff9b::a00:1")],
    "sixtofour.river.test": [("AAAA", "2002:7f00:1::1")],
    "some.river.test": [("A", "93.184.215.14"), ("A", "127.0.0.1")],
    "mixed.river.test": [("A", "93.184.215.14"), ("AAAA", "fd00::1")],
    "alias.river.test": [("CNAME", "127.0.0.1.nip.test.")],
    "xn--mller-kva.river.test": [("A", "192.168.1.1")],
    "m\N{LATIN SMALL LETTER U WITH DIAERESIS}ller.river.test": [("A", "192.168.1.1")],
    "cgnat.river.test": [("A", "100.64.1.1")],
}
OWN_PORTS = [22, 80, 443, 3306, 5432, 6379, 8000, 8080, 11211, 27017]
Refusal = tuple[object, ...]
Probe = Callable[..., Refusal]


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was waited for before an answer, without waiting."""
    spans: list[float] = []
    monkeypatch.setattr(probing.time, "sleep", spans.append)  # type: ignore[attr-defined] # time
    return spans


@pytest.fixture
def answer(settings: Settings, name_server: NameServer, slept: list[float]) -> Probe:
    """All a person is told of a test, with the host they typed left out."""
    settings.CONNECTIVITY_ALLOWED_NETWORKS = []
    settings.CONNECTIVITY_NAMESERVERS = [f"127.0.0.1:{name_server.port}"]
    for name, records in NAMES.items():
        for kind, text in records:
            name_server.add(name, kind, text)

    def ask(host: str, port: int = 993, kind: Kind = "imap") -> Refusal:
        login = Login("mara", "secret")
        found = probing.probe(kind, Endpoint(host, port, Security.TLS), login)
        assert found.error is not None, host
        told = words.shown(found, host="H", port=993)
        assert told.problem is not None
        named = str(found.error.params.get("host"))
        stages = [(stage.stage, stage.state, stage.detail, stage.seconds) for stage in found.stages]
        problem = told.problem
        said = problem.sentence.replace(named, "H", 1) if named else problem.sentence
        return (found.error.cause, problem.title, said, problem.action, stages, told.seconds)

    return ask


@pytest.fixture
def refusal(answer: Probe) -> Refusal:
    """What is told of a plainly private address."""
    told = answer("10.20.30.40")
    assert told[0] == "address-refused"
    return told


def test_the_table_is_long_enough() -> None:
    assert len(set(ADDRESSES)) + len(NAMES) >= 60


@pytest.mark.accept("A195")
@pytest.mark.parametrize("host", ADDRESSES)
def test_every_form_of_an_address_inside_is_refused_alike(
    host: str, answer: Probe, refusal: Refusal, slept: list[float], name_server: NameServer
) -> None:
    slept.clear()
    assert answer(host) == refusal
    assert len(slept) == 1


@pytest.mark.accept("A195")
@pytest.mark.parametrize("host", NAMES)
def test_every_name_that_leads_inside_is_refused_alike(
    host: str, answer: Probe, refusal: Refusal, slept: list[float], name_server: NameServer
) -> None:
    slept.clear()
    assert answer(host) == refusal
    assert len(slept) == 1
    assert name_server.asked, "the name has to be resolved to be judged"


@pytest.mark.parametrize("port", OWN_PORTS)
@pytest.mark.parametrize("host", ["127.0.0.1", "93.184.215.14", "10.0.0.7"])
def test_every_port_that_is_none_of_mail_is_refused_alike(
    host: str, port: int, answer: Probe, refusal: Refusal
) -> None:
    assert answer(host, port) == refusal


@pytest.mark.parametrize("kind", ["imap", "pop", "smtp"])
def test_every_kind_of_test_refuses_before_anything_is_sent(kind: Kind, answer: Probe) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        assert answer("127.0.0.1", listener.getsockname()[1], kind)[0] == "address-refused"
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_least_is_what_is_waited_for(answer: Probe, slept: list[float]) -> None:
    """Whatever came first, the wait fills up the same second."""
    assert probing.LEAST >= 1.0
    answer("127.0.0.1")
    answer("alias.river.test")
    assert all(0.0 <= span <= probing.LEAST for span in slept)
    assert max(slept) > probing.LEAST / 2


# A name that changes its mind, with 127.0.0.2 for the outside


@pytest.fixture
def outside(name_server: NameServer) -> AddressPolicy:
    return AddressPolicy(
        allowed_networks=(ip_network("127.0.0.2/32"),),
        allowed_ports=None,
        nameservers=(name_server.address,),
    )


def reach(host: str, port: int, policy: AddressPolicy) -> socket.socket:
    return connect(Endpoint(host, port, Security.TLS), policy, Deadline(5))


@pytest.mark.accept("A195")
def test_a_name_that_is_rebound_leads_to_the_address_that_was_judged(
    name_server: NameServer, outside: AddressPolicy
) -> None:
    name_server.turn("rebinding.river.test", "A", ["127.0.0.2"], ["127.0.0.1"])
    with socket.create_server(("127.0.0.2", 0)) as there:
        port = there.getsockname()[1]
        with socket.create_server(("127.0.0.1", port)) as inside:
            inside.setblocking(False)
            with reach("rebinding.river.test", port, outside) as sock:
                assert sock.getpeername()[0] == "127.0.0.2"
            asked = [each for each in name_server.asked if each[1] == "A"]
            assert len(asked) == 1
            with pytest.raises(AddressRefused):
                reach("rebinding.river.test", port, outside)
            with pytest.raises(BlockingIOError):
                inside.accept()


def test_one_address_inside_refuses_all_of_a_name(
    name_server: NameServer, outside: AddressPolicy
) -> None:
    name_server.add("both.river.test", "A", "127.0.0.2", "127.0.0.1")
    with pytest.raises(AddressRefused):
        reach("both.river.test", 993, outside)


@pytest.mark.parametrize("what", ["nothing", "failure", "silence", "too many"])
def test_a_name_server_that_does_not_help_ends_as_an_unknown_name(
    name_server: NameServer, outside: AddressPolicy, what: str
) -> None:
    name = "odd.river.test"
    if what == "failure":
        name_server.fail(name)
    elif what == "silence":
        name_server.silence(name)
    elif what == "too many":
        name_server.add(name, "A", *(f"127.0.0.{n}" for n in range(2, 60)))
    endpoint = Endpoint(name, 993, Security.TLS)
    with pytest.raises(MailServerError) as caught:
        connect(endpoint, outside, Deadline(1.5))
    assert isinstance(caught.value, NameNotFound)


# What the operator opens


def test_a_network_may_be_opened_for_one_port(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        settings.CONNECTIVITY_ALLOWED_NETWORKS = [f"127.0.0.0/8:{port}"]
        reach("127.0.0.1", port, network.policy()).close()
        reach("::ffff:127.0.0.1", port, network.policy()).close()
        for host, other in (("127.0.0.1", port + 1), ("127.0.0.1", 993), ("10.0.0.7", port)):
            with pytest.raises(AddressRefused):
                reach(host, other, network.policy())


def test_an_opened_network_keeps_our_own_services_closed(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        settings.BROKER_URL = f"redis://127.0.0.1:{port}/0"
        settings.CONNECTIVITY_ALLOWED_NETWORKS = ["127.0.0.0/8"]
        with pytest.raises(AddressRefused):
            reach("127.0.0.1", port, network.policy())
        settings.CONNECTIVITY_ALLOWED_NETWORKS = ["127.0.0.0/8", f"127.0.0.1/32:{port}"]
        reach("127.0.0.1", port, network.policy()).close()


def test_further_ports_are_opened_by_name(settings: Settings) -> None:
    settings.CONNECTIVITY_ALLOWED_NETWORKS = []
    settings.CONNECTIVITY_PORTS = ["993", "10993"]
    assert network.policy().allowed_ports == frozenset({993, 10993})
    settings.CONNECTIVITY_PORTS = []
    assert network.policy().allowed_ports == DEFAULT_MAIL_PORTS


@pytest.mark.parametrize(
    ("entry", "server"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
    ],
)
def test_name_servers_are_read_with_and_without_a_port(
    entry: str, server: tuple[str, int], settings: Settings
) -> None:
    settings.CONNECTIVITY_NAMESERVERS = [entry]
    assert network.policy().nameservers == (server,)
