"""The tiles: complete, encrypted, and what is published."""

import json
from datetime import date
from pathlib import Path

import pytest

from connectivity import guidance, guidance_steps
from connectivity.providers import (
    CHECKED_ON,
    GENERIC,
    PROVIDERS,
    Provider,
    Server,
    by_address,
    by_host,
    by_key,
    load,
    merged,
    name_of,
    provider_of,
)
from retrieval.profiles import key_of, profile_of

#: The tiles, in their order.
KEYS = [
    "gmail",
    "outlook",
    "microsoft365",
    "exchange",
    "yahoo",
    "aol",
    "icloud",
    "gmx",
    "webde",
    "zoho",
    "fastmail",
    "mailru",
    "yandex",
    "proton",
    "tributary",
]
each = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.key)


def tile(key: str) -> Provider:
    found = by_key(key)
    assert found is not None
    return found


@pytest.mark.accept("A41")
def test_the_tiles_are_all_there_in_their_order() -> None:
    assert [one.key for one in PROVIDERS] == KEYS
    assert [(one.key, one.types) for one in GENERIC] == [("imap", ("imap",)), ("pop", ("pop",))]


@pytest.mark.accept("A63", "A79")
def test_other_servers_begin_with_the_plain_ports() -> None:
    imap, pop = GENERIC
    assert imap.imap.port == 143
    assert pop.pop is not None
    assert pop.pop.port == 110


@pytest.mark.accept("A59")
@pytest.mark.parametrize("key", ["outlook", "icloud", "proton"])
def test_pop_is_not_offered_where_there_is_none(key: str) -> None:
    assert tile(key).types == ("imap",)
    assert tile(key).pop is None


@each
def test_a_tile_is_complete_and_encrypted(provider: Provider) -> None:
    assert by_key(provider.key) is provider
    assert provider.types
    assert "%" not in provider.lead_text + "".join(provider.step_texts + provider.note_texts)
    assert provider.step_texts
    assert provider.compared_with
    assert date(2026, 1, 1) < provider.checked_on <= CHECKED_ON
    assert provider.link.startswith("https://") or provider.key == "tributary"
    for domain in provider.domains:
        assert by_address(f"mara@{domain.upper()}") is provider
    if not provider.needs_host:
        assert provider.imap.port == 993
        assert provider.pop is None or provider.pop.port == 995
        assert provider.smtp.port == (587 if provider.smtp.starttls else 465)


@each
def test_a_limit_for_sending_names_the_page_it_is_from(provider: Provider) -> None:
    caps = provider.sending
    assert bool(caps.source) == bool(caps.connections or caps.per_connection or caps.per_day)
    if caps.checked_on:
        assert date(2026, 1, 1) < date.fromisoformat(caps.checked_on) <= CHECKED_ON


# What the published autoconfiguration data names, and for Fastmail its own help pages: POP and
# IMAP on 995 and 993 with TLS from the start for all of them.
PUBLISHED = {
    "gmail": ("imap.gmail.com", "pop.gmail.com", "smtp.gmail.com", 465),
    "outlook": ("outlook.office365.com", None, "smtp-mail.outlook.com", 587),
    "microsoft365": ("outlook.office365.com", None, "smtp.office365.com", 587),
    "yahoo": ("imap.mail.yahoo.com", "pop.mail.yahoo.com", "smtp.mail.yahoo.com", 465),
    "icloud": ("imap.mail.me.com", None, "smtp.mail.me.com", 587),
    "aol": ("imap.aol.com", "pop.aol.com", "smtp.aol.com", 465),
    "gmx": ("imap.gmx.net", "pop.gmx.net", "mail.gmx.net", 465),
    "webde": ("imap.web.de", "pop3.web.de", "smtp.web.de", 465),
    "zoho": ("imap.zoho.com", "pop.zoho.com", "smtp.zoho.com", 465),
    "fastmail": ("imap.fastmail.com", "pop.fastmail.com", "smtp.fastmail.com", 465),
    "mailru": ("imap.mail.ru", "pop.mail.ru", "smtp.mail.ru", 465),
    "yandex": ("imap.yandex.com", "pop.yandex.com", "smtp.yandex.com", 465),
}


@pytest.mark.parametrize("key", PUBLISHED)
def test_a_tile_says_what_is_published(key: str) -> None:
    imap, pop, smtp, port = PUBLISHED[key]
    provider = tile(key)
    assert provider.imap == Server(imap, 993)
    assert provider.pop == (Server(pop, 995) if pop else None)
    assert provider.smtp == Server(smtp, port, starttls=port == 587)


@pytest.mark.accept("A8")
def test_gmail_wants_an_app_password_of_16_letters() -> None:
    gmail = tile("gmail")
    assert (gmail.auth, gmail.password_letters) == ("app-password", 16)
    assert "16 letters" in gmail.lead_text


