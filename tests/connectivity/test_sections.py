"""The registry of sections, their health, and the providers."""

import pytest

from connectivity.providers import CHECKED_ON, PROVIDERS, Provider, by_address, by_key
from connectivity.sections import SECTIONS, Concern, Health

TITLES = [
    "Cloud Storage Connections",
    "Email Retrieval",
    "SMTP Accounts",
    "Synchronized Devices",
    "Authenticated IPs",
    "Mailbox Migration",
]


def test_all_six_sections_have_their_place_and_a_line_of_their_own() -> None:
    assert [str(section.title) for section in SECTIONS] == TITLES
    assert len({str(section.description) for section in SECTIONS}) == 6
    assert all(section.template for section in SECTIONS if section.card)


def test_health_adds_up() -> None:
    whole = Health(2, 1, (Concern("a", "/a/"),)) + Health(1, 0, (Concern("b", "/b/"),))
    assert (whole.total, whole.fine, whole.waiting) == (6, 3, 1)
    assert whole.segments == ("f", "f", "f", "w", "b", "b")


def test_trouble_is_seen_on_the_meter_however_many_accounts_there_are() -> None:
    crowd = Health(500, 3, (Concern("a", "/a/"),))
    assert len(crowd.segments) <= 16
    assert crowd.segments[-1] == "b"
    assert Health().segments == ()


@pytest.mark.accept("A59")
def test_icloud_is_not_offered_by_pop() -> None:
    icloud = by_key("icloud")
    assert icloud is not None
    assert icloud.pop is None


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.key)
def test_a_tile_is_complete_and_encrypted(provider: Provider) -> None:
    assert by_key(provider.key) is provider
    assert provider.imap.port == 993
    assert provider.pop is None or provider.pop.port == 995
    assert provider.smtp.port in (465, 587)
    assert "%" not in provider.lead_text
    assert provider.link.startswith("https://")
    assert by_address(f"mara@{provider.domains[0].upper()}") is provider


def test_an_address_of_nobody_we_know() -> None:
    assert by_address("mara@example.test") is None
    assert by_address("not an address") is None
    assert CHECKED_ON.year >= 2026


def test_providers_that_want_no_password_are_not_among_them() -> None:
    for domain in ("outlook.com", "hotmail.com", "live.com"):
        assert by_address(f"mara@{domain}") is None
