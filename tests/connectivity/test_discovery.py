"""Choosing among findings: what is believed, what has to be confirmed, what is told to whom."""

from __future__ import annotations

import pytest

from connectivity.discovery import (
    Candidate,
    Finding,
    Found,
    StepId,
    candidates,
    is_settled,
    offers_of,
    parents,
    personal,
    without_address,
)
from connectivity.providers import GENERIC, PROVIDERS, by_key
from connectivity.services.lookups.question import registrable
from protocols.offers import Kind, Offer
from protocols.types import Security

ADDRESS = "mara@mail.river.co.uk"


def offer(
    host: str = "imap.river.co.uk",
    kind: Kind = "imap",
    security: Security = Security.TLS,
    port: int = 993,
) -> Offer:
    return Offer(kind, host, port, security)


def chosen(findings: dict[StepId, Finding], *mx: str) -> tuple[Candidate, ...]:
    return candidates(findings, ADDRESS, registrable, mx)


def needs_confirmation(finding: Finding, step: StepId, *mx: str) -> bool:
    (one,) = chosen({step: finding}, *mx)
    return one.needs_confirmation


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("mail.river.co.uk", "river.co.uk"),
        ("co.uk", "co.uk"),
        ("a.b.river.test", "river.test"),
        ("river.test", "river.test"),
        ("x.github.io", "x.github.io"),
        ("", ""),
    ],
)
def test_what_somebody_registered(name: str, part: str) -> None:
    assert registrable(name) == part


def test_own_servers_need_no_confirmation() -> None:
    for step in (StepId.AUTOCONFIG, StepId.WELL_KNOWN, StepId.MX, StepId.AUTODISCOVER):
        assert not needs_confirmation(Finding((offer(),)), step)


@pytest.mark.parametrize("host", ["imap.hoster.test", "imap.other.co.uk", "river.co.uk.evil.test"])
def test_servers_of_others_do(host: str) -> None:
    finding = Finding((offer(host),))
    assert needs_confirmation(finding, StepId.AUTOCONFIG)


def test_who_takes_the_mail_vouches_only_beside_another_step() -> None:
    finding = Finding((offer("imap.hoster.test"),))
    assert not needs_confirmation(finding, StepId.AUTOCONFIG, "mx.hoster.test")
    assert needs_confirmation(finding, StepId.MX, "mx.hoster.test")


def test_what_can_be_forged_needs_confirmation_even_for_own_servers() -> None:
    assert needs_confirmation(Finding((offer(),), is_forgeable=True), StepId.SRV)


def test_shipped_facts_do_not() -> None:
    finding = Finding((offer("imap.hoster.test"),), is_certain=True)
    assert not needs_confirmation(finding, StepId.CATALOGUE)


def test_a_connection_without_encryption_always_does() -> None:
    finding = Finding((offer(security=Security.NONE, port=143),), is_certain=True)
    assert needs_confirmation(finding, StepId.CATALOGUE)


def test_a_later_step_can_vouch() -> None:
    forged = Finding((offer(),), is_forgeable=True)
    knocked = Finding((offer(),), is_certain=True)
    (one,) = chosen({StepId.SRV: forged, StepId.GUESS: knocked})
    assert one.step is StepId.SRV
    assert not one.needs_confirmation


def test_earlier_steps_first_and_in_them_the_order_of_the_provider() -> None:
    first, second = offer("a.test", port=143, security=Security.STARTTLS), offer("b.test")
    findings = {StepId.GUESS: Finding((offer("c.test"),)), StepId.MX: Finding((first, second))}
    assert [one.host for one in chosen(findings)] == ["a.test", "b.test", "c.test"]


def test_without_encryption_last_of_all() -> None:
    clear = offer("a.test", port=143, security=Security.NONE)
    findings = {StepId.AUTOCONFIG: Finding((clear,)), StepId.CLEAR: Finding((offer("b.test"),))}
    assert [one.host for one in chosen(findings)] == ["b.test", "a.test"]


def test_a_host_that_is_none_is_left_out() -> None:
    assert chosen({StepId.AUTOCONFIG: Finding((offer("localhost"),))}) == ()


def test_imap_before_pop() -> None:
    pop, imap = offer("pop.river.co.uk", "pop"), offer()
    found = Found("x", candidates=chosen({StepId.MX: Finding((pop, imap))}))
    assert found.incoming is not None
    assert found.incoming.kind == "imap"
    assert Found("x").incoming is None
    assert Found("x").answered is None


def test_settled_is_what_no_earlier_step_can_change() -> None:
    whole = Finding((offer(), offer("smtp.river.co.uk", "smtp")))
    before = {StepId.TILE, StepId.AUTOCONFIG, StepId.WELL_KNOWN, StepId.CATALOGUE}
    assert is_settled({StepId.MX: whole}, before | {StepId.MX})
    assert not is_settled({StepId.MX: whole}, before - {StepId.WELL_KNOWN})
    assert not is_settled({StepId.MX: Finding((offer(),))}, before | {StepId.MX})
    clear = Finding((offer(security=Security.NONE), offer("s.test", "smtp")))
    assert not is_settled({StepId.MX: clear}, before | {StepId.MX})
    assert is_settled({}, set(StepId))


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.test/c.xml?x=1", "https://a.test/c.xml?x=1"),
        ("https://a.test/c.xml?e=mara@mail.river.co.uk", "https://a.test/c.xml"),
        ("https://a.test/c.xml?e=MARA%40mail.river.co.uk#x", "https://a.test/c.xml"),
        ("https://a.test/c.xml?e=mara%2540x", "https://a.test/c.xml"),
        ("https://a.test/mara@mail.river.co.uk", ""),
        ("https://a.test/c.xml?e=nobody@x", "https://a.test/c.xml?e=nobody@x"),
    ],
)
def test_an_address_of_the_web_without_that_of_the_person(url: str, kept: str) -> None:
    assert without_address(url, ADDRESS) == kept


def test_what_names_a_person() -> None:
    assert personal(Offer("imap", "mara.river.test", 993, Security.TLS), ADDRESS)
    assert personal(Offer("imap", "a.test", 993, Security.TLS, "u17"), ADDRESS)
    assert not personal(offer(), ADDRESS)


def test_a_host_and_the_domains_it_is_in() -> None:
    assert parents("a.b.river.test", "river.test") == (
        "a.b.river.test",
        "b.river.test",
        "river.test",
    )
    assert parents("river.test", "river.test") == ("river.test",)
    assert parents("ariver.test", "river.test") == ("ariver.test",)


def test_the_servers_of_a_tile() -> None:
    webde = by_key("webde")
    assert webde is not None
    assert [(one.kind, one.username) for one in offers_of(webde)] == [
        ("imap", "%EMAILLOCALPART%"),
        ("pop", "%EMAILLOCALPART%"),
        ("smtp", "%EMAILLOCALPART%"),
    ]
    for tile in PROVIDERS + GENERIC:
        assert {one.kind for one in offers_of(tile)} <= {*tile.types, "smtp"}
        assert all(one.host for one in offers_of(tile))
