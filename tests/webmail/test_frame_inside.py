"""What a frame that is there already is given for the next message."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from mailstore.services import folders
from tests.webmail.samples import letter, put

pytestmark = pytest.mark.django_db


def test_it_is_the_same_html_as_a_page_of_its_own(browser_client: Client, user: User) -> None:
    html = "<p onclick='steal()'>Harbour</p><script>steal()</script>"
    message = put(folders.special(user, "inbox"), letter("News", html=html), at=timezone.now())
    address = f"/message/{message.pk}/frame/"
    page = browser_client.get(address)
    part = browser_client.get(address, headers={"X-Part": "inside"})
    said = part.json()
    assert "<p>Harbour</p>" in said["html"]
    assert said["html"] in page.content.decode()
    assert f"color-scheme:{said['scheme']}!important" in page.content.decode()
    assert said["scheme"] == "light dark"
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Cache-Control"):
        assert part[name] == page[name]
    assert "X-Part" in part["Vary"]
    assert "X-Part" in page["Vary"]
    assert part["Content-Type"] == "application/json"


def test_the_theme_of_the_person_counts(browser_client: Client, user: User) -> None:
    user.theme = "dark"
    user.save()
    inbox = folders.special(user, "inbox")
    plain = put(inbox, letter("Plain", html="<p>Words</p>"), at=timezone.now())
    coloured = "<table bgcolor=#f4efe6><tr><td>Words</td></tr></table>"
    own = put(inbox, letter("Own", html=coloured), at=timezone.now())
    schemes = [
        browser_client.get(f"/message/{one.pk}/frame/", headers={"X-Part": "inside"}).json()[
            "scheme"
        ]
        for one in (plain, own)
    ]
    assert schemes == ["dark", "light"]


def test_a_pane_brings_it_to_who_has_a_frame(browser_client: Client, user: User) -> None:
    """In one answer; as it stands in an attribute nothing of it is an element of the page."""
    html = "<p title='&quot;&gt;'>Harbour</p>"
    inbox = folders.special(user, "inbox")
    message = put(inbox, letter("News", html=html), at=timezone.now())
    address = f"/message/{message.pk}/"
    asked = {"X-Part": "read", "X-Inside": "1"}
    pane = browser_client.get(address, headers=asked)
    found = re.search(r'<iframe[^<>]* data-inside="([^"<>]*)" src=', pane.content.decode())
    assert found
    frame = browser_client.get(f"{address}frame/", headers={"X-Part": "inside"})
    assert json.loads(unescape(found[1])) == frame.json()
    assert "X-Inside" in pane["Vary"]
    # Nobody else gets it: who did not ask, and who looked for a word, which is marked in the frame.
    for query, headers in (("", {"X-Part": "read"}), ("?q=harbour", asked), ("?images=1", asked)):
        pane = browser_client.get(address + query, headers=headers)
        assert "<iframe" in pane.content.decode()
        assert "data-inside" not in pane.content.decode()


def test_a_frame_that_waits_is_as_guarded_as_any(browser_client: Client, user: User) -> None:
    inbox = folders.special(user, "inbox")
    message = put(inbox, letter("News", html="<p>Words</p>"), at=timezone.now())
    one = browser_client.get(f"/message/{message.pk}/frame/")
    empty = browser_client.get(reverse("mail-frame-blank"))
    assert "Words" not in empty.content.decode()
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "Cache-Control"):
        assert empty[name] == one[name]
