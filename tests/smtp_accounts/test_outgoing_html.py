"""HTML being written: what may stay, what is sent of it, and the words it says."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailstore import sanitise
from smtp_accounts import outgoing_html
from smtp_accounts.outgoing_html import cids, clean, finish, for_editor, from_text, quoted, to_text
from tests import mail

OWN = "/compose/0b9c7f3e-1111-4222-8333-444455556666/inline/7/"
DATA = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAACADs="
VECTORS = [text for _name, text in mail.vectors()]


class Judge(HTMLParser):
    """Reads the result with another parser than the one that wrote it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.styles: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.names.add(name)
            if name == "src":
                self.fetched.append(value or "")
            if name == "href":
                self.links.append(value or "")
            if name == "style":
                self.styles.append(value or "")

    @classmethod
    def of(cls, html: str) -> Judge:
        judge = cls()
        judge.feed(html)
        judge.close()
        return judge


def check_harmless(html: str) -> None:
    judge = Judge.of(html)
    assert judge.tags <= set(sanitise.TAGS)
    assert not [name for name in judge.names if name.startswith(("on", "form", "x", "id", "class"))]
    assert all(re.match(r"cid:|data:image/|/compose/", one) for one in judge.fetched)
    assert all(re.match(r"https?://|mailto:|tel:", one, re.I) for one in judge.links)
    for style in judge.styles:
        assert not re.search(r"url\(|expression|(?<!-)position|javascript|@import", style, re.I)


def test_no_attack_gets_through() -> None:
    for payload in VECTORS:
        check_harmless(clean(payload))


def test_cleaning_again_changes_nothing() -> None:
    for payload in VECTORS[::3]:
        once = clean(payload)
        assert clean(once) == once


def test_no_attack_gets_through_a_quote_or_out_by_mail() -> None:
    for payload in VECTORS[::3]:
        check_harmless(quoted(payload, {}))
        sent = finish(clean(payload)).html
        judge = Judge.of(sent)
        assert judge.tags <= set(sanitise.TAGS) | {"html", "head", "meta", "body"}
        assert not [name for name in judge.names if name.startswith(("on", "data-"))]


def test_our_own_marks_stay_and_nonsense_in_them_does_not() -> None:
    kept = '<div data-signature="12"><p>Mara</p></div><div data-quote=""><p>x</p></div>'
    assert clean(kept) == kept
    assert clean('<div data-signature="a b" data-other="x">y</div>') == "<div>y</div>"
    assert clean('<p data-quote="1">y</p>') == "<p>y</p>"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (f'<img src="{OWN}" data-cid="a@inline">', f'<img src="{OWN}" data-cid="a@inline">'),
        (f'<img src="{OWN}">', ""),
        ('<img src="/sign-out/">', ""),
        ('<img src="/sign-out/" data-cid="a@inline">', '<img data-cid="a@inline">'),
        ('<img src="cid:a@inline" alt="x">', '<img src="cid:a@inline" alt="x">'),
        ('<img src="cid:a,b">', ""),
        (f'<img src="{DATA}">', f'<img src="{DATA}">'),
        ('<img src="data:image/svg+xml;base64,PHN2Zz4=">', ""),
        ('<img src="https://t.test/p.gif">', '<img data-src="https://t.test/p.gif">'),
        ('<img src="//t.test/p.gif">', '<img data-src="https://t.test/p.gif">'),
        ('<img data-src="https://t.test/p.gif">', '<img data-src="https://t.test/p.gif">'),
        ('<img data-src="javascript:x">', ""),
        ('<img src="file:///etc/passwd">', ""),
        ('<table background="https://t.test/p.gif"></table>', "<table></table>"),
        ('<p style="background-image:url(https://t.test/p.gif);color:red">x</p>',
         '<p style="color:red">x</p>'),
        ('<p style="position:fixed;color:red">x</p>', '<p style="color:red">x</p>'),
        ('<a href="https://x.test/?a=1&amp;b=2">x</a>', '<a href="https://x.test/?a=1&amp;b=2">x</a>'),
        ('<a href="javascript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href=" java\nscript:alert(1)">x</a>', "<a>x</a>"),
        ('<a href="/settings/">x</a>', "<a>x</a>"),
    ],
)  # fmt: skip
def test_pictures_and_links(written: str, kept: str) -> None:
    assert clean(written) == kept


