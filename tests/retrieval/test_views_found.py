"""An address whose settings were looked up: shown, confirmed where they can be made up."""

from __future__ import annotations

import html
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from connectivity.discovery import Finding, Outcome, Step, StepId
from connectivity.services import found_settings
from connectivity.services.lookups.search import Search
from protocols.offers import Offer
from protocols.types import Security
from tests.retrieval.pages import NEW, Page

ADDRESS = "jona@harbour.test"


@pytest.fixture
def web(client_for: Callable[[User], Client], user: User) -> Client:
    return client_for(user)


def known(
    step: StepId,
    *,
    host: str = "imap.harbour.test",
    smtp: str = "",
    forgeable: bool = False,
) -> None:
    """Somebody looked the domain up a moment ago."""
    search = Search()
    search.note(Step(StepId.WELL_KNOWN, Outcome.NOTHING))
    offers = (
        Offer("imap", host, 993, Security.TLS),
        Offer("smtp", smtp or f"smtp.{host.partition('.')[2]}", 465, Security.TLS),
    )
    finding = Finding(offers, "_imaps._tcp.harbour.test", is_forgeable=forgeable)
    search.note(Step(step, Outcome.FOUND, "_imaps._tcp.harbour.test"), finding)
    found_settings.keep("harbour.test", search, address=ADDRESS, now=timezone.now())


def test_what_was_found_is_shown_with_how_it_was_found(web: Client) -> None:
    known(StepId.AUTOCONFIG)
    page = Page(web.get(NEW, {"address": ADDRESS}))
    assert (page.values["host"], page.values["port"]) == ("imap.harbour.test", "993")
    assert page.values["username"] == ADDRESS
    assert (page.values["smtp_host"], page.values["also_send"]) == ("smtp.harbour.test", "on")
    for words in ("Found by:", "How did you find this?", "_imaps._tcp.harbour.test"):
        assert words in page.text
    assert page.values["layout"] == "steps"


@pytest.mark.parametrize("step", [StepId.AUTOCONFIG, StepId.SRV])
def test_change_shows_every_field_with_what_was_found(web: Client, step: StepId) -> None:
    known(step, forgeable=step == StepId.SRV)
    place = "imap.harbour.test:993 smtp.harbour.test:465"
    source = web.get(NEW, {"address": ADDRESS, "confirmed": place}).content.decode()
    link = html.unescape(source.split("data-place-host")[1].split('href="')[1].split('"')[0])
    page = Page(web.get(link))
    assert page.values["layout"] == "full"
    assert (page.values["host"], page.values["username"]) == ("imap.harbour.test", ADDRESS)


def test_what_can_be_made_up_is_confirmed_before_a_password_is_asked(web: Client) -> None:
    known(StepId.SRV, forgeable=True)
    response = web.get(NEW, {"address": ADDRESS})
    page = Page(response)
    assert "Are these the right servers?" in page.text
    assert "imap.harbour.test" in page.text
    assert 'type="password"' not in response.content.decode()
    place = page.values["confirmed"]
    agreed = web.get(NEW, {"address": ADDRESS, "confirmed": place}).content.decode()
    assert 'type="password"' in agreed
    other = web.get(NEW, {"address": ADDRESS, "confirmed": "imap.elsewhere.test:993"})
    assert 'type="password"' not in other.content.decode()


def test_entering_others_starts_with_nothing_of_it(web: Client) -> None:
    known(StepId.SRV, forgeable=True)
    page = Page(web.get(NEW, {"address": ADDRESS, "type": "imap"}))
    assert page.values.get("host", "") == ""
    assert page.values["username"] == ADDRESS


def test_a_domain_hosted_by_a_provider_gets_that_tile(web: Client) -> None:
    known(StepId.MX, host="imap.gmail.com")
    page = Page(web.get(NEW, {"address": ADDRESS, "confirmed": ""}))
    text = page.text
    if "Are these the right servers?" in text:
        page = Page(web.get(NEW, {"address": ADDRESS, "confirmed": page.values["confirmed"]}))
    assert "This is Gmail" in page.text
    assert page.values["provider"] == "gmail"
    assert page.values["host"] == "imap.gmail.com"


@pytest.mark.parametrize(
    ("host", "smtp"),
    [("imap.gmail.com", "smtp.gmail.com"), ("outlook.office365.com", "smtp.office365.com")],
)
def test_the_secret_of_a_provider_goes_to_its_own_servers_alone(
    web: Client, host: str, smtp: str
) -> None:
    """A domain can publish settings with a server of its own among those of a provider."""
    known(StepId.AUTOCONFIG, host=host, smtp="smtp.harbour.test")
    shown = web.get(NEW, {"address": ADDRESS})
    if "Are these the right servers?" in shown.content.decode():
        shown = web.get(NEW, {"address": ADDRESS, "confirmed": Page(shown).values["confirmed"]})
    page = Page(shown)
    assert (page.values["host"], page.values["smtp_host"]) == (host, smtp)
    sending = Page(web.get(reverse("smtp-account-new"), {"address": ADDRESS}))
    assert sending.values["host"] == smtp


@pytest.mark.accept("A11")
def test_nothing_found_says_whom_to_ask(web: Client) -> None:
    search = Search()
    search.note(Step(StepId.SRV, Outcome.FAILED))
    found_settings.keep("harbour.test", search, address=ADDRESS, now=timezone.now())
    page = Page(web.get(NEW, {"address": ADDRESS}))
    assert "Its help pages or its administrator name the server" in page.text
    assert "Where was it looked for?" in page.text


def test_too_many_lookups_are_told(web: Client, settings: Settings) -> None:
    settings.CONNECTIVITY_TESTS_PER_HOUR = 0
    page = Page(web.get(NEW, {"address": ADDRESS}))
    assert "Too many lookups in this hour." in page.text
    assert page.values["username"] == ADDRESS


def test_an_smtp_account_begins_with_what_was_found(web: Client) -> None:
    known(StepId.AUTOCONFIG)
    page = Page(web.get(reverse("smtp-account-new"), {"address": ADDRESS}))
    assert (page.values["host"], page.values["port"]) == ("smtp.harbour.test", "465")
    assert page.values["encryption"] == "ssl"
    assert (page.values["email"], page.values["username"]) == (ADDRESS, ADDRESS)
