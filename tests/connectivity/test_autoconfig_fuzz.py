"""Configurations with anything in them: read, or refused in our own words, and nothing else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from connectivity.discovery import Finding, StepId, candidates, without_address
from connectivity.services.lookups.question import registrable
from protocols import autoconfig, autodiscover
from protocols.errors import ProtocolBroken
from protocols.offers import Offer, host_of, is_host
from tests.protocols.test_autoconfig import ADDRESS, answer, document, protocol, server

VALUES = st.text(max_size=60) | st.sampled_from(
    ["%EMAILADDRESS", "%EMAILDOMAIN%", "imap.%EMAILDOMAIN%.%EMAILLOCALPART%", "993", "SSL", "IMAP"]
)
TEXT = VALUES.map(lambda text: text.replace("&", "").replace("<", "").replace("]]>", ""))
SERVERS = st.lists(
    st.builds(
        server,
        kind=st.sampled_from(["imap", "pop3", "smtp", "x"]),
        tag=st.sampled_from(["incomingServer", "outgoingServer"]),
        hostname=TEXT,
        port=TEXT,
        socketType=TEXT,
        username=TEXT,
        authentication=TEXT,
    ),
    max_size=4,
)


def check(offers: tuple[Offer, ...]) -> None:
    """Whatever was read can be ranked, and every host is one."""
    found = candidates({StepId.AUTOCONFIG: Finding(offers)}, ADDRESS, registrable, ())
    for one in found:
        assert is_host(one.host)
        assert 0 < one.port < 65536


def torn(whole: bytes, place: int, piece: bytes) -> bytes:
    return whole[: place % len(whole)] + piece + whole[place % len(whole) + len(piece) :]


@settings(max_examples=150, deadline=None)
@given(servers=SERVERS, place=st.integers(0, 5000), piece=st.binary(max_size=6))
def test_configurations(servers: list[str], place: int, piece: bytes) -> None:
    for data in (document(*servers), torn(document(*servers), place, piece)):
        try:
            check(autoconfig.parse(data).offers)
        except ProtocolBroken:
            continue


@settings(max_examples=150, deadline=None)
@given(
    values=st.dictionaries(st.sampled_from(["Type", "Server", "Port", "SSL", "LoginName"]), TEXT),
    place=st.integers(0, 5000),
    piece=st.binary(max_size=6),
)
def test_answers_of_autodiscover(values: dict[str, str], place: int, piece: bytes) -> None:
    whole = answer(protocol(**{k: v for k, v in values.items() if k != "Type"}))
    for data in (whole, torn(whole, place, piece)):
        try:
            check(autodiscover.parse(data, ADDRESS))
        except ProtocolBroken:
            continue


@settings(max_examples=150, deadline=None)
@given(
    data=st.binary(max_size=200)
    | st.text(max_size=100).map(lambda text: f'{{"Url": "{text}"}}'.encode())
)
def test_answers_in_json(data: bytes) -> None:
    try:
        assert is_host(autodiscover.json_host(data))
    except ProtocolBroken:
        return


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=80))
def test_hosts_and_web_addresses(text: str) -> None:
    host = host_of(text)
    assert not host or (is_host(host) and host.isascii())
    kept = without_address(
        f"https://x.test/{ADDRESS}?{text}".replace("[", "").replace("]", ""), ADDRESS
    )
    assert kept == ""
