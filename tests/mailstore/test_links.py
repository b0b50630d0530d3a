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
        ("https:\\\\bank.com@evil.net\\x", "Sign in", links.USER),
        ("ht\ttps:/evil.com/", "bank.com", links.OTHER),
        ("\x01https:evil.com/", "bank.com", links.OTHER),
        ("https://evil.com/", "Sign in at https://bank.com/login today", links.OTHER),
        ("https://evil.com/", "ba\u00adnk\u200b.com", links.OTHER),
        ("https://evil.com/", "\uff42ank\uff0ecom", links.OTHER),
        ("https://\u0430\u0440\u0440\u04cf\u0435\u3002com/", "Sign in", links.LETTERS),
        ("https://%D0%B0%D1%80%D1%80%D3%8F%D0%B5.com/", "Sign in", links.LETTERS),
        ("https://bank.com%2f.evil.com/", "Sign in", links.BROKEN),
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
        ("https://xn--mnchen-3ya.de/", "m\u00fcnchen.de"),
        ("https://www.bank.com/", "All of it is at https://bank.com/, as ever"),
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


def test_what_is_hidden_in_a_link_does_not_hide_what_it_names() -> None:
    for style in ("display:none", "font-size:0", "FONT-SIZE : 0px", "opacity:0"):
        html = f'<a href="https://evil.net/">bank<b>.com</b><i style="{style}"> and more</i></a>'
        assert "evil.net</mark>" in make(Source(html, {}), Choices()).html
    html = '<a href="https://evil.net/">bank.com<i style="font-size:0.9em"> and more</i></a>'
    assert "</mark>" not in make(Source(html, {}), Choices()).html


def test_links_beyond_all_number_lead_nowhere() -> None:
    html = "<a href='https://a.net/'>x</a>" * links.MAX_LINKS
    shown = make(Source(html + "<a href='https://evil.net/'>bank.com</a>", {}), Choices()).html
    assert shown.count("https://a.net/") == links.MAX_LINKS
    assert "evil.net" not in shown


def test_what_a_link_says_of_its_target_is_ours_to_say() -> None:
    html = '<a href="https://here.net/leaving/?to=x" title="https://bank.com/">x</a>'
    assert "bank.com" not in make(Source(html, {}), Choices()).html


def test_a_sender_cannot_lead_to_our_pages() -> None:
    bad = (
        "/leaving/?to=aGk:x:y",
        "/lea\tving/?to=a",
        "/leaving/?to=a&amp;x=1",
        "/leaving/../outbox/",
        "/mail/action/",
        "/leaving/",
    )
    html = "".join(f'<a href="{one}">x</a>' for one in bad)
    assert "href" not in make(Source(html, {}), Choices()).html
