"""The quick parser reads what the cleaner wrote as the one of the standard library does."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from mailstore.clean_parser import CleanParser
from smtp_accounts import outgoing_html, plain_text

Event = tuple[str, object]
PIECES = [
    "<div>", "</div>", "<p style='font-family: \"A B\"'>", "</p>", "<b>", "</b>", "<br>", "<li>",
    '<a href="https://a.test/?x=1&amp;y=<2>" title="a > b">', "</a>",
    "<img alt='&quot;' src=//a>", "<td nowrap dir=rtl>", "a < b", "&amp;lt;", "&nbsp;",
    "&#x27;", "<", "</", "<b", "&", "\n", "ü",
    "<!-- c -->", "<?x?>", '<div data-quote data-signature="7">', "<span title='a\nb=\"c\"'>", ">",
]  # fmt: skip


class Quick(CleanParser):
    def __init__(self) -> None:
        self.found: list[Event] = []

    def handle_starttag(self, tag: str, attrs: dict[str, str]) -> None:
        self.found.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(("/", tag))

    def handle_data(self, data: str) -> None:
        self.found.append(("text", data))


class Thorough(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Event] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(("/", tag))

    def handle_data(self, data: str) -> None:
        self.found.append(("text", data))


@given(st.lists(st.sampled_from(PIECES), max_size=16))
def test_both_read_the_same(pieces: list[str]) -> None:
    html = outgoing_html.clean("".join(pieces))
    quick, thorough = Quick(), Thorough()
    quick.feed(html)
    thorough.feed(html)
    thorough.close()
    assert quick.found == thorough.found


def test_a_mark_needs_no_value() -> None:
    quick = Quick()
    quick.feed('<div data-quote><p title="a b" dir>c</p></div>')
    assert quick.found == [
        ("div", {"data-quote": ""}), ("p", {"title": "a b", "dir": ""}), ("text", "c"),
        ("/", "p"), ("/", "div"),
    ]  # fmt: skip


def test_what_no_cleaner_wrote_is_text() -> None:
    quick = Quick()
    quick.feed('a <b onclick=x>c <i title="open>d')
    assert quick.found == [("text", 'a <b onclick=x>c <i title="open>d')]


def test_a_line_of_many_pieces_is_one_line() -> None:
    html = outgoing_html.clean(f"<div>{'<b>word</b> ' * 30_000}</div>")
    assert plain_text.from_clean_html(html) == f"{('word ' * 30_000).rstrip()}\n"
