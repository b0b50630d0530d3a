"""The catalogue of providers by domain, against a sample and, where it is there, the snapshot.

``TRIBUTARY_ISPDB`` names a folder with the published configurations. They are read here in a
way of their own, not by the parser the catalogue was made with.
"""

from __future__ import annotations

import io
import json
import os
import re
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from connectivity import directory, facts, providers
from connectivity.checks import check_provider_data
from connectivity.discovery import Found
from connectivity.management.commands.check_catalogue import Command
from connectivity.models import Feature
from connectivity.providers import PROVIDERS
from connectivity.services import autodiscovery, features
from tests.protocols.test_autoconfig import document, server

SNAPSHOT = Path(os.environ.get("TRIBUTARY_ISPDB", "/nonexistent"))
#: Kind, host, port, how it is encrypted, username form.
Fact = tuple[str, str, int, str, str]

# A few of every kind, by hand from the published data: two lists of servers, a local part, a
# username of two parts, hosts made of the domain, and one without encryption.
SAMPLE: dict[str, list[Fact]] = {
    "posteo.de": [
        ("imap", "posteo.de", 993, "tls", "mara@posteo.de"),
        ("pop", "posteo.de", 995, "tls", "mara@posteo.de"),
        ("smtp", "posteo.de", 465, "tls", "mara@posteo.de"),
    ],
    "free.fr": [
        ("imap", "imap.free.fr", 993, "tls", "mara"),
        ("pop", "pop.free.fr", 995, "tls", "mara"),
        ("smtp", "smtp.free.fr", 465, "tls", "mara"),
    ],
    "yahoo.com.br": [
        ("imap", "imap.mail.yahoo.com", 993, "tls", "mara@yahoo.com.br"),
        ("smtp", "smtp.mail.yahoo.com", 465, "tls", "mara@yahoo.com.br"),
    ],
    "magenta.de": [
        ("imap", "secureimap.t-online.de", 993, "tls", "mara@magenta.de"),
        ("pop", "securepop.t-online.de", 995, "tls", "mara@magenta.de"),
    ],
    "inbox.lt": [("imap", "mail.inbox.lt", 993, "tls", "mara@inbox.lt")],
    "mail.ee": [("imap", "mail.ee", 993, "tls", "mara@mail.ee")],
    "hal.ne.jp": [("pop", "mail.hal.ne.jp", 110, "none", "mara@hal.ne.jp")],
    "icloud.com": [
        ("imap", "imap.mail.me.com", 993, "tls", "mara"),
        ("smtp", "smtp.mail.me.com", 587, "starttls", "mara@icloud.com"),
    ],
    "hotmail.co.uk": [("imap", "outlook.office365.com", 993, "tls", "mara@hotmail.co.uk")],
}


@pytest.fixture
def reader(user: User) -> User:
    """Somebody for whom only what is shipped is looked at."""
    features.set_switch(None, Feature.LOOKUP, enabled=False)
    return user


def find(user: User, domain: str) -> Found:
    return autodiscovery.find(address=f"mara@{domain}", user=user, now=timezone.now())


def said(found: Found, kind: str) -> Fact | None:
    one = found.best(kind)
    return (one.kind, one.host, one.port, one.security.value, one.username) if one else None


@pytest.mark.django_db
@pytest.mark.parametrize("theirs", SAMPLE)
def test_the_sample_is_right_at_first_try(reader: User, theirs: str) -> None:
    found = find(reader, theirs)
    for fact in SAMPLE[theirs]:
        assert said(found, fact[0]) == fact


_SECURITY = {"SSL": "tls", "STARTTLS": "starttls", "plain": "none"}


