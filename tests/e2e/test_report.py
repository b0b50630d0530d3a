"""The result of Test Connection in a browser, for servers that say no in typical ways."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from connectivity import providers
from connectivity.models import Feature, FeatureSwitch
from connectivity.providers import Server
from standin.certs import TlsFiles
from standin.dovecot import Dovecot
from standin.hostile import Expect, Hang, Hostile, Send, Step, Tls
from tests.protocols.scripted import CLEAR
from tests.retrieval.conftest import Remote
from tests.servers.fetching import Box
from tests.servers.imap import ImapServer

pytestmark = pytest.mark.django_db(transaction=True)

Shot = Callable[..., None]
ADDRESS = "jdoe@corp.test"


def refusal(words: str) -> Sequence[Step]:
    """A server that refuses every sign-in in these words."""
    return [*CLEAR, Expect(b"LOGIN"), Send(f"%TAG% NO {words}\r\n".encode()), Hang()]


def tried(page: Page, port: int, *, ssl: bool = True) -> Locator:
    """New Retrieval Task, Other IMAP server, Test Connection; where its result appears."""
    page.get_by_role("link", name="New Retrieval Task").click()
    page.get_by_role("link", name="Other IMAP server").click()
    for name, value in (("host", "localhost"), ("port", port), ("username", ADDRESS)):
        page.locator(f"[name={name}]").fill(str(value))
    page.locator("[name=password]").fill("a pass word")
    if not ssl:
        page.get_by_label("Require SSL").uncheck()
    page.get_by_role("button", name="Test Connection").click()
    report = page.locator("#outcome")
    expect(report).to_be_visible()
    return report


@pytest.mark.accept("A11", "A56", "A65")
def test_a_refused_sign_in_offers_another_username(
    page: Page,
    settings_page: Callable[[], None],
    settings: Settings,
    tls_files: TlsFiles,
    no_barriers: Callable[[], None],
    shot: Shot,
) -> None:
    settings.CONNECTIVITY_CA_FILE = tls_files.ca_file
    script = [Tls(tls_files.good), *refusal("[AUTHENTICATIONFAILED] Invalid credentials")]
    with Hostile(script) as server:
        settings_page()
        report = tried(page, server.port)
        expect(report).to_contain_text("it did not accept this username and password")
        expect(report).to_contain_text("TLS 1.3, certificate valid to")
        expect(report).to_contain_text("Also possible: the username is “jdoe”, not the address.")
        report.get_by_text("Server said", exact=True).click()
        expect(report).to_contain_text("[AUTHENTICATIONFAILED] Invalid credentials")
        no_barriers()
        shot("report-refused")
        report.get_by_role("button", name="Try “jdoe”").click()
        expect(page.locator("[name=username]")).to_have_value("jdoe")


def test_another_kind_of_server_offers_its_type(
    page: Page,
    settings_page: Callable[[], None],
    settings: Settings,
    tls_files: TlsFiles,
    no_barriers: Callable[[], None],
    shot: Shot,
) -> None:
    settings.CONNECTIVITY_CA_FILE = tls_files.ca_file
    greeting = (Tls(tls_files.good), Send(b"+OK ready\r\n"), Expect(b"USER"))
    with Hostile([*greeting, Send(b"-ERR [AUTH] no\r\n"), Hang()]) as server:
        settings_page()
        report = tried(page, server.port)
        expect(report).to_contain_text(f"localhost answered on port {server.port} as a POP server.")
        no_barriers()
        shot("report-pop")
        report.get_by_role("button", name="Use POP").click()
        expect(page.locator("[name=type]")).to_have_value("pop")


def test_a_certificate_is_shown_to_be_compared(
    page: Page,
    settings_page: Callable[[], None],
    tls_files: TlsFiles,
    no_barriers: Callable[[], None],
    shot: Shot,
) -> None:
    FeatureSwitch.objects.create(feature=Feature.CERTIFICATE_PINS, enabled=True)
    with Hostile([Tls(tls_files.self_signed), Hang()]) as server:
        settings_page()
        report = tried(page, server.port)
        expect(report).to_contain_text("localhost made its certificate itself")
        expect(report.locator("code").first).to_contain_text(":")
        expect(report.get_by_role("button", name="Trust this certificate")).to_be_visible()
        no_barriers()
        shot("report-certificate")


def test_what_lies_there_is_told(
    page: Page,
    settings_page: Callable[[], None],
    dovecot: Dovecot,
    settings: Settings,
    no_barriers: Callable[[], None],
    shot: Shot,
) -> None:
    settings.CONNECTIVITY_CA_FILE = dovecot.ca_file
    dovecot.add_user(ADDRESS, "a pass word")
    Remote(dovecot, ADDRESS).fill(range(5))
    settings_page()
    report = tried(page, dovecot.imaps_port)
    expect(report).to_contain_text(re.compile(r"6 folders, 5 messages, \d{3} bytes"))
    expect(report).to_contain_text("Arrives at once (IDLE)")
    no_barriers()
    shot("report-passed")


def test_a_clear_connection_is_warned_of(
    page: Page, settings_page: Callable[[], None], no_barriers: Callable[[], None], shot: Shot
) -> None:
    with ImapServer(INBOX=Box({1: b"Subject: x\r\n\r\nx"})) as server:
        settings_page()
        report = tried(page, server.port, ssl=False)
        expect(report).to_contain_text("Everybody on the way can read the password and the mail.")
        no_barriers()
        shot("report-clear")


@pytest.mark.accept("A8")
def test_an_app_password_is_asked_for_with_the_way_to_get_one(
    page: Page,
    settings_page: Callable[[], None],
    settings: Settings,
    tls_files: TlsFiles,
    monkeypatch: pytest.MonkeyPatch,
    no_barriers: Callable[[], None],
    shot: Shot,
) -> None:
    settings.CONNECTIVITY_CA_FILE = tls_files.ca_file
    words = "[ALERT] Application-specific password required: https://support.example/"
    with Hostile([Tls(tls_files.good), *refusal(words)]) as server:
        here = tuple(
            replace(one, imap=Server("localhost", server.port)) if one.key == "gmail" else one
            for one in providers.PROVIDERS
        )
        monkeypatch.setattr(providers, "PROVIDERS", here)
        for name in ("by_key", "by_address", "by_host"):
            monkeypatch.setattr(getattr(providers, name), "__defaults__", (here,))
        settings_page()
        page.get_by_role("link", name="New Retrieval Task").click()
        page.get_by_label("Your address there").fill("mara@gmail.com")
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("App password").fill("kwyt qdnb hzpl abcd")
        page.get_by_label("App password").press("Enter")
        page.get_by_role("button", name="Test Connection").click()
        report = page.locator("#outcome")
        expect(report).to_contain_text("Gmail wants an app password here")
        expect(report).not_to_contain_text("Most likely")
        link = report.get_by_role("link", name="How to get one")
        expect(link).to_have_attribute("href", "https://myaccount.google.com/apppasswords")
        no_barriers()
        shot("report-app-password")