@pytest.mark.accept("A9", "A91", "A94")
@pytest.mark.parametrize("key", ["outlook", "microsoft365"])
def test_microsoft_is_a_sign_in_and_one_server(key: str) -> None:
    provider = tile(key)
    assert (provider.auth, provider.oauth) == ("oauth", "microsoft")
    assert provider.fixed_host
    assert provider.imap.host == "outlook.office365.com"
    assert "no password" in provider.lead_text


@pytest.mark.parametrize("domain", ["outlook.com", "hotmail.com", "live.com", "msn.com"])
def test_the_names_of_outlook_lead_to_its_tile(domain: str) -> None:
    assert by_address(f"mara@{domain}") is tile("outlook")


@pytest.mark.accept("A92")
def test_the_server_of_an_exchange_is_the_persons_to_enter() -> None:
    exchange = tile("exchange")
    assert exchange.is_exchange
    assert exchange.needs_host
    assert not exchange.fixed_host


@pytest.mark.accept("A54")
def test_another_installation_says_what_it_takes_for_more_than_mail() -> None:
    assert "DAV" in tile("tributary").lead_text


def test_proton_is_a_bridge_in_a_private_network_with_a_certificate_of_its_own() -> None:
    proton = tile("proton")
    assert proton.private_host
    assert proton.tls_pinned
    assert proton.imap == Server("", 1143, starttls=True)
    assert proton.smtp == Server("", 1025, starttls=True)


def test_usernames_are_what_the_provider_wants() -> None:
    assert tile("gmail").username_of("mara@gmail.com") == "mara@gmail.com"
    assert tile("webde").username_of("mara@web.de") == "mara"
    assert tile("webde").username_of("mara@web.de", "smtp") == "mara"
    assert tile("icloud").username_of("mara@me.com") == "mara"
    assert tile("icloud").username_of("mara@me.com", "smtp") == "mara@me.com"
    assert tile("webde").username_of("mara") == "mara"


def test_who_owns_a_server() -> None:
    assert by_host("IMAP.gmail.com.") is tile("gmail")
    assert by_host("imap.zoho.eu") is tile("zoho")
    assert by_host("") is None
    assert by_host("imap.example.test") is None
    assert name_of("outlook.office365.com") == "Microsoft"
    assert name_of("imap.mail.yahoo.com") == "Yahoo"
    assert name_of("IMAP.Example.test") == "IMAP.Example.test"


def test_an_address_of_nobody_we_know() -> None:
    assert by_address("mara@example.test") is None
    assert by_address("not an address") is None


@each
def test_the_engine_stays_below_what_the_provider_allows(provider: Provider) -> None:
    caps = provider.caps
    hosts = [host for host in (provider.imap.host, *provider.hosts) if host]
    assert [key_of(host) for host in hosts] == [caps.engine] * len(hosts)
    for kind in provider.types:
        server = provider.server(kind)
        assert server is not None
        profile = profile_of(server.host, pop=kind == "pop")
        allowed = caps.day_bytes.get(kind, 0)
        assert bool(profile.day_bytes) == bool(allowed)
        assert profile.day_bytes <= allowed


def test_every_sentence_is_used() -> None:
    said = {sentence for one in PROVIDERS + GENERIC for sentence in (*one.steps, *one.notes)}
    assert said == {*guidance_steps.STEPS.values(), *guidance.NOTES.values()}
    assert {one.lead for one in PROVIDERS + GENERIC} == set(guidance.LEADS.values())


ENTRY = {
    "key": "x",
    "name": "X",
    "letters": "X",
    "tint": 1,
    "domains": [],
    "imap": ["imap.x.test", 993, "tls"],
    "smtp": ["smtp.x.test", 465, "tls"],
    "lead": "app-password",
}


@pytest.mark.parametrize(
    "bad",
    [{"imap": ["imap.x.test", 143, "none"]}, {"lead": "unheard-of"}, {"smtp": None}],
)
def test_an_entry_with_a_mistake_is_told(bad: dict[str, object]) -> None:
    assert provider_of(ENTRY, CHECKED_ON).name == "X"
    with pytest.raises((KeyError, ValueError, TypeError)):
        provider_of(ENTRY | bad, CHECKED_ON)


OWN = ENTRY | {
    "key": "corp",
    "domains": ["corp.example"],
    "lead": "Your name at work, and 100 % of %(name)s.",
    "steps": ["open", "Ask the help desk"],
}


def test_an_installation_has_tiles_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    gmail = OWN | {"key": "gmail"}
    file.write_text(json.dumps({"checked_on": "2026-01-02", "providers": [OWN, gmail]}))
    checked_on, own = load(file, is_own=True)
    assert checked_on == date(2026, 1, 2)
    assert own[0].lead_text == "Your name at work, and 100 % of %(name)s."
    assert "X" in own[0].step_texts[0]
    assert own[0].step_texts[1] == "Ask the help desk"
    tiles = merged(PROVIDERS, own)
    assert [one.key for one in tiles] == ["corp", *KEYS]
    assert tiles[1] is own[1]
    assert by_address("mara@corp.example", tiles) is own[0]