def published(file: Path) -> tuple[list[str], list[tuple[str, str, str, str, str]]]:
    """Domains and servers of a file of the snapshot, as written, in its order."""
    root = fromstring(file.read_text())
    provider = root.find("emailProvider")
    assert provider is not None
    rows = []
    for each in provider.findall("incomingServer") + provider.findall("outgoingServer"):
        kind = {"imap": "imap", "pop3": "pop", "smtp": "smtp"}.get(each.get("type", ""))
        if kind is None:
            continue
        texts = [each.findtext(tag, "") for tag in ("hostname", "port", "socketType", "username")]
        rows.append((kind, *texts))
    domains = {str(each.text).strip().lower() for each in provider.findall("domain")}
    return sorted(domains), [(a, b, c, d, e) for a, b, c, d, e in rows]


def filled(text: str, domain: str) -> str:
    whole = re.sub("%EMAILADDRESS%?", f"mara@{domain}", text)
    return whole.replace("%EMAILLOCALPART%", "mara").replace("%EMAILDOMAIN%", domain)


def wanted(rows: list[tuple[str, str, str, str, str]], kind: str, domain: str) -> Fact | None:
    """The first server of a kind, one with encryption before any without."""
    mine = [row for row in rows if row[0] == kind]
    mine.sort(key=lambda row: row[3] == "plain")
    if not mine:
        return None
    _, host, port, security, username = mine[0]
    name = filled(username or "%EMAILADDRESS%", domain)
    return kind, filled(host, domain).lower(), int(port), _SECURITY[security], name


# Outlook.com is not offered over POP (A59), whatever is published.
NO_POP = frozenset({"outlook", "microsoft365", "icloud"})


def first_try(reader: User, folder: Path) -> tuple[int, list[str]]:
    """How many domains there are, and what is not right for which of them."""
    count, wrong = 0, []
    for file in sorted(folder.glob("*.xml")):
        domains, rows = published(file)
        for domain in domains:
            count += 1
            found = find(reader, domain)
            tile = found.provider.key if found.provider else ""
            for kind in ("imap", "pop", "smtp"):
                if kind == "pop" and tile in NO_POP:
                    continue
                right = wanted(rows, kind, domain)
                if said(found, kind) != right:
                    wrong.append(f"{domain}: {said(found, kind)} instead of {right}")
    return count, wrong


@pytest.mark.django_db
def test_every_domain_of_the_snapshot_is_right_at_first_try(reader: User) -> None:
    if not SNAPSHOT.is_dir():
        # Said aloud, as nothing was compared; the sample above always is.
        print("no snapshot: TRIBUTARY_ISPDB names no folder")  # noqa: T201 - for who reads the run
        return
    count, wrong = first_try(reader, SNAPSHOT)
    assert wrong == []
    assert count >= 962


@pytest.mark.django_db
def test_every_domain_of_the_catalogue_has_a_server(reader: User) -> None:
    domains = [domain for entry in directory.load() for domain in entry.domains]
    assert len(domains) >= 900
    for domain in domains:
        found = find(reader, domain)
        assert found.incoming is not None, domain
        assert found.incoming.security != "none" or found.incoming.needs_confirmation


def test_tiles_and_catalogue_agree() -> None:
    for provider in PROVIDERS:
        for domain in provider.domains:
            entry = directory.entry_for(domain)
            if entry is None:
                continue
            assert entry.tile is provider or provider.key in ("outlook", "microsoft365"), domain
            named = {(one.kind, one.host, one.port) for one in entry.offers}
            for kind in ("imap", "smtp"):
                server = provider.server(kind)
                assert server is not None
                assert (kind, server.host, server.port) in named, domain


@pytest.mark.parametrize(
    ("theirs", "key"), [("mit.edu", "microsoft365"), ("umich.edu", "gmail"), ("zoho.eu", "zoho")]
)
def test_whose_tile_a_provider_without_one_of_its_own_has(theirs: str, key: str) -> None:
    entry = directory.entry_for(theirs)
    assert entry is not None
    assert entry.tile is providers.by_key(key)


