"""Links that lead elsewhere than they say."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from mailstore import links
from mailstore.showing import Choices, Source, make


@pytest.mark.parametrize(
    ("url", "text", "why"),
    [
        ("https://evil.example.com/", "https://bank.com/login", links.OTHER),
        ("https://evil.com/", " www.bank.co.uk ", links.OTHER),
        ("https://bank.com.evil.net/", "bank.com", links.OTHER),
        ("https://bank.com@evil.net/", "Sign in", links.USER),
        ("https:\\\\bank.com@evil.net\\x", "Sign in", ""),
        ("https://bank.com\\@evil.net/", "Sign in", ""),
        ("http://203.0.113.9/x", "Sign in", links.NUMBER),
        ("http://0x7f.1/", "Sign in", links.NUMBER),
        ("http://[2001:db8::1]/", "Sign in", links.NUMBER),
        ("https://xn--pypal-4ve.com/", "Sign in", links.LETTERS),
        ("https://\u0430\u0440\u0440\u04cf\u0435.com/", "Sign in", links.LETTERS),
        ("http://[bad/", "Sign in", links.BROKEN),
    ],
)
def test_marked(url: str, text: str, why: str) -> None:
    assert links.reason(url, text) == why


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://click.mailer.net/c?u=9", "Read more"),
        ("https://click.mailer.net/c?u=9", "All times are on our site. Come soon"),
        ("https://www.bank.com/a", "https://bank.com/"),
        ("https://bank.com/a", "login.bank.com"),
        ("https://files.net/a.pdf", "report.pdf"),
        ("https://mailer.net/c", "jonas@bank.com"),
        ("https://mailer.net/c", "v2.0"),
        ("https://mailer.net/c", "3.14"),
        ("mailto:a@bank.com", "https://bank.com"),
        ("https://xn--mnchen-3ya.de/", "Stadt"),
        ("https://xn--80ak6aa4i.xn--p1ai/", "x" * 100_000),
    ],
)
def test_not_marked(url: str, text: str) -> None:
    assert links.reason(url, text) == ""


def test_the_mark_stands_in_what_is_shown_and_leads_to_the_page_that_asks() -> None:
    html = '<style>mark{display:none!important}</style><p>x <a href="https://evil.net/?a=1&amp;b">bank.com</a></p>'
    shown = make(Source(html, {}), Choices()).html
    [href] = re.findall(r'href="([^"]+)"', shown)
    assert href.startswith("/leaving/?to=")
    assert "&nbsp;evil.net</mark>" in shown
    assert "display: inline !important" in shown.replace("display:inline", "display: inline")
    token = parse_qs(urlsplit(unescape(href)).query)["to"][0]
    assert links.target(token) == ("https://evil.net/?a=1&b", links.OTHER)
    assert links.target(token + "x") is None


def test_a_sender_cannot_lead_to_our_pages() -> None:
    bad = ("/leaving/?to=a&amp;x=1", "/leaving/../outbox/", "/mail/action/", "/leaving/")
    html = "".join(f'<a href="{one}">x</a>' for one in bad)
    assert "href" not in make(Source(html, {}), Choices()).html
