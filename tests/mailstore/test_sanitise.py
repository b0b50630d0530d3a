"""Layer one of three, alone and at string level; the browser judges all of them elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from mailstore import mime, sanitise
from mailstore.sanitise import ATTRIBUTES, FOLDS, TAGS, clean, text_to_html
from tests.mail import letter, messages, pages, vectors

URL_ATTRIBUTES = {"href", "src", "background"}
SAFE_URL = re.compile(
    r"(?:https?://|https?:|mailto:|tel:|/own/|/leaving/\?to=|data:image/(?:png|jpe?g|gif|webp);)"
)


class Judge(HTMLParser):
    """Reads the result with another parser than the one that wrote it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.addresses: list[str] = []
        self.styles: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        if tag not in TAGS | FOLDS and tag != "style":
            self.wrong.append(f"<{tag}>")
        allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) | {"rel", "target"}
        for name, value in attrs:
            if name not in allowed:
                self.wrong.append(f"{tag} {name}")
            if name in URL_ATTRIBUTES:
                self.addresses.append(value or "")
            if name == "style":
                self.styles.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.styles.append(data)

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"comment {data[:20]}")


def judged(html: str) -> Judge:
    judge = Judge()
    judge.feed(html)
    judge.close()
    judge.wrong += [one for one in judge.addresses if not SAFE_URL.match(one)]
    for style in judge.styles:
        plain = re.sub(r'"[^"]*"', "", style).lower()
        judge.wrong += re.findall(
            r"url\(|expression|@import|@font-face|var\(|env\(|attr\(|image-set|(?<!-)position:(?!relative|static)"
            r"|binding|behavior|javascript", plain
        )  # fmt: skip
        # An escape could spell any of these.
        judge.wrong += re.findall(r"\\[0-9a-f]", plain)
    return judge


def own(content_id: str) -> str:
    return f"/own/{content_id.encode().hex()}"


def test_no_attack_gets_through() -> None:
    for name, payload in vectors():
        for allow_remote in (False, True):
            judge = judged(clean(payload, resolve=own, allow_remote=allow_remote, proxy=own).html)
            assert not judge.wrong, (name, payload, judge.wrong)
        remote = [one for one in judged(clean(payload).html).addresses if one.startswith("data:")]
        assert all(re.match(r"data:image/\w+;base64,[\w+/=%]+\Z", one) for one in remote)
        assert not judged(text_to_html(payload)).wrong, (name, payload)


def test_no_attack_gets_through_inside_a_message() -> None:
    for name, payload in vectors()[::5]:
        raw = b"Content-Type: text/html; charset=utf-8\r\n\r\n" + payload.encode("utf-8", "replace")
        assert not judged(clean(mime.parse(raw).html).html).wrong, name


def test_a_quoted_reply_brings_nothing_of_its_own() -> None:
    for name, payload in vectors()[::5]:
        html = clean(payload, strict=True).html
        judge = judged(html)
        assert not judge.wrong, name
        assert "<img" not in html
        assert "<style" not in html
        assert " class=" not in re.sub(r'"[^"]*"', '""', html)


def test_all_html_of_the_corpus_is_shown() -> None:
    found = [*pages(), *((name, mime.parse(raw).html) for name, raw in messages())]
    for name, html in found:
        if html:
            result = clean(html)
            assert not judged(result.html).wrong, name
            assert not result.simplified, name


def test_looks_are_kept() -> None:
    result = clean(
        "<style>.big > b{font-size:20px}"
        "@media (max-width:600px){.big{width:100% !important}}</style>"
        '<table bgcolor="#eee" cellpadding=4><tr><td class="big" align=center '
        'style="color:#333;padding:4px 8px;border:1px solid rgba(0,0,0,.2)">Hi <b>you</b></table>'
        '<a href="https://x.test/?a=1&amp;b=2" title="t">link</a><ol start=3><li>one</ol>'
    )
    assert ".big > b{font-size:20px}" in result.html
    assert "@media (max-width:600px){.big{width:100% !important}" in result.html
    assert 'style="color:#333;padding:4px 8px;border:1px solid rgba(0,0,0,.2)"' in result.html
    assert 'href="https://x.test/?a=1&amp;b=2"' in result.html
    assert 'rel="noopener noreferrer nofollow"' in result.html
    assert 'target="_blank"' in result.html
    assert '<ol start="3">' in result.html