def test_formatting_survives() -> None:
    html = (
        '<h2>A</h2><p dir="rtl" style="text-align:right"><b>b</b><i>i</i><u>u</u><s>s</s>'
        '<font color="#aa0000" size="5">f</font></p><ol start="3"><li>x</li></ol><pre>a  b</pre>'
        '<blockquote type="cite">q</blockquote><table border="1"><tbody><tr>'
        '<td colspan="2">t</td></tr></tbody></table><hr>'
    )
    assert clean(html) == html


def test_the_writers_browser_asks_for_nothing_elsewhere() -> None:
    stored = clean('<img src="https://t.test/p.gif"><img src="cid:a@inline">')
    shown = for_editor(stored, {"a@inline": OWN}.get)  # type: ignore[arg-type] # has them all
    assert Judge.of(shown).fetched == [OWN]
    assert for_editor(clean('<img src="cid:b@inline">'), lambda cid: "") == (
        '<img data-cid="b@inline">'
    )
    # What the editor gives back is what it was given.
    assert cids(clean(shown)) == ["a@inline"]
    assert 'data-src="https://t.test/p.gif"' in clean(shown)


def test_the_receiver_gets_every_picture_as_it_was() -> None:
    stored = clean(
        f'<img src="{OWN}" data-cid="a@inline"><img src="https://t.test/p.gif" alt="p">'
        f'<img src="cid:gone@inline"><img src="{DATA}"><img src="cid:sig@x">'
    )
    done = finish(stored, {"a@inline", "sig@x", "unused@x"})
    (embedded,) = done.embedded
    assert done.cids == ("a@inline", embedded.content_id, "sig@x")
    assert Judge.of(done.html).fetched == [
        "cid:a@inline", "https://t.test/p.gif", f"cid:{embedded.content_id}", "cid:sig@x",
    ]  # fmt: skip
    assert embedded.data.startswith(b"GIF89a")
    assert embedded.content_type == "image/gif"
    assert "data-" not in done.html


def test_what_is_set_apart_here_is_set_apart_there() -> None:
    stored = clean(
        '<div data-signature="3">Mara</div><div data-quote><blockquote type="cite">x</blockquote>'
        "</div><blockquote>y</blockquote>"
    )
    assert (
        '<div style="margin-top:1em">Mara</div><div style="margin-top:1em"><blockquote'
        ' type="cite" style="margin:0 0 0 0.8ex;border-left:2px solid #b8bec8;padding-left:1ex">x'
        "</blockquote></div><blockquote>y</blockquote>"
    ) in finish(stored).html


def test_a_quote_takes_its_pictures_along_under_names_of_ours() -> None:
    original = (
        "<html><head><title>t</title><style>p{color:red}</style></head><body>"
        '<div data-signature="3" data-quote>Hello</div><img src="cid:part1@them" width="20">'
        '<img src="cid:unknown@them"><img src="https://t.test/p.gif"></body></html>'
    )
    assert quoted(original, {"part1@them": "abc.4@quoted"}) == (
        '<div>Hello</div><img width="20" data-cid="abc.4@quoted">'
        '<img data-src="https://t.test/p.gif">'
    )


@pytest.mark.parametrize("source", ["https://t.test/p.gif", "data:image/png;base64,aGVsbG8="])
def test_no_quote_asks_for_a_picture_of_a_signature(source: str) -> None:
    """Who wrote it may know the name of one from another address, and see that both are one's."""
    html = quoted(f'<img src="{source}" data-cid="mine@signature">', {})
    assert source in html
    assert outgoing_html.cids(html) == []
    assert "mine@signature" not in finish(html, ["mine@signature"]).html


