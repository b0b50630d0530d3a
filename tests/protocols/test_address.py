"""The guard: what may be connected to, in every spelling an attacker may try."""

import socket
import threading
from ipaddress import ip_address, ip_network

import pytest

from protocols.address import AddressPolicy, connect, judge
from protocols.errors import AddressRefused, ConnectFailed, MailServerError, NameNotFound
from protocols.types import Deadline, Endpoint, Security
from standin.hostile import Hang, Hostile

STRICT = AddressPolicy()
FORBIDDEN_ADDRESSES = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.255.255",
    "169.254.169.254",
    "100.64.0.1",
    "100.127.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%lo",
    "fc00::1",
    "fd12:3456::1",
    "fec0::1",
    "ff02::1",
    "ff05::2",
    "100::1",
    "2001:db8::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "3fff::1",
    "5f00::1",
    "64:ff9b:1::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:100.64.0.1",
    "::ffff:7f00:1",
    "::127.0.0.1",
    "::10.0.0.1",
    "::ffff:0:127.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::169.254.169.254",
    "2002:7f00:1::",
    "2002:a00:1::",
    "2002:c0a8:1::",
    "2002:a9fe:a9fe::",
    "2001:0:7f00:1:0:0:80ff:fffe",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    "2a00::5efe:127.0.0.1",
    "2a00::200:5efe:10.0.0.1",
]
PUBLIC_ADDRESSES = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "223.255.255.1",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
# Everything here is understood by the resolver as an address of this computer, or by nobody.
LOOPBACK_SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "[::1]",
    "::1",
    "[::ffff:127.0.0.1]",
    "::ffff:7f00:1",
    "0",
    "0.0.0.0",
    "[::]",
    "0000::1",
    "0:0:0:0:0:0:0:1",
    "\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}\N{FULLWIDTH DIGIT SEVEN}.0.0.1",
    "127\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}1",
    "\N{CIRCLED NUMBER TWELVE}7.0.0.1",
]
NO_HOSTS = [
    "",
    " ",
    "127.0.0.1 ",
    "a b",
    "a\r\nb",
    "a\x00b",
    "user@127.0.0.1",
    "http://127.0.0.1",
    "127.0.0.1/24",
    "127.0.0.1:993",
    "127.0.0.1#x",
    "a?b",
    "x" * 300,
    "\N{LINE SEPARATOR}127.0.0.1",
    "a\\b",
]


def reach(host: str, port: int = 993, policy: AddressPolicy = STRICT) -> socket.socket:
    return connect(Endpoint(host, port, Security.TLS), policy, Deadline(5))


@pytest.mark.parametrize("address", FORBIDDEN_ADDRESSES)
def test_no_address_inside_a_network_is_judged_public(address: str) -> None:
    assert not judge(ip_address(address), STRICT)


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_public_addresses_pass(address: str) -> None:
    assert judge(ip_address(address), STRICT)


@pytest.mark.accept("A195")
@pytest.mark.parametrize("host", LOOPBACK_SPELLINGS)
def test_no_spelling_reaches_this_computer(host: str) -> None:
    """A listening socket proves that nothing arrived."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        everywhere = AddressPolicy(allowed_ports=None)
        with pytest.raises((AddressRefused, NameNotFound)):
            reach(host, port, everywhere)
        with pytest.raises(BlockingIOError):
            listener.accept()


@pytest.mark.parametrize("host", NO_HOSTS)
def test_what_is_no_host_is_refused_or_unknown(host: str) -> None:
    with pytest.raises((AddressRefused, NameNotFound)) as caught:
        reach(host)
    assert "\r" not in caught.value.public % caught.value.params


@pytest.mark.parametrize("port", [0, 1, 22, 80, 443, 3306, 6379, 65535, 65536, -1])
def test_other_ports_are_refused_before_anything_is_sent(port: int) -> None:
    with pytest.raises(AddressRefused):
        reach("8.8.8.8", port)


def test_one_forbidden_address_among_several_refuses_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The resolver is ours to choose: its answers are the attacker's, the guard is the subject."""
    rows = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 993)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 993)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)
    with pytest.raises(AddressRefused):
        reach("mixed.example")


def test_the_name_is_resolved_once(
    monkeypatch: pytest.MonkeyPatch, loopback: AddressPolicy
) -> None:
    """A name that changes its answer after the judgement gains nothing (DNS rebinding)."""
    asked: list[str] = []
    with Hostile([Hang()]) as server, monkeypatch.context() as patch:

        def answer(host: str, port: int, **_: object) -> list[object]:
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        patch.setattr(socket, "getaddrinfo", answer)
        reach("rebinding.example", server.port, loopback).close()
        patch.undo()
    assert asked == ["rebinding.example"]


def test_a_named_network_opens_its_addresses_on_any_port(loopback: AddressPolicy) -> None:
    with Hostile([Hang()]) as server:
        with reach("127.0.0.1", server.port, loopback) as sock:
            assert sock.getpeername() == ("127.0.0.1", server.port)
        with reach("::ffff:127.0.0.1", server.port, loopback) as sock:
            assert sock.getpeername()[1] == server.port


def test_a_named_network_opens_nothing_else() -> None:
    policy = AddressPolicy(allowed_networks=(ip_network("192.168.7.0/24"),))
    assert judge(ip_address("192.168.7.9"), policy)
    assert judge(ip_address("::ffff:192.168.7.9"), policy)
    assert not judge(ip_address("192.168.8.1"), policy)
    assert not judge(ip_address("127.0.0.1"), policy)


def test_a_closed_port_and_an_unknown_name_are_told_apart(loopback: AddressPolicy) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectFailed) as closed:
        reach("127.0.0.1", port, loopback)
    assert closed.value.cause == "port-closed"
    with pytest.raises(NameNotFound):
        reach("no-such-name.invalid")


def test_a_resolver_that_hangs_ends_with_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [released.wait(30)][1:])
    with pytest.raises(MailServerError):
        connect(Endpoint("slow.example", 993, Security.TLS), STRICT, Deadline(0.3))
    released.set()
