"""The page that asks before a marked link is followed."""

from __future__ import annotations

from django.test import Client

from mailstore import links


def test_it_names_the_host_and_goes_nowhere_by_itself(browser_client: Client) -> None:
    answer = browser_client.get(links.address("https://bank.com@evil.net/x", links.USER))
    page = answer.content.decode()
    assert '<b dir="ltr">evil.net</b>' in page
    assert 'href="https://bank.com@evil.net/x"' in page
    assert answer["Referrer-Policy"] == "no-referrer"


def test_it_knows_only_what_was_marked_here(browser_client: Client, client: Client) -> None:
    assert browser_client.get("/leaving/?to=https://evil.net/").status_code == 404
    assert client.get(links.address("https://evil.net/", links.OTHER)).status_code == 302
