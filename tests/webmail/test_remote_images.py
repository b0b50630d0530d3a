"""When the remote images of a message load: never by themselves, but for senders who are proven."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from mailstore.models import Folder, Message, TrustedSender, Verdict
from mailstore.services import trusting
from tests.webmail.samples import Mailbox, letter, put

HTML = "<p>Hello</p><img src='https://images.harbourline.test/map.png' width=100 height=50>"


@pytest.fixture
def message(inbox: Folder) -> Message:
    return put(inbox, letter("Hello", html=HTML), at=timezone.now())


def pane(client: Client, message: Message, query: str = "") -> str:
    address = reverse("mail-message", args=[message.pk]) + query
    return client.get(address, headers={"X-Part": "read"}).content.decode()


def loads(client: Client, message: Message, query: str = "") -> bool:
    """Whether the pane's own frame asks for the pictures."""
    found = re.search(r'<iframe[^>]* src="([^"]+)"', pane(client, message, query))
    assert found
    return 'src="/image/' in client.get(found[1]).content.decode()


def prove(message: Message, **found: object) -> None:
    Verdict.objects.update_or_create(
        message=message, defaults={"found": found or {"state": "passes"}}
    )


def test_they_wait_until_asked_for(browser_client: Client, mailbox: Mailbox) -> None:
    page = pane(browser_client, mailbox.newsletter)
    assert "1 remote image was not loaded." in page
    assert "1 tracker was taken out." in page
    frame = reverse("mail-frame", args=[mailbox.newsletter.pk])
    shown = browser_client.get(frame).content.decode()
    assert 'src="/image/' not in shown
    assert "harbourline.test/map" not in shown
    assert loads(browser_client, mailbox.newsletter, "?images=1")
    page = pane(browser_client, mailbox.newsletter, "?images=1")
    assert "remote image was" not in page
    assert "1 tracker was taken out." in page
    forged = browser_client.get(frame + "?images=1").content.decode()
    assert 'src="/image/' not in forged


def test_the_browser_asks_us_alone(browser_client: Client, message: Message) -> None:
    page = pane(browser_client, message, "?images=1")
    frame = re.search(r'<iframe[^>]* src="([^"]+)"', page)
    assert frame
    answer = browser_client.get(frame[1])
    assert "images.harbourline.test" not in answer.content.decode()
    assert "img-src 'self' data:;" in answer["Content-Security-Policy"]


def test_an_operator_may_let_browsers_ask(
    browser_client: Client, message: Message, settings: Settings
) -> None:
    settings.IMAGE_PROXY = False
    page = pane(browser_client, message, "?images=1")
    frame = re.search(r'<iframe[^>]* src="([^"]+)"', page)
    assert frame
    answer = browser_client.get(frame[1])
    assert 'src="https://images.harbourline.test/map.png"' in answer.content.decode()
    assert "img-src 'self' data: https: http:;" in answer["Content-Security-Policy"]


def test_trust_counts_for_what_is_proven(
    browser_client: Client, user: User, message: Message
) -> None:
    address = reverse("mail-images", args=[message.pk])
    assert not loads(browser_client, message)
    answer = browser_client.post(address, {"whom": "sender"}, headers={"X-Part": "none"})
    assert answer.status_code == 204
    assert TrustedSender.objects.get(user=user).sender == "jonas@harbourline.test"
    # A From is anybody's to write.
    assert not loads(browser_client, message)
    assert "You trust jonas@harbourline.test, but it is not proven" in pane(browser_client, message)
    for unproven in ({"state": "unknown"}, {"proofs": ["DKIM"]}, {"dmarc": "fail"}):
        prove(message, **unproven)
        assert not loads(browser_client, message)
    prove(message)
    assert loads(browser_client, message)
    user.remote_images = "never"
    user.save()
    assert not loads(browser_client, message)


def test_a_whole_domain(browser_client: Client, user: User, message: Message) -> None:
    where = {"whom": "domain", "next": f"/message/{message.pk}/?images=1"}
    answer = browser_client.post(reverse("mail-images", args=[message.pk]), where)
    assert answer["Location"] == f"/message/{message.pk}/?images=1"
    assert trusting.is_trusted(user, "Anna@Harbourline.TEST")
    assert not trusting.is_trusted(user, "anna@sub.harbourline.test")
    assert not trusting.is_trusted(user, "anna@evil-harbourline.test")
    prove(message)
    assert loads(browser_client, message)


def test_always_is_always(browser_client: Client, user: User, message: Message) -> None:
    user.remote_images = "always"
    user.save()
    assert loads(browser_client, message)
    assert "not loaded" not in pane(browser_client, message)


def test_trust_is_ones_own(
    user: User, other_user: User, browser_client: Client, message: Message
) -> None:
    trusting.trust(other_user, "jonas@harbourline.test")
    prove(message)
    assert not loads(browser_client, message)
    theirs = TrustedSender.objects.get(user=other_user)
    address = reverse("settings-distrust", args=[theirs.pk])
    assert browser_client.post(address).status_code == 404
    assert TrustedSender.objects.filter(pk=theirs.pk).exists()


@pytest.mark.parametrize("nobody", ["", "@", "jonas", "jonas@", "@harbourline.test"])
def test_nobody_is_trusted_by_accident(user: User, nobody: str) -> None:
    trusting.trust(user, nobody)
    trusting.trust(user, nobody, whole_domain=True)
    assert not trusting.listed(user)
    assert not trusting.is_trusted(user, nobody)


def test_the_settings_page(browser_client: Client, user: User) -> None:
    trusting.trust(user, "jonas@harbourline.test")
    address = reverse("settings-reading")
    page = browser_client.get(address).content.decode()
    assert "jonas@harbourline.test" in page
    done = browser_client.post(address, {"remote_images": "never", "dark_mail": "on"})
    assert done.status_code == 302
    user.refresh_from_db()
    assert (user.remote_images, user.dark_mail) == ("never", True)
    assert browser_client.post(address, {"remote_images": "sometimes"}).status_code == 422
    (one,) = trusting.listed(user)
    browser_client.post(reverse("settings-distrust", args=[one.pk]))
    assert not trusting.listed(user)


def test_colours_for_dark_pages_are_remembered(
    browser_client: Client, user: User, inbox: Folder
) -> None:
    message = put(inbox, letter("Hi", html='<p style="color:#000">Hi</p>'), at=timezone.now())
    frame = reverse("mail-frame", args=[message.pk])
    assert "Show in dark" in pane(browser_client, message)
    plain = browser_client.get(frame).content.decode()
    assert "{color-scheme:light!important}" in plain
    answer = browser_client.post(reverse("mail-dark"), {"dark": "1", "next": "/"})
    assert answer["Location"] == "/"
    adapted = browser_client.get(frame).content.decode()
    assert "{color-scheme:light dark!important}" in adapted
    assert "color:light-dark(rgb(0,0,0)," in adapted
    assert "Show colours as sent" in pane(browser_client, message)
    user.refresh_from_db()
    user.theme = "light"
    user.save()
    assert "Show colours as sent" not in pane(browser_client, message)
