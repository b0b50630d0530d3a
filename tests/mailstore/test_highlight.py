from __future__ import annotations

from html.parser import HTMLParser

import pytest

from mailstore.highlight import beginning, marked, marked_html, passage, terms_for
from mailstore.query_text import parse
from mailstore.sanitise import clean, text_to_html
from tests import mail


@pytest.mark.parametrize(
    ("text", "typed", "html"),
    [
        ("Lunch on Friday", "friday", "Lunch on <mark>Friday</mark>"),
        ("Lunch on Friday", "fri", "Lunch on <mark>Friday</mark>"),
        ("Lunch on Friday", '"fri"', "Lunch on Friday"),
        ("Lunch on Friday", "-friday lunch", "<mark>Lunch</mark> on Friday"),
        ("Lunch on Friday", "(a OR lunch) in:inbox", "<mark>Lunch</mark> on Friday"),
        ("a <b> & c", "b c", "a &lt;<mark>b</mark>&gt; &amp; <mark>c</mark>"),
        ("amp & lt <", "amp lt", "<mark>amp</mark> &amp; <mark>lt</mark> &lt;"),
        ("Crème BRÛLÉE", "creme brulee", "<mark>Crème</mark> <mark>BRÛLÉE</mark>"),
        ("cre\u0300me", "creme", "<mark>crème</mark>"),
        ("Straße", "strasse", "<mark>Straße</mark>"),
        ("مُحَمَّد", "محمد", "<mark>مُحَمَّد</mark>"),
        ("東京都の天気", "京都", "東<mark>京都</mark>の天気"),
        ("東京都の天気", "東京都", "<mark>東京都</mark>の天気"),
        ("天気天気", "天気", "<mark>天気</mark><mark>天気</mark>"),
        ("party 🎉", "🎉", "party <mark>🎉</mark>"),
        ("has:image", "has:image", "has:image"),
        ("", "x", ""),
        ("<b>", "", "&lt;b&gt;"),
        ("<b>", "is:read", "&lt;b&gt;"),
    ],
)
def test_words_are_marked(text: str, typed: str, html: str) -> None:
    assert marked(text, terms_for(parse(typed), "body")) == html


def test_terms_of_a_field_are_marked_there_alone() -> None:
    query = parse("from:ada subject:lunch friday")
    text = "ada lunch friday"
    assert marked(text, terms_for(query, "sender")) == "<mark>ada</mark> lunch <mark>friday</mark>"
    assert marked(text, terms_for(query, "body")) == "ada lunch <mark>friday</mark>"


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ('<p title="a > b">b</p>', '<p title="a > b"><mark>b</mark></p>'),
        ("<b>b</b><i>b</i>", "<b><mark>b</mark></b><i><mark>b</mark></i>"),
        ("<style>b{b:b}</style>b", "<style>b{b:b}</style><mark>b</mark>"),
        ("&b; b &lt;b&gt;", "&b; <mark>b</mark> &lt;<mark>b</mark>&gt;"),
        ("<!-- b -->b", "<!-- b --><mark>b</mark>"),
    ],
)
def test_only_the_text_of_html_is_marked(html: str, wanted: str) -> None:
    assert marked_html(html, terms_for(parse("b"), "body")) == wanted


class Seen(HTMLParser):
    """Everything of a page but marks."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[object] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags += [] if tag == "mark" else [(tag, attrs)]

    def handle_endtag(self, tag: str) -> None:
        self.tags += [] if tag == "mark" else [tag]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_marks_change_nothing_else_of_hostile_mail() -> None:
    """Tags, attributes and text are the same after marking, whatever the sender wrote."""
    terms = terms_for(parse("alert OR x OR script OR src OR 1 OR http"), "body")
    pages = [html for _name, html in (*mail.vectors()[::10], *mail.pages()[::5])]
    for page in pages:
        safe = clean(page, for_dark=True).html
        for html in (safe, text_to_html(page)):
            before, after = Seen(html), Seen(marked_html(html, terms))
            assert after.tags == before.tags
            assert after.text == before.text


def test_a_passage_begins_shortly_before_the_first_hit() -> None:
    terms = terms_for(parse("river"), "body")
    long = "word " * 100 + "a wide River <runs> here " + "more " * 100
    found = passage(long, terms)
    assert found.startswith("… word ")
    assert "a wide <mark>River</mark> &lt;runs&gt; here" in found
    assert len(found) < 300
    assert passage("River", terms) == "<mark>River</mark>"
    assert passage("nothing", terms) == ""
    assert passage("River", ()) == ""
    assert beginning(long, terms) == found
    assert beginning("<no> hit", terms) == "&lt;no&gt; hit"