def test_what_is_too_large_or_too_deep_is_quoted_as_words() -> None:
    deep = "<div>" * 5000 + "words" + "</div>" * 5000
    assert quoted(deep, {}) == ""
    assert quoted("<p>" + "x" * outgoing_html.MAX_QUOTE, {}) == ""
    assert "words" in clean(deep)
    assert "<div><div>" not in clean(deep)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<div><br></div>", ""),
        ("<div>a</div><div>b</div>", "a\nb\n"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb\n"),
        ("<p>a</p><p>b</p>c", "a\n\nb\n\nc\n"),
        ("a<br><br>b", "a\n\nb\n"),
        ("  a \n b&nbsp;c  ", "a b c\n"),
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>d", "* a\n* b\n  * c\n\nd\n"),
        ('<ol start="9"><li>a</li><li>b</li></ol>', "9. a\n10. b\n"),
        ("<ul><li><p>a</p></li><li><div>b</div>c</li></ul>", "* a\n\n* b\n  c\n"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>c", "> a\n>\n>> b\n\nc\n"),
        ('<p>He wrote:</p><blockquote type="cite"><p>a</p><p>b</p></blockquote><p>c</p>',
         "He wrote:\n> a\n>\n> b\n\nc\n"),
        ('<a href="https://x.test/">the page</a>', "the page <https://x.test/>\n"),
        ('<a href="https://x.test/">https://x.test</a>', "https://x.test\n"),
        ('<a href="mailto:bob@x.test">Bob</a>', "Bob <bob@x.test>\n"),
        ('<a href="https://x.test/"><img alt="Logo" data-src="https://x.test/l"></a>',
         "[Logo] <https://x.test/>\n"),
        ('<a href="https://x.test/"></a>', ""),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n"),
        ("a<hr>b", "a\n" + "-" * 40 + "\nb\n"),
        ("<pre>a\n  b\n\nc</pre>", "a\n  b\n\nc\n"),
        ("<h1>A</h1>b", "A\n\nb\n"),
        ('a<div data-signature="1">Mara</div>', "a\n\n-- \nMara\n"),
        ('a<div data-signature="1"><br></div>', "a\n"),
        ('<div style="display:none">preheader<br>x</div>a', "a\n"),
        ("<div>&gt; a</div>", " > a\n"),
        ("<style>p{}</style><title>t</title><p>a</p>", "a\n"),
        ("a &amp; b &lt;c&gt; &#8364;", "a & b <c> €\n"),
    ],
)  # fmt: skip
def test_the_words_of_html(html: str, text: str) -> None:
    assert to_text(html) == text


LINE = st.text(st.characters(categories=["L", "N"], include_characters=" .-&<é"), max_size=60)


@given(st.lists(st.tuples(st.integers(0, 4), LINE), max_size=12))
def test_text_made_html_says_the_same(lines: list[tuple[int, str]]) -> None:
    text = "\n".join(
        f"{'>' * depth} {line}".rstrip() if depth else line.rstrip() for depth, line in lines
    ).strip("\n")
    assert to_text(from_text(text)).rstrip("\n") == text


@given(st.text(max_size=400))
def test_any_text_makes_harmless_html(text: str) -> None:
    html = from_text(text)
    check_harmless(html)
    assert clean(html) == html


def test_addresses_in_text_become_links() -> None:
    assert from_text("see https://x.test/a?b=1&c=2.") == (
        '<div>see <a href="https://x.test/a?b=1&amp;c=2">https://x.test/a?b=1&amp;c=2</a>.</div>'
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 200_000,
        "<b>" * 100_000 + "x",
        "<table>" * 20_000,
        "<blockquote type=cite>" * 250 + "x",
        "<ul><li>" * 120 + "x",
        ">" * 100_000 + "x",
        "<a href='https://x.test/'>" * 20_000 + "x",
        "<img src='cid:a'" * 20_000,
        "<p style='" + "color:red;" * 50_000 + "'>x",
        "&" * 500_000,
        "<!--" * 100_000,
        "x\n" * 500_000,
    ],
    ids=lambda value: value[:12],
)
def test_nothing_takes_its_time(hostile: str) -> None:
    # Quadratic time would take minutes here, and the run with it.
    kept = clean(hostile)
    check_harmless(kept)
    check_harmless(from_text(hostile))
    assert len(finish(kept).html) <= 12 * len(hostile) + 1000
    assert len(to_text(hostile)) <= 12 * len(hostile) + 1000


def test_real_newsletters_keep_their_words() -> None:
    pages = [page for _name, page in mail.pages() if len(page) < outgoing_html.MAX_QUOTE]
    for page in pages[:60]:
        html = quoted(page, {})
        check_harmless(html)
        assert clean(html) == html
        assert len(to_text(page)) <= len(page) + 1000
