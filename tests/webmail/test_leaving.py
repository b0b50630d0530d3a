"""The page that asks before a marked link is followed."""

from __future__ import annotations

import re
from urllib.parse import unquote

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailstore import links
from mailstore.models import Folder
from tests.webmail.samples import letter, put


def test_it_names_the_host_and_goes_nowhere_by_itself(browser_client: Client) -> None:
    answer = browser_client.get(links.address("https://bank.com@evil.net/x", links.USER))
    page = answer.content.decode()
    assert '<b dir="ltr">evil.net</b>' in page
    assert 'href="https://bank.com@evil.net/x"' in page
    assert answer["Referrer-Policy"] == "no-referrer"


def test_links_in_plain_text_are_marked_as_well(browser_client: Client, inbox: Folder) -> None:
    text = "Come to https://bank.com@evil.net/x?a=1&b=2, or to https://bank.com/ itself.\n"
    message = put(inbox, letter("Plain", text=text), at=timezone.now())
    page = browser_client.get(reverse("mail-message", args=[message.pk])).content.decode()
    assert page.count(' class="tributary-link"') == 1
    assert "evil.net</mark>" in page
    assert 'href="https://bank.com/"' in page
    assert 'href="https://bank.com@evil.net' not in page
    assert ">https://bank.com@evil.net/x?a=1&amp;b=2</a>" in page
    [token] = re.findall(r'href="/leaving/\?to=([^"]+)"', page)
    assert links.target(unquote(token)) == ("https://bank.com@evil.net/x?a=1&b=2", links.USER)


def test_it_knows_only_what_was_marked_here(browser_client: Client, client: Client) -> None:
    assert browser_client.get("/leaving/?to=https://evil.net/").status_code == 404
    assert client.get(links.address("https://evil.net/", links.OTHER)).status_code == 302