@pytest.mark.parametrize(
    "html",
    [
        '<img src="https://t.test/x.png">', '<img src="//t.test/x.png">', "<img src='\thttp://t.test'>",
        '<table background="http://t.test/x"><tr><td>', '<p style="background:url(https://t.test/x)">',
        "<p style=\"background-image:url('//t.test/x')\">", "<p style='background:\\75rl(http://t.test)'>",
        "<style>p{background:url(http://t.test)}</style>", '<img src="\\\\t.test\\x">',
        "<ul style='list-style:url(http://t.test/x)'>",
    ],
)  # fmt: skip
def test_remote_images_are_blocked_and_counted(html: str) -> None:
    result = clean(html)
    assert "t.test" not in result.html
    assert result.blocked_remote == 1


def test_remote_images_can_be_allowed_and_go_through_the_proxy() -> None:
    html = '<img src="https://t.test/x.png"><p style="background:url(http://t.test/y)">hi</p>'
    assert "https://t.test/x.png" in clean(html, allow_remote=True).html
    result = clean(html, allow_remote=True, proxy=lambda url: f"/own/{len(url)}")
    assert "t.test" not in result.html
    assert 'src="/own/20"' in result.html
    assert "url(&quot;/own/15&quot;)" in result.html
    assert result.blocked_remote == 0


def test_inline_images_are_found_by_their_id() -> None:
    html = '<img src="cid:a@x"><img src="CID:none"><div style="background:url(cid:a@x)">x</div>'
    result = clean(html, resolve=lambda content_id: "/own/7" if content_id == "a@x" else None)
    assert result.html.count("/own/7") == 2
    assert "none" not in result.html
    assert result.blocked_remote == 0


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 257, "<div>" * 200_000, "<b>" * 100_000, "x" * (sanitise.MAX_HTML + 1),
        "<p>x</p>" * (sanitise.MAX_ELEMENTS + 1), "<svg>" * 5_000,
        "<p>" + "".join(f"<font color=#{n:06}>" for n in range(200)) + "</p>" + "<p>x</p>" * 20_000,
    ],
)  # fmt: skip
def test_bombs_become_plain_text(html: str) -> None:
    result = clean(html)
    assert result.simplified
    assert not judged(result.html).wrong


def test_at_the_limit_html_stays_html() -> None:
    result = clean("<div>" * 256 + "deep")
    assert not result.simplified
    assert result.html.count("<div>") == 256


def test_style_has_a_budget() -> None:
    sheets = "<style>" + "a{color:red}" * 8_000 + "</style>"
    assert len(clean(sheets * 6).html) < 512 * 1024
    assert clean("<style>" + "(" * 100_000 + "</style>x").html == "x"


def test_plain_text() -> None:
    html = text_to_html('See https://x.test/a?b=1&c=(d). <i> "q" ada@x.test, http://')
    assert '<a href="https://x.test/a?b=1&amp;c=(d)"' in html
    assert '<a href="mailto:ada@x.test"' in html
    assert "&lt;i&gt; &quot;q&quot;" in html
    assert html.count("<a ") == 2
    assert text_to_html("a\r\nb") == '<div class="plain-text">a\nb</div>'


@pytest.mark.parametrize("text", ["a" * 300_000, "a@" * 100_000, "http://" * 50_000, "." * 300_000])
def test_finding_links_is_linear(text: str) -> None:
    text_to_html(text)


def test_subjects_and_names_are_text_only() -> None:
    for _, payload in vectors()[::7]:
        line = payload.replace("\r", " ").replace("\n", " ")
        said = mime.summary(letter(line, sender=f'"{line}" <a@x.test>'.replace("\\", "")))
        assert "\n" not in said.subject + said.from_name
