"""What a frame that is there already is given for the next message."""

from __future__ import annotations

import pytest
from django.test import Client
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
