"""The registry of sections, their health, and the providers."""

import pytest

from connectivity.providers import CHECKED_ON, PROVIDERS, Provider, Server, by_address, by_key
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
    assert "%" not in provider.lead_text + "".join(provider.step_texts)
    assert provider.step_texts
    assert provider.link.startswith("https://")
    assert provider.compared_with
    assert by_address(f"mara@{provider.domains[0].upper()}") is provider


# What the published autoconfiguration data names, and for Fastmail its own help pages: POP and
# IMAP on 995 and 993 with TLS from the start for all of them.
PUBLISHED = {
    "gmail": ("imap.gmail.com", "pop.gmail.com", "smtp.gmail.com", 465),
    "yahoo": ("imap.mail.yahoo.com", "pop.mail.yahoo.com", "smtp.mail.yahoo.com", 465),
    "icloud": ("imap.mail.me.com", None, "smtp.mail.me.com", 587),
    "aol": ("imap.aol.com", "pop.aol.com", "smtp.aol.com", 465),
    "gmx": ("imap.gmx.net", "pop.gmx.net", "mail.gmx.net", 465),
    "webde": ("imap.web.de", "pop3.web.de", "smtp.web.de", 465),
    "zoho": ("imap.zoho.com", "pop.zoho.com", "smtp.zoho.com", 465),
    "fastmail": ("imap.fastmail.com", "pop.fastmail.com", "smtp.fastmail.com", 465),
}


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.key)
def test_a_tile_says_what_is_published(provider: Provider) -> None:
    imap, pop, smtp, port = PUBLISHED[provider.key]
    assert provider.imap == Server(imap, 993)
    assert provider.pop == (Server(pop, 995) if pop else None)
    assert provider.smtp == Server(smtp, port, starttls=port == 587)


def test_an_address_of_nobody_we_know() -> None:
    assert by_address("mara@example.test") is None
    assert by_address("not an address") is None
    assert CHECKED_ON.year >= 2026


def test_providers_that_want_no_password_are_not_among_them() -> None:
    for domain in ("outlook.com", "hotmail.com", "live.com"):
        assert by_address(f"mara@{domain}") is None