def test_an_entry_is_written_as_it_was_read(tmp_path: Path) -> None:
    entries = directory.load()
    text = directory.text_of(entries, checked_on="2026-03-12", source="x")
    (tmp_path / "c.json").write_text(text)
    assert directory.load(tmp_path / "c.json") == entries
    assert text.count("\n") == len(entries) + 2
    assert json.loads(text)["checked_on"] == "2026-03-12"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small snapshot."""
    made = tmp_path / "snapshot"
    made.mkdir()
    (made / "river.test.xml").write_bytes(document(server()))
    return made


def run(*args: object) -> str:
    out = io.StringIO()
    call_command(Command(stdout=out), *map(str, args), skip_checks=True)
    return out.getvalue()


def test_the_command_writes_and_then_agrees(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    run(folder, "--write", "--checked-on", "2026-03-12", "--catalogue", file)
    assert json.loads(file.read_text())["checked_on"] == "2026-03-12"
    said = json.loads(run(folder, "--catalogue", file, "--json"))
    assert said == {"providers": 1, "domains": 1, "differences": []}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("993", "143"), "imap.river.test:143 tls address password in the snapshot"),
        (("<domain>river.test", "<domain>lake.test"), "not in the snapshot"),
        (("<displayName>River", "<displayName>Lake"), "called River in the catalogue, Lake"),
    ],
)
def test_the_command_tells_what_differs(
    folder: Path, tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    file = tmp_path / "c.json"
    run(folder, "--write", "--catalogue", file)
    xml = folder / "river.test.xml"
    xml.write_text(xml.read_text().replace(*change))
    with pytest.raises(CommandError, match=told) as caught:
        run(folder, "--catalogue", file)
    assert caught.value.returncode == 1
    told_facts = getattr(caught.value, "facts", {})
    assert told_facts["differences"][0]["domain"] in ("river.test", "lake.test")


def test_the_command_tells_which_file_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    (folder / "bad.xml").write_text("<html/>")
    with pytest.raises(CommandError, match="bad.xml: another kind of document"):
        run(folder)
    with pytest.raises(CommandError, match="holds no XML files"):
        run(tmp_path / "nowhere")


def test_the_data_passes_the_system_check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert check_provider_data(None) == []
    broken = tmp_path / "broken.json"
    broken.write_text('{"providers": [{"id": "x"}]}')
    monkeypatch.setattr("connectivity.facts.CATALOGUE", broken)
    assert [error.id for error in check_provider_data(None)] == ["tributary.E102"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('"auth": "app-password"', '"auth": "guess"'), "gmail has an unknown way to sign in"),
        (('"oauth": "microsoft",', ""), "outlook has a sign-in without its provider"),
        (('"username": "local-part"', '"username": "x"'), "icloud has an unknown form"),
        (('"link": "https', '"link": "http'), "gmail has a link that is not encrypted"),
        (('"imap": ["outlook.office365.com"', '"imap": [""'), "outlook has a server address"),
        (('"letters": "G",', '"letters": "G", "types": [],'), "gmail has no types"),
        (('"letters": "iC",', '"letters": "iC", "types": ["pop"],'), "icloud has types without"),
        (('"lead": "bridge"', '"lead": "nothing"'), "an entry cannot be read"),
    ],
)
def test_a_mistake_in_the_tiles_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    text = providers.DATA.read_text()
    assert change[0] in text
    file = tmp_path / "providers.json"
    file.write_text(text.replace(*change, 1))
    monkeypatch.setattr("connectivity.facts.TILES", file)
    assert told in check_provider_data(None)[0].msg


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"checked_on": "2026-01-02", "providers": [{"key": "x"}]}']
)
def test_a_mistake_in_the_tiles_of_the_installation_is_told(
    settings: Settings, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "own.json"
    file.write_text(text)
    settings.CONNECTIVITY_PROVIDERS_FILE = str(file)
    assert "own.json: an entry cannot be read" in facts.own_mistakes()[0]
    assert check_provider_data(None) == []
    file.write_text('{"checked_on": "2026-01-02", "providers": []}')
    assert facts.own_mistakes() == []
